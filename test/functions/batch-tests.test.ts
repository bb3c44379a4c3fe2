import { describe, expect, test } from '@jest/globals';
import { failUndeliveredTests } from '../../functions/undelivered.ts';
import { runQueuedTest } from '../../shared/domain/testing/queued-tests.ts';
import { tableKeys } from '../../shared/domain/table-keys.ts';
import { recordBatchFailure, runForBatch } from '../../shared/domain/batches/record-batch-result.ts';
import type { TestMessage } from '../../shared/ports/queue.ts';
import { Problem } from '../../shared/problem.ts';
import { type Api, startApi, summarizeRefusal } from '../api.ts';
import { createConnectionBody } from '../samples.ts';

const tenant = { org: 'org_test', environment: 'default' };

const create = async (api: Api, name: string, tags: readonly string[] = [], key?: string) => {
  const body = { ...createConnectionBody(), name, tags };
  const answer = await api.call('POST /v1/connections?test=false', { body, ...(key && { key }) });
  return answer.body.id;
};

/** Runs the tests of the queue, in order. */
const runMessages = async (api: Api, messages: readonly TestMessage[] = api.queued.splice(0)) => {
  for (const message of messages)
    await runQueuedTest(
      { store: api.store, probe: api.probe, limits: api.settings, now: Date.now() },
      message,
    );
};

/** Handles the tests of the queue as dead letters. */
const buryMessages = async (api: Api) => {
  const letters = api.queued
    .splice(0)
    .map((message) => ({ messageId: message.connection_id, body: JSON.stringify(message) }));
  const { batchItemFailures } = await failUndeliveredTests(
    { Records: letters } as unknown as Parameters<typeof failUndeliveredTests>[0], // nothing reads the other fields of a record
    { clock: Date.now, ports: () => Promise.resolve({ store: api.store }), writeLog: () => undefined },
  );
  expect(batchItemFailures).toEqual([]);
};

const summarize = (body: Readonly<Record<string, unknown>>) =>
  [body['total'], body['connected'], body['failed'], body['pending']] as const;

describe('a batch test', () => {
  test('has a result for each connection once the queue has run its tests', async () => {
    await using api = await startApi();
    const ids = [await create(api, 'A'), await create(api, 'B')];
    const { status, headers, body } = await api.call('POST /v1/tests', { body: { ids } });
    expect([status, headers['location'], ...summarize(body)]).toEqual([
      201,
      `/v1/tests/${body.id}`,
      2,
      0,
      0,
      2,
    ]);
    expect(api.queued.map(({ trigger, batch }) => [trigger, `batch_${batch}`])).toEqual([
      ['request', body.id],
      ['request', body.id],
    ]);
    await runMessages(api);
    const records = await api.store.query({
      pk: tableKeys.connectionPartition(tenant, ids[0]?.slice(5) ?? ''),
      from: 'AUDIT#',
      to: 'AUDIT#~',
      limit: 10,
    });
    expect(records.items.find(({ action }) => action === 'tested')).toMatchObject({
      actor: 'key_test_',
      request_id: headers['x-request-id'],
    });
    const found = await api.call(`GET /v1/tests/${body.id}`);
    expect(summarize(found.body)).toEqual([2, 0, 2, 0]);
    expect(found.body['results']).toMatchObject([
      { id: ids[0], name: 'A', status: 'failed', code: 'connection-refused', blame: 'network' },
      { id: ids[1], name: 'B', status: 'failed', code: 'connection-refused', blame: 'network' },
    ]);
  });

  test('by tags tests each connection that has one of them', async () => {
    await using api = await startApi();
    const wanted = [await create(api, 'A', ['blue']), await create(api, 'B', ['green', 'old'])];
    await create(api, 'C', ['red']);
    const { body } = await api.call('POST /v1/tests', { body: { tags: ['blue', 'green'] } });
    expect(body['results']).toHaveLength(2);
    expect(new Set(api.queued.map(({ connection_id }) => `conn_${connection_id}`))).toEqual(new Set(wanted));
  });

  test('waits for its results by the timer', async () => {
    let at = 0;
    await using api = await startApi({
      timer: {
        measure: () => at,
        wait: async (ms) => {
          at += ms;
          if (at > 3000) await runMessages(api);
        },
      },
    });
    const ids = [await create(api, 'A')];
    const { body } = await api.call('POST /v1/tests', { body: { ids, wait_seconds: 25 } });
    expect([...summarize(body), at < 25_000]).toEqual([1, 0, 1, 0, true]);
  });

  test('answers with what is pending when its time is over', async () => {
    let at = 0;
    await using api = await startApi({
      timer: { measure: () => at, wait: (ms) => Promise.resolve(void (at += ms)) },
    });
    const ids = [await create(api, 'A')];
    const { body } = await api.call('POST /v1/tests', { body: { ids, wait_seconds: 10 } });
    expect([...summarize(body), at]).toEqual([1, 0, 0, 1, 10_000]);
    await api.call(`GET /v1/tests/${body.id}?wait_seconds=5`);
    expect(at).toBe(15_000);
  });

  test('counts a connection once, however often the queue delivers its test', async () => {
    await using api = await startApi();
    const ids = [await create(api, 'A')];
    const { body } = await api.call('POST /v1/tests', { body: { ids: [...ids, ...ids] } });
    const [message] = api.queued.splice(0);
    if (!message) throw new Error('expected a message');
    const run = (code: 'timeout' | 'unreachable') =>
      runForBatch({ store: api.store, now: Date.now() }, message, () =>
        Promise.resolve({
          status: 'failed',
          details: { code, error: '' },
          steps: [],
          tested_at: '2026-01-01T00:00:00.000Z',
          vantage: { region: null, vpc_id: null, egress_ips: [] },
        }),
      );
    await Promise.all([run('timeout'), run('timeout')]);
    await run('unreachable');
    await recordBatchFailure(api.store, message, 'unavailable', Date.now());
    const found = await api.call(`GET /v1/tests/${body.id}`);
    expect([...summarize(found.body), Object(found.body['results'])[0].code]).toEqual([
      1,
      0,
      1,
      0,
      'timeout',
    ]);
  });

  test('counts a test that is a dead letter as failed', async () => {
    await using api = await startApi();
    const { body } = await api.call('POST /v1/tests', { body: { ids: [await create(api, 'A')] } });
    await buryMessages(api);
    const found = await api.call(`GET /v1/tests/${body.id}`);
    expect(found.body['results']).toMatchObject([
      { name: 'A', status: 'failed', code: 'unavailable', blame: 'mooring', tested_at: null },
    ]);
  });

  test('counts and names a connection that is deleted before its test', async () => {
    await using api = await startApi();
    const id = await create(api, 'A');
    const { body } = await api.call('POST /v1/tests', { body: { ids: [id] } });
    await api.call(`DELETE /v1/connections/${id}?purge=true`);
    await runMessages(api);
    const found = await api.call(`GET /v1/tests/${body.id}`);
    expect(summarize(found.body)).toEqual([1, 0, 1, 0]);
    expect(found.body['results']).toMatchObject([{ id, name: 'A', status: 'failed', code: 'not-found' }]);
  });

  test('leaves the message to the queue if Mooring fails', async () => {
    await using api = await startApi();
    const { body } = await api.call('POST /v1/tests', { body: { ids: [await create(api, 'A')] } });
    const [message] = api.queued;
    if (!message) throw new Error('expected a message');
    const failing = runForBatch({ store: api.store, now: Date.now() }, message, () =>
      Promise.reject(new Problem('unavailable')),
    );
    await expect(failing).rejects.toThrow(Problem);
    expect(summarize((await api.call(`GET /v1/tests/${body.id}`)).body)).toEqual([1, 0, 0, 1]);
  });
});

describe('a request for a batch test', () => {
  test('that repeats an idempotency key gets the same batch, and sends its tests once', async () => {
    await using api = await startApi();
    const body = { ids: [await create(api, 'A')] };
    const headers = { 'idempotency-key': 'deploy-1' };
    const answers = await Promise.all([1, 2, 3].map(() => api.call('POST /v1/tests', { body, headers })));
    expect(new Set(answers.map((answer) => answer.body.id)).size).toBe(1);
    expect([answers.map(({ status }) => status), api.queued.length]).toEqual([[201, 201, 201], 1]);
    const other = await api.call('POST /v1/tests', { body: { ...body, wait_seconds: 1 }, headers });
    expect(summarizeRefusal(other)).toEqual([422, 'idempotency-key-reused']);
  });

  test('with a key that created a connection is refused', async () => {
    await using api = await startApi();
    const headers = { 'idempotency-key': 'deploy-1' };
    const created = await api.call('POST /v1/connections', { body: createConnectionBody(), headers });
    const answer = await api.call('POST /v1/tests', { body: { ids: [created.body.id] }, headers });
    expect(summarizeRefusal(answer)).toEqual([422, 'idempotency-key-reused']);
  });

  test('whose process ended before it sent the tests is completed by the next poll', async () => {
    let now = Date.parse('2026-01-01T00:00:00Z');
    await using api = await startApi({ clock: () => now });
    const id = await create(api, 'A');
    const { body } = await api.call('POST /v1/tests', { body: { ids: [id] } });
    api.queued.splice(0);
    const pk = `B#org_test#default#${body.id.slice('batch_'.length)}`;
    const header = await api.store.get({ pk, sk: 'BATCH' });
    if (!header) throw new Error('expected the header of the batch');
    await api.store.write([{ put: { ...header, sent: false } }]);
    await api.call(`GET /v1/tests/${body.id}`);
    expect(api.queued).toHaveLength(0);
    now += 31_000;
    await api.call(`GET /v1/tests/${body.id}`);
    await api.call(`GET /v1/tests/${body.id}`);
    expect(api.queued).toHaveLength(1);
  });

  test('names the path of each id that the tenant does not have', async () => {
    await using api = await startApi();
    await api.addKey('sk_of_another', { org: 'org_other' });
    const own = await create(api, 'A');
    const foreign = await create(api, 'A', ['blue'], 'sk_of_another');
    const unknown = `conn_${'0'.repeat(32)}`;
    const answer = await api.call('POST /v1/tests', { body: { ids: [own, foreign, unknown] } });
    expect(summarizeRefusal(answer)).toEqual([400, 'invalid-request', 'ids.1', 'ids.2']);
    const tagged = await api.call('POST /v1/tests', { body: { tags: ['blue'] } });
    expect(summarizeRefusal(tagged)).toEqual([400, 'invalid-request', 'tags']);
    expect(api.queued).toHaveLength(0);
  });

  test.each<[string, object, string]>([
    ['neither ids nor tags', {}, 'ids'],
    ['both ids and tags', { ids: [`conn_${'0'.repeat(32)}`], tags: ['a'] }, 'ids'],
    ['no ids', { ids: [] }, 'ids'],
    ['more than 1000 ids', { ids: Array.from({ length: 1001 }, () => `conn_${'0'.repeat(32)}`) }, 'ids'],
    ['an id of another form', { ids: ['sales'] }, 'ids.0'],
    ['a wait of more than 25 seconds', { tags: ['a'], wait_seconds: 26 }, 'wait_seconds'],
    ['a wait of half a second', { tags: ['a'], wait_seconds: 0.5 }, 'wait_seconds'],
  ])('with %s is refused', async (_, body, path) => {
    await using api = await startApi();
    expect(summarizeRefusal(await api.call('POST /v1/tests', { body }))).toEqual([
      400,
      'invalid-request',
      path,
    ]);
  });

  test('needs the scope connections:test', async () => {
    await using api = await startApi();
    await api.addKey('sk_of_reader', { org: 'org_test', scopes: ['connections:read'] });
    const body = { ids: [await create(api, 'A')] };
    expect((await api.call('POST /v1/tests', { body, key: 'sk_of_reader' })).status).toBe(403);
    const batch = (await api.call('POST /v1/tests', { body })).body.id;
    expect((await api.call(`GET /v1/tests/${batch}`, { key: 'sk_of_reader' })).status).toBe(403);
  });

  test('never answers 429 and never uses up the quota itself', async () => {
    await using api = await startApi({ settings: { tests_per_minute: 1 } });
    const body = { ids: [await create(api, 'A')] };
    for (let i = 0; i < 3; i++) expect((await api.call('POST /v1/tests', { body })).status).toBe(201);
  });

  test('for the batch of another tenant is 404', async () => {
    await using api = await startApi();
    await api.addKey('sk_of_another', { org: 'org_other' });
    const { body } = await api.call('POST /v1/tests', { body: { ids: [await create(api, 'A')] } });
    for (const path of [body.id, `batch_${'0'.repeat(32)}`, 'batch_x', 'x'])
      expect((await api.call(`GET /v1/tests/${path}`, { key: 'sk_of_another' })).status).toBe(404);
  });
});

test('a batch of 1000 connections with the longest names is stored and read', async () => {
  await using api = await startApi();
  const tag = ['all'];
  const id = (await create(api, 'A', tag)).slice('conn_'.length);
  const item = await api.store.get(tableKeys.connection(tenant, id));
  if (!item) throw new Error('expected the connection');
  const copies = Array.from({ length: 999 }, (_, n) => {
    const copy = `${n}`.padStart(32, '0');
    const name = `${'\u{1F300}'.repeat(190)}${n}`;
    return { put: { ...item, ...tableKeys.connection(tenant, copy), id: copy, name } };
  });
  for (let i = 0; i < copies.length; i += 100) await api.store.write(copies.slice(i, i + 100));
  const { body } = await api.call('POST /v1/tests', { body: { tags: tag } });
  expect(summarize(body)).toEqual([1000, 0, 0, 1000]);
  expect(new Set(api.queued.map(({ connection_id }) => connection_id)).size).toBe(1000);
  await create(api, 'One more', tag);
  const answer = await api.call('POST /v1/tests', { body: { tags: tag } });
  expect(summarizeRefusal(answer)).toEqual([400, 'invalid-request', 'tags']);
});
