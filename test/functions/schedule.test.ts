import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { runScheduledMinute } from '../../functions/schedule.ts';
import { createSqliteStore, type SqliteStore } from '../../shared/adapters/local/sqlite-store.ts';
import { CLAIM_LEASE_MS } from '../../shared/domain/schedule/claims.ts';
import type { TestInterval } from '../../shared/domain/schedule/intervals.ts';
import {
  buildOneOffSlotPut,
  buildRegularSlotPut,
  MINUTE_MS,
  toSlotMinute,
} from '../../shared/domain/schedule/slots.ts';
import { toDeliveryRef } from '../../shared/domain/webhooks/delivery-ref.ts';
import type { DeliveryMessage, QueuedMessage, TestMessage } from '../../shared/ports/queue.ts';
import { Problem } from '../../shared/problem.ts';

const tenant = { org: 'org_a', environment: 'default' };
/** A minute that every interval up to a day divides. */
const start = Date.parse('2031-01-01T00:00:00Z') / MINUTE_MS;

let store: SqliteStore;
let now: number;
let tests: QueuedMessage<TestMessage>[];
let deliveries: QueuedMessage<DeliveryMessage>[];
let logged: string[];
/** Called before the queue takes messages. */
let beforeSend: () => Promise<void> | void;
beforeEach(() => {
  [tests, deliveries, logged, beforeSend] = [[], [], [], () => undefined];
  now = start * MINUTE_MS;
  store = createSqliteStore({ path: ':memory:', clock: () => now });
});
afterEach(() => store.close());

const run = async (minute: number, at = minute * MINUTE_MS + 3_000): Promise<void> => {
  now = at;
  await runScheduledMinute(minute * MINUTE_MS + 1_000, {
    clock: () => now,
    writeLog: (line) => void logged.push(line),
    ports: async () => ({
      store,
      queue: {
        sendTests: async (messages) => {
          await beforeSend();
          tests.push(...messages);
        },
        sendDeliveries: async (messages) => void deliveries.push(...messages),
      },
    }),
  });
};

const ids = (count: number) => Array.from({ length: count }, (_, n) => n.toString(16).padStart(32, '0'));
const addSlots = async (all: readonly string[], interval: TestInterval) => {
  for (const id of all) await store.write([buildRegularSlotPut({ tenant, id }, interval)]);
};
/** The due times that were sent, by connection, in minutes. */
const listDue = () =>
  tests.map(({ message }) => [message.connection_id, Number(message.due) / MINUTE_MS] as const);

describe('a run', () => {
  test('sends each connection once per interval, in the minute of its hash, with the due time', async () => {
    for (const interval of [5, 60] as const) await addSlots(ids(40), interval);
    for (let minute = start; minute < start + 60; minute += 1) await run(minute);
    for (const id of ids(40)) {
      const of = (interval: number) =>
        tests
          .filter(({ message }) => message.connection_id === id && message.interval === interval)
          .map(({ message }) => Number(message.due) / MINUTE_MS - start);
      expect(of(60)).toEqual([toSlotMinute(id, 60)]);
      expect(of(5)).toEqual(Array.from({ length: 12 }, (_, n) => n * 5 + toSlotMinute(id, 5)));
    }
    expect(tests[0]?.message).toMatchObject({
      org_id: 'org_a',
      environment_id: 'default',
      trigger: 'schedule',
    });
    expect(tests.every(({ delaySeconds = 0 }) => delaySeconds < 50)).toBe(true);
    expect(new Set(tests.map(({ delaySeconds }) => delaySeconds)).size).toBeGreaterThan(10);
  });

  test('takes the minute from its event, however late it is', async () => {
    await addSlots(ids(30), 5);
    await run(start + 2, (start + 4) * MINUTE_MS);
    expect(new Set(listDue().map(([, minute]) => minute))).toEqual(new Set([start + 2]));
  });

  test('of one minute twice, one after the other or at the same time, sends once', async () => {
    await addSlots(ids(30), 5);
    await run(start);
    const once = tests.length;
    await run(start);
    expect(tests).toHaveLength(once);
    await Promise.all([run(start + 1), run(start + 1), run(start + 1)]);
    const due = listDue().map(String);
    expect(new Set(due).size).toBe(due.length);
  });

  test('after a gap sends what each interval missed once, and spreads it', async () => {
    for (const interval of [5, 15, 720] as const) await addSlots(ids(60), interval);
    await run(start);
    tests = [];
    await run(start + 11);
    const count = (interval: number) => {
      const of = tests.filter(({ message }) => message.interval === interval);
      expect(new Set(of.map(({ message }) => message.connection_id)).size).toBe(of.length);
      return of.length;
    };
    expect(count(5)).toBe(60);
    const missed = (interval: 15 | 720) =>
      ids(60).filter((id) => [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11].includes(toSlotMinute(id, interval))).length;
    expect(count(15)).toBe(missed(15));
    expect(count(720)).toBe(missed(720));
    const delays = tests.map(({ delaySeconds = 0 }) => delaySeconds);
    expect(Math.max(...delays)).toBeGreaterThan(60);
    // None waits until it is older than its interval.
    for (const { message, delaySeconds = 0 } of tests)
      expect((start + 11) * MINUTE_MS + delaySeconds * 1000 - Number(message.due)).toBeLessThan(
        Number(message.interval) * MINUTE_MS,
      );
  });

  test('of all is for its own minute only', async () => {
    await addSlots(ids(60), 5);
    await run(start + 3);
    expect(new Set(listDue().map(([, minute]) => minute))).toEqual(new Set([start + 3]));
  });

  test('that dies after half of its sends is repeated by the next one', async () => {
    await addSlots(ids(60), 5);
    const due = ids(60).filter((id) => toSlotMinute(id, 5) === start % 5);
    beforeSend = () => new Promise(() => undefined); // a process that is killed never answers
    void run(start);
    await new Promise(setImmediate);
    beforeSend = () => undefined;
    await run(start + 1);
    await run(start + 2, start * MINUTE_MS + CLAIM_LEASE_MS + 10_000);
    const sent = new Set(listDue().map(([id, minute]) => `${id} ${minute}`));
    for (const id of due) expect(sent).toContain(`${id} ${start}`);
    const before = tests.length;
    await run(start + 3, start * MINUTE_MS + CLAIM_LEASE_MS + 70_000);
    expect(
      listDue()
        .slice(before)
        .every(([, minute]) => minute === start + 3),
    ).toBe(true);
  });

  test('whose queue refuses loses nothing, however often', async () => {
    await addSlots(ids(60), 60);
    beforeSend = () => {
      throw new Problem('unavailable');
    };
    for (let minute = start; minute < start + 30; minute += 1) await run(minute).catch(() => undefined);
    expect(tests).toEqual([]);
    expect(logged.join()).toContain('schedule failed');
    beforeSend = () => undefined;
    await run(start + 30);
    const due = ids(60).filter((id) => toSlotMinute(id, 60) <= 30);
    expect(new Set(listDue().map(([id]) => id))).toEqual(new Set(due));
    expect(listDue()).toHaveLength(due.length);
  });

  test('sends after the clock was an hour ahead and was set back', async () => {
    await addSlots(ids(60), 5);
    for (const minute of [start, start + 60, start + 61]) await run(minute);
    for (let minute = start + 1; minute < start + 65; minute += 1) await run(minute);
    const sent = new Set(listDue().map(String));
    for (const id of ids(60))
      for (let minute = start; minute < start + 65; minute += 1)
        if (minute % 5 === toSlotMinute(id, 5)) expect(sent).toContain(`${id},${minute}`);
  });
});

describe('one-off slots', () => {
  const [id = ''] = ids(1);
  const add = (slot: Partial<Parameters<typeof buildOneOffSlotPut>[0]>) =>
    store.write([buildOneOffSlotPut({ kind: 'retry', tenant, id, at: start * MINUTE_MS, ...slot })]);

  test('are sent once, in the minute after their time, and removed', async () => {
    await add({ seq: 7, at: start * MINUTE_MS + 1 });
    await add({ kind: 'test', at: start * MINUTE_MS + 2 });
    await run(start);
    expect(tests).toEqual([]);
    await run(start + 1);
    const due = (start + 1) * MINUTE_MS;
    const messages = tests.map(({ message }) => message);
    expect(messages).toHaveLength(2);
    expect(messages).toContainEqual(expect.objectContaining({ trigger: 'schedule', due, seq: 7 }));
    expect(messages.find(({ trigger }) => trigger === 'event')).not.toHaveProperty('due');
    const left = await Promise.all(
      [0, 1, 2, 3].map((shard) => store.query({ pk: `ONCE#${start + 1}#${shard}`, limit: 9 })),
    );
    expect(left.flatMap(({ items }) => items)).toEqual([]);
  });

  test('of kind webhook become deliveries, and those of other kinds are ignored and logged', async () => {
    const delivery = {
      org_id: tenant.org,
      environment_id: tenant.environment,
      webhook_id: 'b'.repeat(32),
      connection_id: id,
      event_id: `evt_${'c'.repeat(22)}`,
      event_at: '2031-01-01T00:00:00.000Z',
      attempt: 4,
    };
    await add({ kind: 'webhook', ref: toDeliveryRef(delivery) });
    await add({ kind: 'usage', ref: 'reports' });
    await run(start);
    expect(deliveries).toEqual([{ message: delivery }]);
    expect(tests).toEqual([]);
    expect(logged.map((line) => JSON.parse(line))).toContainEqual(
      expect.objectContaining({ message: 'slots ignored', kind: 'usage', count: 1 }),
    );
  });

  test('of every minute of a gap are sent', async () => {
    await run(start);
    for (const minutes of [1, 4, 9]) await add({ at: (start + minutes) * MINUTE_MS, seq: minutes });
    await run(start + 10);
    expect(new Set(tests.map(({ message }) => message.seq))).toEqual(new Set([1, 4, 9]));
  });
});
