import { afterEach, beforeEach, expect, test } from '@jest/globals';
import * as v from 'valibot';
import { runQueuedTests } from '../../shared/runtime/run-queued-tests.ts';
import { runScheduledMinute } from '../../functions/schedule.ts';
import { MINUTE_MS, toSlotMinute, toSlotShard } from '../../shared/domain/schedule/slots.ts';
import { scheduleKeys } from '../../shared/domain/schedule/schedule-keys.ts';
import { tableKeys } from '../../shared/domain/table-keys.ts';
import type { QueuedMessage, TestMessage } from '../../shared/ports/queue.ts';
import { DeploymentSettings } from '../../shared/settings.ts';
import { type Api, startApi } from '../api.ts';
import { createConnectionBody } from '../samples.ts';

const tenant = { org: 'org_test', environment: 'default' };
const start = Date.parse('2031-01-01T00:00:00Z') / MINUTE_MS;

let now: number;
let api: Api;
let queue: QueuedMessage<TestMessage>[];
/** The due times for which the probe was asked, by connection, in minutes after the start. */
let tested: (readonly [id: string, due: number | undefined])[];
beforeEach(async () => {
  [now, queue, tested] = [start * MINUTE_MS, [], []];
  api = await startApi({
    clock: () => now,
    probe: ({ real }) => ({
      ...real,
      test: (call) => {
        if ('id' in call)
          tested.push([call.id, call.due === undefined ? undefined : call.due / MINUTE_MS - start]);
        return real.test(call);
      },
    }),
  });
});
afterEach(() => api[Symbol.asyncDispose]());

const create = async (name: string, minutes: number): Promise<string> => {
  const { body } = await api.call('POST /v1/connections', {
    body: { ...createConnectionBody(), name, options: { test_interval_minutes: minutes } },
  });
  await api.settle();
  tested = [];
  return body.id.slice(5);
};

const schedule = async (minute: number) => {
  now = (start + minute) * MINUTE_MS + 2_000;
  await runScheduledMinute((start + minute) * MINUTE_MS, {
    clock: () => now,
    writeLog: () => undefined,
    ports: async () => ({
      store: api.store,
      queue: {
        sendTests: async (messages) => void queue.push(...messages),
        sendDeliveries: async () => undefined,
      },
    }),
  });
};

const deliver = (messages: readonly QueuedMessage<TestMessage>[]) =>
  runQueuedTests(
    {
      Records: messages.map(({ message }, n) => ({
        messageId: `message ${n}`,
        body: JSON.stringify(message),
      })),
    },
    {
      clock: () => now,
      settings: v.parse(DeploymentSettings, { tests_per_minute: 0, destination_tests_per_minute: 0 }),
      writeLog: () => undefined,
      ports: async () => ({ store: api.store }),
    },
    { createProbe: async () => api.probe, postpone: async () => undefined, destinationLimit: 2 },
  );
const takeAll = () => queue.splice(0);

/** A due time of the connection, in minutes after the start, at least as late as `from`. */
const findDue = (id: string, interval: 5 | 60, from = 0) =>
  from + ((((toSlotMinute(id, interval) - ((start + from) % interval)) % interval) + interval) % interval);

const readSlot = (id: string, interval: 5 | 30 | 60) =>
  api.store.get(scheduleKeys.slot(interval, toSlotMinute(id, interval), toSlotShard(id), id));

/** What a healthy test leaves for the next decision. */
const putHealth = (id: string, health: object) =>
  api.store.write([{ put: { ...tableKeys.health(tenant, id), layout: 1, seq: 1, ...health } }]);

test('a scheduled test is made when it is due, and counts in no quota', async () => {
  const id = await create('one', 5);
  const due = findDue(id, 5, 5);
  for (let minute = 0; minute <= due; minute += 1) await schedule(minute);
  const last = takeAll()
    .filter(({ message }) => message.connection_id === id)
    .at(-1);
  expect(last?.message).toMatchObject({ trigger: 'schedule', interval: 5, due: (start + due) * MINUTE_MS });
  expect(await deliver(last ? [last] : [])).toEqual({ batchItemFailures: [] });
  expect(tested).toEqual([[id, due]]);
});

test('a message that comes twice, or after a later one, is not tested again', async () => {
  const id = await create('one', 5);
  const due = findDue(id, 5);
  await schedule(due);
  await schedule(due + 5);
  const [first, second] = takeAll();
  if (!first || !second) throw new Error('expected two messages');
  await deliver([second]);
  await deliver([second]);
  await deliver([first, second, first]);
  expect(tested).toEqual([[id, due + 5]]);
});

test('two copies of a message that run at the same time count as one result', async () => {
  const id = await create('one', 5);
  await schedule(findDue(id, 5));
  const messages = takeAll().filter(({ message }) => message.connection_id === id);
  expect(messages).toHaveLength(1);
  const failures = async () => {
    const { body } = await api.call(`GET /v1/connections/conn_${id}`);
    return Number(Object(body['health'])['consecutive_failures']);
  };
  const before = await failures();
  await Promise.all([deliver(messages), deliver(messages)]);
  expect(await failures()).toBe(before + 1);
});

test('a test that is older than its interval is skipped', async () => {
  const id = await create('one', 5);
  const due = findDue(id, 5);
  await schedule(due);
  const [message] = takeAll();
  now = (start + due + 5) * MINUTE_MS + 1;
  await deliver(message ? [message] : []);
  expect(tested).toEqual([]);
  now -= 1;
  await deliver(message ? [message] : []);
  expect(tested).toEqual([[id, due]]);
});

test('a message of a connection that is gone deletes its slot', async () => {
  const id = await create('one', 60);
  await schedule(findDue(id, 60));
  const slot = await readSlot(id, 60);
  await api.call(`DELETE /v1/connections/conn_${id}`);
  if (slot) await api.store.write([{ put: slot }]); // as the back-fill may leave it
  expect(await deliver(takeAll())).toEqual({ batchItemFailures: [] });
  expect(tested).toEqual([]);
  expect(await readSlot(id, 60)).toBeUndefined();
});

test('a message of another interval deletes only the slot of that interval', async () => {
  const id = await create('one', 60);
  await schedule(findDue(id, 60));
  const slot = await readSlot(id, 60);
  await api.call(`PATCH /v1/connections/conn_${id}`, { body: { options: { test_interval_minutes: 30 } } });
  if (slot) await api.store.write([{ put: slot }]);
  await deliver(takeAll());
  expect(tested).toEqual([]);
  expect([await readSlot(id, 60), (await readSlot(id, 30)) !== undefined]).toEqual([undefined, true]);
});

test('while a retry is pending the regular slot is skipped, and a stale retry is dropped', async () => {
  const id = await create('one', 5);
  const due = findDue(id, 5, 5);
  await schedule(due);
  const [regular] = takeAll();
  await putHealth(id, { seq: 7, retry_at: now + MINUTE_MS });
  await deliver(regular ? [regular] : []);
  expect(tested).toEqual([]);
  const retry = (seq: number): QueuedMessage<TestMessage> => ({
    message: {
      org_id: tenant.org,
      environment_id: tenant.environment,
      connection_id: id,
      trigger: 'schedule',
      request_id: 'schedule-1',
      due: now,
      seq,
    },
  });
  await deliver([retry(6)]);
  expect(tested).toEqual([]);
  await deliver([retry(7)]);
  expect(tested).toHaveLength(1);
});

test('a remembered time of a clock that was ahead stops no test', async () => {
  const id = await create('one', 5);
  const due = findDue(id, 5);
  await schedule(due);
  const far = now + 30 * 86_400_000;
  await putHealth(id, { last_due: far, retry_at: far });
  await deliver(takeAll());
  expect(tested).toEqual([[id, due]]);
});

test('at most so many scheduled tests of one host run at the same time', async () => {
  const ids: string[] = [];
  for (let n = 0; n < 6; n += 1) ids.push(await create(`n${n}`, 5));
  let running = 0;
  let most = 0;
  const messages = ids.map((id) => ({
    message: {
      org_id: tenant.org,
      environment_id: tenant.environment,
      connection_id: id,
      trigger: 'schedule' as const,
      request_id: 'schedule-1',
      due: now,
      interval: 5,
    },
  }));
  await runQueuedTests(
    {
      Records: messages.map(({ message }, n) => ({
        messageId: `message ${n}`,
        body: JSON.stringify(message),
      })),
    },
    {
      clock: () => now,
      settings: v.parse(DeploymentSettings, {}),
      writeLog: () => undefined,
      ports: async () => ({ store: api.store }),
    },
    {
      createProbe: async () => ({
        test: async (call) => {
          running += 1;
          most = Math.max(most, running);
          const result = await api.probe.test(call);
          running -= 1;
          return result;
        },
      }),
      postpone: async () => undefined,
      destinationLimit: 2,
    },
  );
  expect(most).toBe(2);
  expect(new Set(tested.map(([id]) => id))).toEqual(new Set(ids));
});
