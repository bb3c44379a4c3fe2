import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { toSnapshotPartition } from '../../shared/domain/catalog/snapshot/catalog-blocks.ts';
import { countRefusals } from '../../shared/domain/connections/derived-data.ts';
import { tableKeys } from '../../shared/domain/table-keys.ts';
import { toSavedTest } from '../../shared/domain/testing/to-saved-test.ts';
import type { Probe } from '../../shared/ports/probe.ts';
import type { Item } from '../../shared/ports/store.ts';
import { type ApiAnswer, type Api, summarizeRefusal, startApi } from '../api.ts';
import { catalogSource } from '../catalog-probe.ts';
import { createTable } from '../domain/catalog-fixtures.ts';
import { plainServer } from '../network/servers.ts';
import { createConnectionBody } from '../samples.ts';

const tenant = { org: 'org_test', environment: 'default' };
let now: number;
let api: Api;
let id: string;
let source: ReturnType<typeof catalogSource>;
/** The probe that dials, in place of the one that answers from a list of tables. */
let real: Probe;
let dials: boolean;

beforeEach(async () => {
  now = Date.parse('2026-01-01T00:00:00Z');
  dials = false;
  source = catalogSource([createTable({ name: 'orders' }), createTable({ name: 'users' })]);
  api = await startApi({
    clock: () => now,
    probe: (parts) => {
      const listed = source.probe(parts);
      ({ real } = parts);
      return {
        ...parts.real,
        introspect: (call, wait) => (dials ? parts.real : listed).introspect(call, wait),
      };
    },
  });
  id = (await api.call('POST /v1/connections', { body: createConnectionBody() })).body.id;
  await api.settle();
  // Delivers the event that the test itself publishes.
  await api.settle();
});
afterEach(() => api[Symbol.asyncDispose]());

const schema = (query = '') => api.call(`GET /v1/connections/${id}/schema?${query}`);
const suggest = () => api.call(`GET /v1/connections/${id}/autocomplete?type=tables`);
const validate = () =>
  api.call(`POST /v1/connections/${id}/schema/validate`, { body: { tables: [{ name: 'orders' }] } });
const connection = async () => (await api.call(`GET /v1/connections/${id}`)).body;
const patch = (body: object) => api.call(`PATCH /v1/connections/${id}`, { body });
const names = ({ body }: ApiAnswer) => body.data.map(({ name }) => name);
const snapshot = ({ body }: ApiAnswer) => String(Object(body['catalog'])['snapshot_id']);
const key = () => tableKeys.connection(tenant, id.slice(5));
const blocksOf = async (of: string) =>
  (await api.store.query({ pk: toSnapshotPartition({ ...tenant, id: id.slice(5), snapshot: of }), limit: 1 }))
    .items;

/**
 * The item as the previous release wrote it: without the field that says which settings its derived data
 * belongs to.
 */
const asBefore = async () => {
  const bare = ({ of: _, ...rest }: Record<string, unknown>) => rest;
  const { last_introspection: __, refusals_of: ___, ...item } = (await api.store.get(key())) as Item;
  const derived = ['catalog', 'previous_catalog', 'last_test'].filter((name) => item[name]);
  await api.store.write([
    { put: { ...item, ...Object.fromEntries(derived.map((name) => [name, bare(Object(item[name]))])) } },
  ]);
};

describe('catalog of a connection', () => {
  test.each<[string, object]>([
    ['another database', { config: { database: 'other' } }],
    ['another scope', { config: { schemas: ['sales'] } }],
    ['less to read', { excluded_schemas: ['archive'] }],
    ['another account', { config: { username: 'other' }, credentials: { password: 'another-password' } }],
    ['another port', { config: { port: 2 }, credentials: { password: 'another-password' } }],
  ])('is not served after a change to %s', async (_, change) => {
    const { body: page } = await schema('limit=1');
    source.tables = [createTable({ name: 'invoices' })];
    expect((await patch(change)).body).toMatchObject({
      last_introspected_at: null,
      last_introspection: null,
    });
    const [listed] = (await api.call('GET /v1/connections')).body.data;
    expect(listed).toMatchObject({ last_introspected_at: null, last_introspection: null });
    expect(summarizeRefusal(await schema(`limit=1&cursor=${page.next_cursor}`))).toEqual([
      400,
      'invalid-cursor',
    ]);
    expect((await validate()).body).toMatchObject({ valid: false });
    expect(names(await schema())).toEqual(['invoices']);
    expect(source.calls).toHaveLength(2);
  });

  test('is not suggested for another source, which is introspected instead', async () => {
    await schema();
    await patch({ config: { database: 'other' } });
    expect((await suggest()).body).toEqual({ suggestions: [], as_of: null, complete: false });
    await source.background;
    expect((await suggest()).body['as_of']).not.toBeNull();
    expect(source.calls).toEqual([20_000, 0]);
  });

  test.each<[string, object]>([
    ['the name', { name: 'Renamed' }],
    ['the password', { credentials: { password: 'another-password' } }],
    ['how the way is secured', { options: { ssl_mode: 'require' } }],
  ])('is kept after a change of %s', async (_, change) => {
    const first = await schema();
    expect((await patch(change)).body['last_introspected_at']).toBe('2026-01-01T00:00:00.000Z');
    expect(snapshot(await schema())).toBe(snapshot(first));
    expect(source.calls).toHaveLength(1);
  });

  test('is served again when the connection points to its source again', async () => {
    const first = await schema();
    await patch({ config: { database: 'other' } });
    await patch({ config: { database: 'shop' } });
    expect(snapshot(await schema())).toBe(snapshot(first));
    expect(source.calls).toHaveLength(1);
  });

  test('is deleted after an introspection of another source', async () => {
    const first = await schema();
    now += 1;
    const second = await schema('max_age=0');
    await patch({ config: { database: 'other' } });
    const third = await schema();
    expect(await blocksOf(snapshot(first))).toEqual([]);
    expect(await blocksOf(snapshot(second))).toEqual([]);
    expect(await blocksOf(snapshot(third))).toHaveLength(1);
    expect((await api.stored(id))?.previous_catalog).toBeNull();
  });

  test('is kept for two introspections and deleted by the third', async () => {
    const found: string[] = [];
    for (let round = 0; round < 3; round++) {
      found.push(snapshot(await schema('max_age=0')));
      now += 1;
    }
    const left = await Promise.all(found.map(async (one) => (await blocksOf(one)).length));
    expect(left).toEqual([0, 1, 1]);
  });

  test('is not stored when the connection points to another source before the introspection ends', async () => {
    const gate = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    source.meanwhile = () => (begun.resolve(), gate.promise);
    const reading = schema();
    await begun.promise;
    await patch({ config: { database: 'other' } });
    gate.resolve();
    expect((await reading).status).toBe(202);
    expect(await connection()).toMatchObject({ last_introspected_at: null, last_introspection: null });
    expect((await api.stored(id))?.catalog).toBeNull();
    source.meanwhile = async () => {};
    source.tables = [createTable({ name: 'invoices' })];
    expect(names(await schema())).toEqual(['invoices']);
  });

  test('of the previous release is served until the source changes, even after other changes', async () => {
    const first = await schema();
    await asBefore();
    expect(await connection()).toMatchObject({
      last_introspected_at: '2026-01-01T00:00:00.000Z',
      last_introspection: { state: 'succeeded', code: null, at: '2026-01-01T00:00:00.000Z' },
    });
    expect(snapshot(await schema())).toBe(snapshot(first));
    await patch({ tags: ['one'] });
    expect(snapshot(await schema())).toBe(snapshot(first));
    await patch({ config: { database: 'other' } });
    expect((await connection())['last_introspected_at']).toBeNull();
    await patch({ config: { database: 'shop' } });
    expect(snapshot(await schema())).toBe(snapshot(first));
  });

  test('of the previous release is not served when the first change is to another source', async () => {
    await schema();
    await asBefore();
    source.tables = [createTable({ name: 'invoices' })];
    await patch({ config: { database: 'other' } });
    expect(names(await schema())).toEqual(['invoices']);
  });

  test('in use is kept even if a lease that a crash left behind names it', async () => {
    const first = await schema();
    const { pk, sk } = tableKeys.lease(tenant, id.slice(5));
    await api.store.write([{ put: { pk, sk, token: 'dead', snapshot: snapshot(first), until: now - 1 } }]);
    dials = true;
    now += 1;
    expect((await schema('max_age=0')).status).toBe(502);
    expect(names(await schema())).toEqual(['orders', 'users']);
  });
});

describe('test result of a connection', () => {
  test('is hidden after a change of the source, and shown again when the change is undone', async () => {
    const before = await connection();
    expect(before).toMatchObject({ status: 'failed', last_test: { status: 'failed' } });
    const after = (await patch({ config: { database: 'other' } })).body;
    expect(after).toMatchObject({ status: 'testing', last_test: null, last_tested_at: null });
    expect((await api.call(`GET /v1/connections/${id}/tests`)).body.data).toHaveLength(1);
    const back = (await patch({ config: { database: 'shop' } })).body;
    expect(back['last_test']).toEqual(before['last_test']);
  });

  test('of the previous release is hidden when the first change is to another source', async () => {
    await asBefore();
    expect((await connection())['last_test']).not.toBeNull();
    expect((await patch({ config: { database: 'other' } })).body['last_test']).toBeNull();
  });

  test('goes only to the history when the connection changed during the test, and its own test is still due', async () => {
    await using server = await plainServer();
    const config = { ...createConnectionBody().config, port: server.port };
    const body = { ...createConnectionBody(), name: 'Silent', config, options: { ssl_mode: 'disable' } };
    ({ id } = (await api.call('POST /v1/connections?test=false', { body })).body);
    const testing = api.call(`POST /v1/connections/${id}/test`);
    while (server.accepted.length === 0) await new Promise(setImmediate);
    await patch({ config: { database: 'other' } });
    for (const socket of server.accepted) socket.destroy();
    expect((await testing).body).toMatchObject({ status: 'failed' });
    expect(await connection()).toMatchObject({ status: 'testing', status_reason: null, last_test: null });
    expect(await api.stored(id)).toMatchObject({ awaits_test: 2, refusals: 0 });
    expect((await api.call(`GET /v1/connections/${id}/tests`)).body.data).toMatchObject([
      { trigger: 'request', status: 'failed' },
    ]);
  });

  test('is produced once, even if the same event is delivered again', async () => {
    await patch({ config: { database: 'other' } });
    const { tests } = await api.settle();
    expect(tests).toHaveLength(1);
    for (const message of tests) await real.test(toSavedTest(message));
    expect((await api.call(`GET /v1/connections/${id}/tests`)).body.data).toHaveLength(2);
  });

  test('is requested once by each change that requires a test', async () => {
    await patch({ config: { database: 'other' } });
    await patch({ tags: ['one'] });
    const { events, tests } = await api.settle();
    expect(events.map(({ type }) => type)).toEqual(['connection.updated', 'connection.updated']);
    expect(tests.map(({ awaited }) => awaited)).toEqual([2]);
  });
});

test('refused logins do not count for other credentials or another destination', async () => {
  const stored = async () => {
    const found = await api.stored(id);
    if (!found) throw new Error('expected the connection');
    return found;
  };
  const item = (await api.store.get(key())) as Item;
  await api.store.write([{ put: { ...item, refusals: 2 } }]);
  await patch({ tags: ['one'] });
  expect(countRefusals(await stored())).toBe(2);
  await patch({ config: { port: 2 } });
  expect(countRefusals(await stored())).toBe(0);
  await patch({ config: { port: 1 } });
  expect(countRefusals(await stored())).toBe(2);
});
