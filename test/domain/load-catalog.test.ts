import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { toSnapshotPartition } from '../../shared/domain/catalog/snapshot/catalog-blocks.ts';
import { hashDerivation } from '../../shared/domain/connections/derived-data.ts';
import { createId } from '../../shared/domain/id.ts';
import { recordIntrospectionOutcome } from '../../shared/domain/catalog/introspection-outcome.ts';
import { refreshCatalog } from '../../shared/domain/catalog/load-catalog.ts';
import {
  toNextRevision,
  findConnection,
  buildConnectionPut,
  updateStoredConnection,
} from '../../shared/domain/connections/connection-repository.ts';
import type { Probe } from '../../shared/ports/probe.ts';
import { Problem } from '../../shared/problem.ts';
import { type Api, startApi } from '../api.ts';
import { catalogSource } from '../catalog-probe.ts';
import { createConnectionBody } from '../samples.ts';
import { createTable } from './catalog-fixtures.ts';

const tenant = { org: 'org_test', environment: 'default' };
const now = Date.parse('2026-01-01T00:00:00Z');
const actor = { tenant, actor: 'key', request_id: 'request', now };
const source = catalogSource([createTable({})]);
let api: Api;
let id: string;
let probe: Probe;
beforeEach(async () => {
  api = await startApi({
    clock: () => now,
    probe: (parts) => (probe = source.probe(parts)),
  });
  id = (await api.call('POST /v1/connections', { body: createConnectionBody() })).body.id.slice(5);
});
afterEach(() => api[Symbol.asyncDispose]());

/** Sets the duration of the introspection of the current snapshot. */
const lasted = (duration_ms: number) =>
  updateStoredConnection(api.store, tenant, id, (read) => {
    const next = toNextRevision(read, { catalog: read.catalog && { ...read.catalog, duration_ms } });
    return { next, changes: [buildConnectionPut(next, read)] };
  });

describe('refreshed catalog', () => {
  const fresh = async (later: number, wait = 1000) =>
    refreshCatalog(
      { store: api.store, probe },
      { ...actor, now: now + later },
      await findConnection(api.store, tenant, id),
      wait,
    );
  const snapshot = async (later: number) => Object(await fresh(later))['snapshot_id'];

  test('is introspected again by each call', async () => {
    expect(await snapshot(1)).not.toBe(await snapshot(1000));
  });

  test('is reused for five minutes when the introspection takes most of the wait time', async () => {
    const first = await snapshot(1);
    await lasted(600);
    expect(await snapshot(200_000)).toBe(first);
    expect(await snapshot(301_000)).not.toBe(first);
  });

  test('is reported as running when the wait time is over', async () => {
    const running = { introspect: () => Promise.resolve({ running: true as const }) };
    const connection = await findConnection(api.store, tenant, id);
    expect(await refreshCatalog({ store: api.store, probe: running }, actor, connection, 1)).toBe('running');
  });
});

test('an outcome that is outdated because the connection has changed removes no snapshot', async () => {
  const fresh = async (later: number) =>
    refreshCatalog(
      { store: api.store, probe },
      { ...actor, now: now + later },
      await findConnection(api.store, tenant, id),
      1000,
    );
  await fresh(1);
  await fresh(1000);
  const before = await findConnection(api.store, tenant, id);
  const snapshots = [before.catalog, before.previous_catalog].flatMap((each) => each?.snapshot_id ?? []);
  expect(new Set(snapshots).size).toBe(2);
  const blocks = async () =>
    await Promise.all(
      snapshots.map(
        async (snapshot) =>
          (await api.store.query({ pk: toSnapshotPartition({ ...tenant, id, snapshot }), limit: 100 })).items
            .length,
      ),
    );
  const stored = await blocks();
  expect(Math.min(...stored)).toBeGreaterThan(0);

  let writes = 0;
  /** Updates the connection between the read and the first write. */
  const racing: typeof api.store = {
    ...api.store,
    write: async (changes) => {
      if ((writes += 1) === 1)
        await updateStoredConnection(api.store, tenant, id, (read) => {
          const next = toNextRevision(read, { excluded_schemas: ['archive'] });
          return { next, changes: [buildConnectionPut(next, read)] };
        });
      await api.store.write(changes);
    },
  };
  source.meanwhile = async () => {
    const read = await findConnection(api.store, tenant, id);
    if (!read.catalog) throw new Error('expected a catalog');
    const catalog = { ...read.catalog, snapshot_id: createId(now) };
    const of = hashDerivation('catalog', read);
    const outcome = { at: now, catalog, of, by: { actor: 'key', request_id: 'request' } };
    expect(await recordIntrospectionOutcome(racing, tenant, id, undefined, outcome)).toBeUndefined();
    throw new Problem('timeout');
  };
  await expect(fresh(2000)).rejects.toMatchObject({ code: 'timeout' });
  source.meanwhile = async () => {};
  expect(writes).toBe(1);
  expect(await blocks()).toEqual(stored);
});
