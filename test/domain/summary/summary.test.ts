import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { createSqliteStore } from '../../../shared/adapters/local/sqlite-store.ts';
import type { StoredConnection } from '../../../shared/domain/connections/connection.ts';
import { readAllConnections } from '../../../shared/domain/connections/list-connections.ts';
import { type HealthSummary, readHealthSummary } from '../../../shared/domain/summary/read-summary.ts';
import { recountSummary } from '../../../shared/domain/summary/recount.ts';
import { updateSummary } from '../../../shared/domain/summary/update-summary.ts';
import { tableKeys } from '../../../shared/domain/table-keys.ts';
import type { Item, ReadStore, Store, StoreEvent } from '../../../shared/ports/store.ts';

const tenant = { org: 'org', environment: 'default' };
const now = Date.parse('2026-01-01T00:00:00Z');

/** One state of a connection, as far as the summary reads it. */
interface State {
  readonly status: StoredConnection['status'];
  readonly code: StoredConnection['status_reason'];
  readonly name: string;
  readonly at: string;
}

const createConnectionItem = (id: string, revision: number, state: State, deleted = false): Item => ({
  ...(deleted ? tableKeys.deleted(tenant, id) : tableKeys.connection(tenant, id)),
  layout: 1,
  id,
  org_id: tenant.org,
  environment_id: tenant.environment,
  type: id.startsWith('0') ? 'mysql' : 'postgresql',
  name: state.name,
  status: state.status,
  status_reason: state.code,
  decided_at: state.at,
  updated_at: state.at,
  revision,
});

type Operation =
  | { readonly kind: 'put'; readonly id: string; readonly state: State }
  | { readonly kind: 'delete' | 'restore' | 'purge'; readonly id: string };

/** Does what the use cases do to the items of connections, and keeps the changes in their order, as the stream does. */
const applyOperations = async (
  store: Store,
  operations: readonly Operation[],
): Promise<readonly StoreEvent[]> => {
  const states = new Map<
    string,
    { revision: number; state: State; place: 'active' | 'deleted' | 'purged' }
  >();
  const changes: StoreEvent[] = [];
  const record = (before: Item | undefined, after: Item | undefined) =>
    changes.push({ id: String(changes.length), ...(before && { before }), ...(after && { after }) });
  for (const operation of operations) {
    const { kind, id } = operation;
    const known = states.get(id);
    const before = known && createConnectionItem(id, known.revision, known.state, known.place === 'deleted');
    const revision = (known?.revision ?? 0) + 1;
    if (kind === 'put' && (known?.place ?? 'active') === 'active') {
      const after = createConnectionItem(id, revision, operation.state);
      await store.write([{ put: after }]);
      states.set(id, { revision, state: operation.state, place: 'active' });
      record(before, after);
    } else if (kind === 'purge' && known?.place === 'deleted' && before) {
      await store.write([{ remove: { pk: before.pk, sk: before.sk } }]);
      // An id is never used again.
      states.set(id, { ...known, place: 'purged' });
      record(before, undefined);
    } else if ((kind === 'delete' || kind === 'restore') && known && before) {
      if (known.place !== (kind === 'delete' ? 'active' : 'deleted')) continue;
      const after = createConnectionItem(id, revision, known.state, kind === 'delete');
      await store.write([{ remove: { pk: before.pk, sk: before.sk } }, { put: after }]);
      states.set(id, { ...known, revision, place: kind === 'delete' ? 'deleted' : 'active' });
      record(before, undefined);
      record(undefined, after);
    }
  }
  return changes;
};

/** The summary, computed from the connections themselves. */
const recount = async (
  store: ReadStore,
): Promise<Pick<HealthSummary, 'total' | 'by_status' | 'by_code'> & { failing: readonly string[] }> => {
  const all: StoredConnection[] = [];
  for await (const connection of readAllConnections(store, tenant)) all.push(connection);
  const count = (status: string) => all.filter((each) => each.status === status).length;
  const codes = all.flatMap(({ status, status_reason: code }) =>
    code !== null && (status === 'failed' || status === 'degraded') ? [code] : [],
  );
  return {
    total: all.length,
    by_status: {
      pending: count('pending'),
      testing: count('testing'),
      connected: count('connected'),
      degraded: count('degraded'),
      failed: count('failed'),
    },
    by_code: Object.fromEntries(
      [...new Set(codes)].map((code) => [code, codes.filter((each) => each === code).length]),
    ),
    failing: all
      .filter(({ status }) => status === 'failed')
      .map(({ decided_at: at, id, name }) => `${at} conn_${id} ${name}`)
      .toSorted(),
  };
};

const summarize = async (store: ReadStore) => {
  const {
    total,
    by_status,
    by_code,
    longest_failing: failing,
    by_connector,
  } = await readHealthSummary(store, tenant, 100);
  const perConnector = Object.values(by_connector).flatMap((counts) => Object.values(counts));
  expect(perConnector.reduce((sum, each) => sum + each, 0)).toBe(total);
  return {
    total,
    by_status,
    by_code,
    failing: failing.map(({ since, id, name }) => `${since} ${id} ${name}`),
  };
};

const anyId = fc.integer({ min: 0, max: 9 }).map((n) => `${n}`.repeat(32));
const anyState = fc.record({
  status: fc.constantFrom(
    'pending' as const,
    'testing' as const,
    'connected' as const,
    'degraded' as const,
    'failed' as const,
  ),
  code: fc.constantFrom(null, 'timeout' as const, 'authentication-failed' as const),
  name: fc.constantFrom('Sales', 'Stock'),
  at: fc.integer({ min: 0, max: 5 }).map((day) => new Date(now + day * 86_400_000).toISOString()),
});
const anyOperations: fc.Arbitrary<Operation[]> = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('put' as const), id: anyId, state: anyState }) },
    fc.record({ kind: fc.constantFrom('delete' as const, 'restore' as const, 'purge' as const), id: anyId }),
  ),
  { maxLength: 40 },
);

const withStore = async (work: (store: Store) => Promise<void>) => {
  const store = createSqliteStore({ path: ':memory:', clock: () => now });
  try {
    await work(store);
  } finally {
    store.close();
  }
};

describe('the health summary', () => {
  test('equals a recount after any operations, delivered in order and in any batches, some of them twice', () =>
    fc.assert(
      fc.asyncProperty(
        anyOperations,
        fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 }),
        (operations, sizes) =>
          withStore(async (store) => {
            const changes = await applyOperations(store, operations);
            for (let at = 0, n = 0; at < changes.length; n += 1) {
              const size = sizes[n % sizes.length] ?? 1;
              const batch = changes.slice(at, at + size);
              await updateSummary(store, batch, now);
              if (n % 2 === 0) await updateSummary(store, batch, now);
              at += size;
            }
            await updateSummary(store, changes, now);
            expect(await summarize(store)).toEqual(await recount(store));
          }),
      ),
      { numRuns: 60 },
    ));

  test('is right when several publishers count at the same time', () =>
    withStore(async (store) => {
      const state = (n: number): State => ({
        status: n % 2 ? 'failed' : 'connected',
        code: n % 2 ? 'timeout' : null,
        name: `C${n}`,
        at: new Date(now).toISOString(),
      });
      const operations = Array.from({ length: 60 }, (_, n): Operation => ({
        kind: 'put',
        id: `${n % 20}`.padStart(32, 'a'),
        state: state(n % 7),
      }));
      const changes = await applyOperations(store, operations);
      await Promise.all(
        [0, 1, 2, 3].flatMap(() => [
          updateSummary(store, changes, now),
          updateSummary(store, changes.slice(30), now),
        ]),
      );
      expect(await summarize(store)).toEqual(await recount(store));
    }));

  test('is corrected by a recount, whatever it says', () =>
    fc.assert(
      fc.asyncProperty(anyOperations, fc.nat(), (operations, seed) =>
        withStore(async (store) => {
          const changes = await applyOperations(store, operations);
          await updateSummary(
            store,
            changes.filter((_, n) => (n + seed) % 3 !== 0),
            now,
          );
          const { pk, sk } = tableKeys.summaryCounters(tenant, seed % 8);
          await store.write([
            { put: { pk, sk, layout: 1, seq: 1000, cells: { '["failed","mysql",null]': 7 } } },
          ]);
          await store.write([
            {
              put: {
                ...tableKeys.summaryFailing(tenant, '2020-01-01T00:00:00.000Z', 'f'.repeat(32)),
                layout: 1,
                name: 'X',
                type: 'mysql',
                code: null,
              },
            },
          ]);
          const expected = await recount(store);
          expect(await recountSummary(store, tenant, now)).toBe(expected.total);
          expect(await summarize(store)).toEqual(expected);
        }),
      ),
      { numRuns: 30 },
    ));

  test('is not written when a change counts nothing', () =>
    withStore(async (store) => {
      const state: State = { status: 'connected', code: null, name: 'A', at: new Date(now).toISOString() };
      const [before, after] = [
        createConnectionItem('1'.repeat(32), 1, state),
        createConnectionItem('1'.repeat(32), 2, state),
      ];
      const silent: Store = {
        ...store,
        getMany: () => Promise.reject(new Error('read')),
        write: () => Promise.reject(new Error('written')),
      };
      await updateSummary(silent, [{ id: '1', before, after }], now);
    }));

  test('leaves out a change that cannot be read', () =>
    withStore(async (store) => {
      const state: State = { status: 'connected', code: null, name: 'A', at: new Date(now).toISOString() };
      const good = createConnectionItem('1'.repeat(32), 1, state);
      await updateSummary(
        store,
        [
          { id: '0', damage: new Error('damaged') },
          { id: '1', after: { ...good, layout: 99 } },
          { id: '2', after: good },
        ],
        now,
      );
      expect((await readHealthSummary(store, tenant, 1)).total).toBe(1);
    }));
});
