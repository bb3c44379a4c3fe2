import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { openSqliteQueue, type SqliteQueue } from '../../shared/adapters/local/sqlite-queue.ts';
import { createSqliteStore } from '../../shared/adapters/local/sqlite-store.ts';
import type { DeliveryMessage, TestMessage } from '../../shared/ports/queue.ts';

let folder: string;
let now: number;
let queue: SqliteQueue;
const open = () => openSqliteQueue({ path: join(folder, 'store.db'), clock: () => now });
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mooring-queue-'));
  now = Date.UTC(2031, 0, 1);
  createSqliteStore({ path: join(folder, 'store.db') }).close();
  queue = open();
});
afterEach(() => {
  queue[Symbol.dispose]();
  rmSync(folder, { recursive: true });
});

const toTest = (org: string, id: string): TestMessage => ({
  org_id: org,
  environment_id: 'default',
  connection_id: id,
  trigger: 'schedule',
  request_id: 'schedule-1',
});
const send = (...messages: readonly TestMessage[]) =>
  queue.sendTests(messages.map((message) => ({ message })));
const readId = ({ body }: { readonly body: string }) => (JSON.parse(body) as TestMessage).connection_id;
const receive = (limit = 100) => queue.receive('tests', limit);

test('a message is received once, until it is given back or the process ends', async () => {
  await send(toTest('a', '1'), toTest('a', '2'));
  expect(receive().map(readId).toSorted()).toEqual(['1', '2']);
  expect(receive()).toEqual([]);
  queue[Symbol.dispose]();
  queue = open();
  const [first, second] = receive();
  expect(new Set([first, second].map((message) => message && readId(message)))).toEqual(new Set(['1', '2']));
  queue.remove(first?.id ?? 0);
  queue.giveBack(second?.id ?? 0, 5_000, 'failed');
  expect(receive()).toEqual([]);
  expect(queue.findNextTime('tests')).toBe(now + 5_000);
  now += 5_000;
  expect(receive()).toMatchObject([{ id: second?.id, failures: 1 }]);
});

test('a delayed message is received after its delay', async () => {
  await queue.sendTests([{ message: toTest('a', '1'), delaySeconds: 30 }]);
  now += 29_999;
  expect(receive()).toEqual([]);
  now += 1;
  expect(receive().map(readId)).toEqual(['1']);
});

test('a first delivery that waits is the next time, whatever waits behind it', async () => {
  const delivery = {
    org_id: 'a',
    environment_id: 'default',
    webhook_id: 'w',
    connection_id: 'c',
    event_at: '2031-01-01T00:00:00.000Z',
    attempt: 1,
  };
  await queue.sendDeliveries(['1', '2'].map((event_id) => ({ message: { ...delivery, event_id } })));
  const [first] = queue.receive('deliveries', 1);
  queue.giveBack(first?.id ?? 0, 7_000, 'postponed');
  expect(queue.receive('deliveries', 10)).toEqual([]);
  expect(queue.findNextTime('deliveries')).toBe(now + 7_000);
});

test('a tenant with one test is served in the first round beside a tenant with 50 000', async () => {
  await send(...Array.from({ length: 50_000 }, (_, n) => toTest('big', `big ${n}`)));
  const taken = receive(20);
  expect(taken).toHaveLength(20);
  await send(toTest('small', 'small'), toTest('tiny', 'tiny'));
  expect(
    receive(3)
      .map(readId)
      .filter((id) => !id.startsWith('big'))
      .toSorted(),
  ).toEqual(['small', 'tiny']);
  expect(receive(10).every((message) => readId(message).startsWith('big'))).toBe(true);
});

test('every turn is served before the first one is served again', async () => {
  for (const org of ['a', 'b', 'c']) await send(toTest(org, `${org}1`), toTest(org, `${org}2`));
  expect(receive(3).map(readId)).toEqual(['a1', 'b1', 'c1']);
  await send(toTest('a', 'a3'));
  expect(receive(2).map(readId)).toEqual(['a2', 'b2']);
  expect(receive(9).map(readId)).toEqual(['c2', 'a3']);
});

test('messages of turns without room stay', async () => {
  await send(toTest('a', 'a1'), toTest('b', 'b1'));
  expect(queue.receive('tests', 9, (turn) => turn.includes('b')).map(readId)).toEqual(['b1']);
  expect(receive().map(readId)).toEqual(['a1']);
});

test('first deliveries keep their order per webhook and connection, and a copy is dropped', async () => {
  const deliver = (event_id: string, connection_id = 'c', attempt = 1): DeliveryMessage => ({
    org_id: 'a',
    environment_id: 'default',
    webhook_id: 'w',
    connection_id,
    event_id,
    event_at: '2031-01-01T00:00:00.000Z',
    attempt,
  });
  const all = [deliver('1'), deliver('1'), deliver('2'), deliver('3', 'd'), deliver('1', 'c', 2)];
  await queue.sendDeliveries(all.map((message) => ({ message })));
  const take = () => queue.receive('deliveries', 9);
  const readEvent = ({ body }: { readonly body: string }) => (JSON.parse(body) as DeliveryMessage).event_id;
  const first = take();
  expect(first.map(readEvent).toSorted()).toEqual(['1', '3']);
  expect(take()).toEqual([]);
  const one = first.find((message) => readEvent(message) === '1');
  queue.giveBack(one?.id ?? 0, 1_000, 'failed');
  expect(take()).toEqual([]);
  now += 1_000;
  const again = take();
  expect(again.map(readEvent)).toEqual(['1']);
  queue.remove(again[0]?.id ?? 0);
  expect(take().map(readEvent)).toEqual(['2']);
  expect(queue.receive('later-deliveries', 9).map(readEvent)).toEqual(['1']);
});

test('dead letters wait in a queue of their own and can be moved back', async () => {
  await send(toTest('a', '1'));
  for (const message of receive()) queue.move(message.id, 'dead-letters');
  expect([queue.count('tests'), queue.count('dead-letters')]).toEqual([0, 1]);
  expect(queue.moveAll('dead-letters', 'tests')).toBe(1);
  expect(receive()).toMatchObject([{ failures: 0 }]);
});
