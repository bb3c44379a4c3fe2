import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { failUndeliveredTests, uses } from '../../functions/undelivered.ts';
import { tableKeys } from '../../shared/domain/table-keys.ts';
import type { TestMessage } from '../../shared/ports/queue.ts';
import { Problem } from '../../shared/problem.ts';
import { type Api, startApi } from '../api.ts';
import { createConnectionBody } from '../samples.ts';

const now = Date.parse('2026-01-01T00:00:00Z');
const tenant = { org: 'org_test', environment: 'default' };
let api: Api;
let id: string;
let created: TestMessage;

beforeEach(async () => {
  // The vault is down, so no test can be made.
  const test = () => Promise.reject(new Problem('unavailable'));
  api = await startApi({ clock: () => now, probe: ({ real }) => ({ ...real, test }) });
  id = (await api.call('POST /v1/connections', { body: createConnectionBody() })).body.id;
  created = requestOf(1);
});
afterEach(() => api[Symbol.asyncDispose]());

const requestOf = (awaited: number): TestMessage => ({
  org_id: tenant.org,
  environment_id: tenant.environment,
  connection_id: id.slice(5),
  trigger: awaited === 1 ? 'create' : 'change',
  request_id: `evt_${awaited}`,
  awaited,
});

/** A message of SQS. */
const letter = (messageId: string, body: string) =>
  ({ messageId, body }) as Parameters<typeof failUndeliveredTests>[0]['Records'][number]; // nothing reads the other fields of a record
const bury = (...bodies: readonly string[]) =>
  failUndeliveredTests(
    { Records: bodies.map((body, at) => letter(`message ${at}`, body)) },
    {
      clock: () => now,
      ports: async (wanted) => {
        expect(wanted).toBe(uses);
        return { store: api.store };
      },
      writeLog: () => undefined,
    },
  );
const wrapped = (message: TestMessage) => JSON.stringify(message);
const connection = async () => (await api.call(`GET /v1/connections/${id}`)).body;
const history = async () => (await api.call(`GET /v1/connections/${id}/tests`)).body.data;

describe('an undelivered test', () => {
  test('leaves the connection failed with the code unavailable and is stored in the history', async () => {
    expect(await bury(wrapped(created))).toEqual({ batchItemFailures: [] });
    const found = await connection();
    expect(found).toMatchObject({
      status: 'failed',
      status_reason: 'unavailable',
      last_test: { status: 'failed', details: { code: 'unavailable' } },
    });
    expect(Object(found['last_test']).steps[0]).toMatchObject({ status: 'failed', blame: 'mooring' });
    expect(await history()).toMatchObject([{ trigger: 'create', status: 'failed' }]);
    expect(await api.stored(id)).toMatchObject({ awaits_test: null, cause: 'tested' });
    const { pk } = tableKeys.audit(tenant, id.slice(5), '', '');
    const { items } = await api.store.query({ pk, from: 'AUDIT#', to: 'AUDIT#~', limit: 10 });
    expect(items.filter(({ action }) => action === 'tested')).toMatchObject([{ actor: 'mooring' }]);
  });

  test('is recorded once, even if its message is delivered again', async () => {
    await bury(wrapped(created), wrapped(created));
    const first = await connection();
    await bury(wrapped(created));
    expect(await connection()).toEqual(first);
    expect(await history()).toHaveLength(1);
  });

  test('changes nothing when a later test is awaited or has a result', async () => {
    await api.call(`PATCH /v1/connections/${id}`, { body: { config: { database: 'other' } } });
    await bury(wrapped(created));
    expect(await connection()).toMatchObject({ status: 'testing', last_test: null });
    await bury(wrapped(requestOf(2)));
    const decided = await connection();
    expect(decided['status']).toBe('failed');
    await bury(wrapped(requestOf(2)), wrapped(requestOf(3)));
    expect(await connection()).toEqual(decided);
  });

  test('of a deleted connection is ignored', async () => {
    await api.call(`DELETE /v1/connections/${id}`);
    expect(await bury(wrapped(created))).toEqual({ batchItemFailures: [] });
  });

  test('is the only one to be retried when its message cannot be parsed', async () => {
    const { trigger: _, ...half } = created;
    const poison = ['', 'not JSON', 'null', '[]', '{}', '{"detail":null}', '{"detail":"text"}'];
    const halves = [half, { ...created, connection_id: 7 }, { ...created, org_id: null }].map((message) =>
      JSON.stringify(message),
    );
    expect(await bury(wrapped(created), ...poison, ...halves)).toEqual({
      batchItemFailures: [...poison, ...halves].map((_, at) => ({ itemIdentifier: `message ${at + 1}` })),
    });
    expect((await connection())['status']).toBe('failed');
  });
});
