import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { readdir } from 'node:fs/promises';
import { toSnapshotPartition } from '../../shared/domain/catalog/snapshot/catalog-blocks.ts';
import { tableKeys } from '../../shared/domain/table-keys.ts';
import { type ApiAnswer, type Api, startApi } from '../api.ts';
import { catalogSource } from '../catalog-probe.ts';
import { createTable } from '../domain/catalog-fixtures.ts';
import { createConnectionBody } from '../samples.ts';

let api: Api;
let id: string;
let now: number;
beforeEach(async () => {
  now = Date.parse('2026-01-01T00:00:00Z');
  api = await startApi({ clock: () => now });
  id = (await create()).body.id;
});
afterEach(() => api[Symbol.asyncDispose]());

const create = (more: object = {}) =>
  api.call('POST /v1/connections?test=false', { body: { ...createConnectionBody(), ...more } });
const get = (query = '') => api.call(`GET /v1/connections/${id}${query}`);
const remove = (query = '', headers: Record<string, string> = {}) =>
  api.call(`DELETE /v1/connections/${id}${query}`, { headers });
const restore = () => api.call(`POST /v1/connections/${id}/restore`);
const list = (query = '') => api.call(`GET /v1/connections${query}`);
const refused = ({ status, body }: ApiAnswer) => [status, body.code];
const tenant = { org: 'org_test', environment: 'default' };
const secrets = async () => ({
  kept: (await readdir(`${api.folder}/secrets`)).length,
  removed: (await readdir(`${api.folder}/removed`)).length,
});

describe('a delete', () => {
  test('returns 204 without a body and schedules the removal of the secret', async () => {
    const answer = await remove();
    expect([answer.status, answer.text]).toEqual([204, '']);
    expect(await secrets()).toEqual({ kept: 0, removed: 1 });
    await api.settle();
    await restore();
    const { events, tests } = await api.settle();
    expect([events, tests]).toMatchObject([[{ type: 'connection.restored' }], [{ trigger: 'change' }]]);
  });

  test('publishes an event that starts no test', async () => {
    await api.settle();
    await remove();
    expect(await api.settle()).toMatchObject({
      events: [{ type: 'connection.deleted', data: { connection: { version: 1 } } }],
      tests: [],
    });
  });

  test('frees the name at once', async () => {
    await remove();
    expect((await create()).status).toBe(201);
  });

  test('makes every route return 404, except the list with include_deleted', async () => {
    await remove();
    const requests: readonly (readonly [string, object | undefined])[] = [
      ['GET', undefined],
      ['PATCH', { tags: [] }],
      ['PUT', { name: 'x' }],
      ['DELETE', undefined],
      ['POST/test', undefined],
      ['GET/tests', undefined],
      ['GET/schema', undefined],
      ['GET/autocomplete?type=tables', undefined],
      ['GET/usages', undefined],
      ['PUT/usages/reports', {}],
      ['DELETE/usages/reports', undefined],
    ];
    for (const [request, body] of requests) {
      const [method = '', rest = ''] = request.split(/(?=\/)(.*)/);
      const answer = await api.call(`${method} /v1/connections/${id}${rest}`, { body });
      expect([request, ...refused(answer)]).toEqual([request, 404, 'not-found']);
    }
    expect((await list()).body.data).toEqual([]);
    const [gone] = (await list('?include_deleted=true')).body.data;
    expect(gone).toMatchObject({ id, is_active: false, deleted_at: '2026-01-01T00:00:00.000Z' });
  });

  test('is permanent after 30 days', async () => {
    await remove();
    now += 30 * 86_400_000;
    expect((await list('?include_deleted=true')).body.data).toEqual([]);
    expect(refused(await restore())).toEqual([404, 'not-found']);
    expect(refused(await remove('?purge=true'))).toEqual([404, 'not-found']);
  });

  test('returns 409 with the usages while consumers use the connection', async () => {
    await api.call(`PUT /v1/connections/${id}/usages/reports`, { body: { note: 'Daily' } });
    await api.call(`PUT /v1/connections/${id}/usages/sync`, { body: { ttl_seconds: 60 } });
    for (const query of ['', '?purge=true']) {
      const answer = await remove(query);
      expect(refused(answer)).toEqual([409, 'in-use']);
      expect(answer.body['usages']).toMatchObject([
        { consumer: 'reports', note: 'Daily' },
        { consumer: 'sync' },
      ]);
    }
    await api.call(`DELETE /v1/connections/${id}/usages/reports`);
    expect(refused(await remove())).toEqual([409, 'in-use']);
    now += 61_000;
    expect((await remove()).status).toBe(204);
  });

  test('and a concurrent usage exclude each other', async () => {
    const [removed, used] = await Promise.all([
      remove(),
      api.call(`PUT /v1/connections/${id}/usages/reports`, { body: {} }),
    ]);
    expect([
      [204, 404],
      [409, 200],
    ]).toContainEqual([removed.status, used.status]);
  });

  test('succeeds once when many run concurrently', async () => {
    const answers = await Promise.all(Array.from({ length: 6 }, () => remove()));
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
      204,
      ...Array(5).fill(404),
    ]);
  });

  test.each(['', '?purge=true'])(
    'returns 412 when If-Match names another version, with the query "%s"',
    async (query) => {
      expect(refused(await remove(query, { 'if-match': '"2.2"' }))).toEqual([412, 'precondition-failed']);
      expect((await remove(query, { 'if-match': '"1.1"' })).status).toBe(204);
    },
  );
});

describe('a restore', () => {
  test('brings back the connection with its credentials and starts a test', async () => {
    const { body: before } = await get();
    await remove();
    const { status, headers, body } = await restore();
    expect(status).toBe(200);
    expect(body).toEqual({ ...before, status: 'testing', version: 2, updated_at: expect.any(String) });
    expect(headers['etag']).toMatch(/^"2\./);
    expect(await secrets()).toEqual({ kept: 1, removed: 0 });
    await api.settle();
    expect((await get()).body['status_reason']).toBe('connection-refused');
    now += 31 * 86_400_000;
    expect((await get()).status).toBe(200);
  });

  test('returns 409 while another connection has the name, and can be retried', async () => {
    await remove();
    const { body: other } = await create({ name: 'SALES' });
    expect(refused(await restore())).toEqual([409, 'name-taken']);
    expect(await secrets()).toEqual({ kept: 1, removed: 1 });
    await api.call(`DELETE /v1/connections/${other.id}`);
    expect((await restore()).status).toBe(200);
  });

  test('returns 404 for a connection that is not deleted', async () => {
    expect(refused(await restore())).toEqual([404, 'not-found']);
  });

  test('succeeds once when many run concurrently, and the secret is kept', async () => {
    await remove();
    const answers = await Promise.all(Array.from({ length: 6 }, restore));
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
      200,
      ...Array(5).fill(404),
    ]);
    expect(await api.secretOf(id)).toMatchObject({ credentials: { password: 'not-a-real-password' } });
  });

  test('and concurrent deletes never leave a connection without its secret', async () => {
    for (let round = 0; round < 10; round++) {
      await Promise.all([remove(), restore(), remove(), restore()]);
      // If a delete came last, this restore undoes it; otherwise it changes nothing.
      await restore();
      expect((await get()).status).toBe(200);
      expect(await api.secretOf(id)).toMatchObject({ owner: tenant });
    }
  });
});

describe('a purge', () => {
  const leftOf = async (snapshots: readonly string[] = []) => {
    const inner = id.slice(5);
    const partitions = [
      tableKeys.tenantPartition(tenant),
      tableKeys.connectionPartition(tenant, inner),
      ...snapshots.map((snapshot) => toSnapshotPartition({ ...tenant, id: inner, snapshot })),
    ];
    const pages = await Promise.all(partitions.map((pk) => api.store.query({ pk, limit: 100 })));
    return pages.flatMap(({ items }) => items.map(({ sk }) => sk));
  };

  test.each(['', 'of a deleted one '])(
    '%sremoves everything from the table and the vault',
    async (deleted) => {
      await api.call(`POST /v1/connections/${id}/test`);
      await api.call(`PUT /v1/connections/${id}/usages/reports`, { body: {} });
      await api.call(`DELETE /v1/connections/${id}/usages/reports`);
      expect((await leftOf()).length).toBeGreaterThan(4);
      if (deleted) await remove();
      expect((await remove('?purge=true')).status).toBe(204);
      expect(await leftOf()).toEqual([]);
      expect(await secrets()).toEqual({ kept: 0, removed: 0 });
      expect(refused(await restore())).toEqual([404, 'not-found']);
    },
  );

  test('publishes one delete event', async () => {
    await api.settle();
    await remove('?purge=true');
    expect((await api.settle()).events).toMatchObject([{ type: 'connection.deleted' }]);
  });

  test.each(['', '?purge=true'])(
    'or a delete, with the query "%s", removes every snapshot of the catalog',
    async (query) => {
      await api[Symbol.asyncDispose]();
      api = await startApi({ probe: catalogSource([createTable({})]).probe });
      id = (await create()).body.id;
      await get('/schema?max_age=0');
      const { body } = await get('/schema?max_age=0');
      const stored = await api.stored(id);
      const snapshots = [stored?.catalog, stored?.previous_catalog].flatMap(
        (each) => each?.snapshot_id ?? [],
      );
      expect([snapshots.length, Object(body['catalog'])['snapshot_id']]).toEqual([2, snapshots[0]]);
      expect((await leftOf(snapshots)).some((sk) => sk.startsWith('B#'))).toBe(true);
      await remove(query);
      expect((await leftOf(snapshots)).filter((sk) => /^[BN]#/.test(sk))).toEqual([]);
    },
  );
});
