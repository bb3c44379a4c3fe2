import { expect, test } from '@jest/globals';
import { scheduleMinutes } from '../../../infra/local/schedule-minutes.ts';
import { renderStatusLines } from '../../../infra/local/status-lines.ts';
import { createSqliteStore } from '../../../shared/adapters/local/sqlite-store.ts';
import { buildRegularSlotPut, MINUTE_MS, toSlotMinute } from '../../../shared/domain/schedule/slots.ts';
import { tableKeys } from '../../../shared/domain/table-keys.ts';
import type { Ports } from '../../../shared/ports/ports.ts';
import type { QueuedMessage, TestMessage } from '../../../shared/ports/queue.ts';
import { startApi } from '../../api.ts';
import { createConnectionBody } from '../../samples.ts';

const id = '0'.repeat(32);
const start = Date.parse('2031-01-01T00:00:00Z') / MINUTE_MS;

/** A scheduler whose minutes begin when the test says so. */
const startScheduler = (clock: () => number, ports: () => Promise<Partial<Ports>>) => {
  let tick: () => void = () => undefined;
  const scheduler = scheduleMinutes({
    clock,
    runtime: { clock, writeLog: () => undefined, ports },
    repeat: (work) => {
      tick = work;
      return { [Symbol.dispose]: () => undefined };
    },
  });
  return { tick: () => tick(), finish: () => scheduler[Symbol.asyncDispose]() };
};

test('the scheduler covers the minutes that the machine slept', async () => {
  let now = start * MINUTE_MS;
  await using store = createSqliteStore({ path: ':memory:', clock: () => now });
  await store.write([buildRegularSlotPut({ tenant: { org: 'a', environment: 'default' }, id }, 60)]);
  const sent: QueuedMessage<TestMessage>[] = [];
  const queue = {
    sendTests: async (messages: readonly QueuedMessage<TestMessage>[]) => void sent.push(...messages),
    sendDeliveries: () => Promise.resolve(),
  };
  const { tick, finish } = startScheduler(
    () => now,
    async () => ({ store, queue }),
  );
  tick();
  await finish();
  sent.splice(0);
  const due = start + 60 + toSlotMinute(id, 60);
  now = (due + 7) * MINUTE_MS;
  tick();
  await finish();
  expect(sent.map(({ message }) => message.due)).toEqual([due * MINUTE_MS]);
});

test('a run that takes longer than a minute delays the next one, and a failure stops none', async () => {
  const started: PromiseWithResolvers<Partial<Ports>>[] = [];
  const { tick, finish } = startScheduler(
    () => start * MINUTE_MS,
    () => {
      const run = Promise.withResolvers<Partial<Ports>>();
      started.push(run);
      return run.promise;
    },
  );
  tick();
  tick();
  expect(started).toHaveLength(1);
  started[0]?.reject(new Error('the store is gone'));
  await finish();
  tick();
  expect(started).toHaveLength(2);
  started[1]?.reject(new Error('the store is gone'));
  await finish();
});

test('the terminal shows who changed from what to what, and no control character', async () => {
  await using api = await startApi();
  const { body } = await api.call('POST /v1/connections', { body: createConnectionBody() });
  const key = tableKeys.connection({ org: 'org_test', environment: 'default' }, body.id.slice(5));
  const before = await api.store.get(key);
  await api.settle();
  const after = await api.store.get(key);
  if (!before || !after) throw new Error('expected the connection');
  const name = 'red \u001B[31mname\r\u202E';
  const [line = '', ...rest] = renderStatusLines({ id: '1', before, after: { ...after, name } });
  expect(line).toMatch(/^red name {2,}: new → failed \([a-z-]+\)$/);
  expect(rest).toEqual([]);
  expect(renderStatusLines({ id: '2', before: after, after })).toEqual([]);
});
