import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { freshCatalog } from '../../shared/domain/introspection.ts';
import { updateConnection, after, putConnection } from '../../shared/domain/write.ts';
import type { Probe } from '../../shared/ports/probe.ts';
import { type Api, startApi } from '../api.ts';
import { catalogSource } from '../catalog-probe.ts';
import { draft } from '../samples.ts';
import { tableOf } from './catalog-fixtures.ts';

const tenant = { org: 'org_test', environment: 'default' };
const now = Date.parse('2026-01-01T00:00:00Z');
const actor = { tenant, actor: 'key', request_id: 'request', now };
const source = catalogSource([tableOf({})]);
let api: Api;
let id: string;
let probe: Probe;
beforeEach(async () => {
  api = await startApi({
    clock: () => now,
    probe: (parts) => (probe = source.probe(parts)),
  });
  id = (await api.call('POST /v1/connections', { body: draft() })).body.id.slice(5);
});
afterEach(() => api[Symbol.asyncDispose]());

/** The snapshot that is there, as if it had taken so long. */
const lasted = (duration_ms: number) =>
  updateConnection(api.store, tenant, id, (read) => {
    const next = after(read, { catalog: read.catalog && { ...read.catalog, duration_ms } });
    return { next, changes: [putConnection(next, read)] };
  });

describe('a fresh catalog', () => {
  const fresh = (later: number, wait = 1000) =>
    freshCatalog({ store: api.store, probe }, { ...actor, now: now + later }, id, wait);
  const snapshot = async (later: number) => Object(await fresh(later))['snapshot_id'];

  test('is read anew each time', async () => {
    expect(await snapshot(1)).not.toBe(await snapshot(1000));
  });

  test('of what takes most of the wait is what the wait before has left behind, for five minutes', async () => {
    const first = await snapshot(1);
    await lasted(600);
    expect(await snapshot(200_000)).toBe(first);
    expect(await snapshot(301_000)).not.toBe(first);
  });

  test('is not waited for longer than the caller waits', async () => {
    const running = { introspect: () => Promise.resolve({ running: true as const }) };
    expect(await freshCatalog({ store: api.store, probe: running }, actor, id, 1)).toBe('running');
  });
});
