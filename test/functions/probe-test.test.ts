import { afterEach, beforeEach, expect, test } from '@jest/globals';
import * as v from 'valibot';
import { runQueuedTests } from '../../shared/runtime/run-queued-tests.ts';
import type { TestMessage } from '../../shared/ports/queue.ts';
import { Problem } from '../../shared/problem.ts';
import { DeploymentSettings } from '../../shared/settings.ts';
import { type Api, startApi } from '../api.ts';
import { createConnectionBody } from '../samples.ts';

/** One minute and 17 seconds: 43 seconds of the second minute remain. */
const at = 77_000;

let api: Api;
/** The ids of the connections that were tested. */
let tested: string[];
/** The ids of the connections whose test fails. */
let failing: Set<string>;
let postponed: (readonly [message: TestMessage, seconds: number])[];
let logged: string[];
beforeEach(async () => {
  [tested, failing, postponed, logged] = [[], new Set(), [], []];
  api = await startApi({
    clock: () => at,
    probe: ({ real }) => ({
      ...real,
      test: async (call) => {
        const id = 'id' in call ? call.id : '';
        tested.push(id);
        if (failing.has(id)) throw new Problem('unavailable');
        return real.test(call);
      },
    }),
  });
});
afterEach(() => api[Symbol.asyncDispose]());

/** Creates connections and returns the messages that request their tests. */
const createTested = async (count: number): Promise<readonly TestMessage[]> => {
  for (let i = 0; i < count; i++)
    await api.call('POST /v1/connections', { body: { ...createConnectionBody(), name: `Connection ${i}` } });
  return (await api.publish()).tests;
};

/** A message of SQS. */
const message = (body: string, i: number) => ({
  messageId: `message ${i}`,
  body,
});
const wrap = (request: TestMessage) => JSON.stringify(request);

const deliver = (
  bodies: readonly string[],
  settings: object = {},
  postpone = async (request: TestMessage, seconds: number) => void postponed.push([request, seconds]),
) =>
  runQueuedTests(
    { Records: bodies.map(message) },
    {
      clock: () => at,
      settings: v.parse(DeploymentSettings, settings),
      writeLog: (line) => void logged.push(line),
      ports: async () => ({ store: api.store }),
    },
    { createProbe: async () => api.probe, postpone, destinationLimit: 4 },
  );

const bare = ({ connection_id: id }: TestMessage) => id;
const statusOf = async ({ connection_id: id }: TestMessage) =>
  (await api.call(`GET /v1/connections/conn_${id}`)).body['status'];

test('a batch is tested, and only a message whose test fails is retried', async () => {
  const events = await createTested(3);
  failing.add(events[1] ? bare(events[1]) : '');
  expect(await deliver(events.map(wrap))).toEqual({ batchItemFailures: [{ itemIdentifier: 'message 1' }] });
  expect(tested.toSorted()).toEqual(events.map(bare).toSorted());
  expect(await Promise.all(events.map(statusOf))).toEqual(['failed', 'testing', 'failed']);
  const errors = logged.map((line) => JSON.parse(line)).filter(({ level }) => level === 'error');
  expect(errors).toMatchObject([{ function: 'probe/test', message_id: 'message 1' }]);
  expect(postponed).toEqual([]);
});

test('only the messages that cannot be parsed are retried', async () => {
  const events = await createTested(1);
  expect(await deliver(['not JSON', ...events.map(wrap), '{}'])).toEqual({
    batchItemFailures: [{ itemIdentifier: 'message 0' }, { itemIdentifier: 'message 2' }],
  });
  expect(tested).toEqual(events.map(bare));
});

test('a message of the release before is understood', async () => {
  const [request] = await createTested(1);
  if (!request) throw new Error('expected a message');
  const detail = {
    event_id: 'earlier',
    type: 'connection.created',
    at: new Date(at).toISOString(),
    org_id: request.org_id,
    environment_id: request.environment_id,
    connection_id: `conn_${request.connection_id}`,
    version: 1,
    status: 'testing',
    test: true,
  };
  const body = JSON.stringify({ 'detail-type': detail.type, source: 'mooring', detail });
  expect(await deliver([body])).toEqual({ batchItemFailures: [] });
  expect(await statusOf(request)).toBe('failed');
});

test('a test over the quota is postponed until there is room, without a test and without an error in the log', async () => {
  const events = await createTested(2);
  // Acknowledged, and replaced by a copy: a message that waits must not count as in flight or as a failure.
  expect(await deliver(events.map(wrap), { destination_tests_per_minute: 1 })).toEqual({
    batchItemFailures: [],
  });
  expect(tested).toHaveLength(1);
  const waiting = events.filter((request) => !tested.includes(bare(request)));
  expect(postponed).toEqual(waiting.map((request) => [request, 43]));
  expect(logged.join('\n')).not.toContain('"level":"error"');
});

test('a test over the quota is retried after the default time when the queue is unreachable', async () => {
  const events = await createTested(1);
  const settings = { destination_tests_per_minute: 0 };
  const unreachable = () => Promise.reject(new Error('the queue is unreachable'));
  expect(await deliver(events.map(wrap), settings, unreachable)).toEqual({
    batchItemFailures: [{ itemIdentifier: 'message 0' }],
  });
  expect(logged.join('\n')).toContain('queued test postponement failed');
});

test('the test of a deleted connection is skipped, and its message is not retried', async () => {
  const events = await createTested(1);
  await api.call(`DELETE /v1/connections/conn_${events[0]?.connection_id}`);
  expect(await deliver(events.map(wrap))).toEqual({ batchItemFailures: [] });
  expect(tested).toEqual([]);
});
