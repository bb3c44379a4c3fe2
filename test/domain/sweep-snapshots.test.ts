import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Missing } from '../../shared/connectors/catalog.ts';
import { createSqliteStore, type SqliteStore } from '../../shared/adapters/local/sqlite-store.ts';
import { toSnapshotPartition } from '../../shared/domain/catalog/snapshot/catalog-blocks.ts';
import { createSnapshotWriter } from '../../shared/domain/catalog/snapshot/snapshot-writer.ts';
import { removeSnapshot } from '../../shared/domain/catalog/snapshot/snapshot-reader.ts';
import { createId } from '../../shared/domain/id.ts';
import { tableKeys } from '../../shared/domain/table-keys.ts';
import { sweepSnapshots } from '../../shared/domain/catalog/snapshot/sweep-snapshots.ts';
import { createLog } from '../../shared/log.ts';
import { createTable } from './catalog-fixtures.ts';

const tenant = { org: 'org_test', environment: 'default' };
const day = 86_400_000;
let now: number;
let store: SqliteStore;
beforeEach(() => {
  now = Date.UTC(2031, 0, 1);
  store = createSqliteStore({ path: ':memory:', clock: () => now });
  logged.length = 0;
});
afterEach(() => store.close());

const logged: Record<string, unknown>[] = [];
const log = createLog({}, (line) => void logged.push(JSON.parse(line)));
const sweep = () => sweepSnapshots({ store, clock: () => now, log });
const missing: readonly Missing[] = [];

/** A snapshot of an introspection that is killed before the connection refers to it. */
const write = async (id = createId(now)) => {
  const place = { ...tenant, id, snapshot: createId(now) };
  await using writer = createSnapshotWriter(store, place, { clock: () => now });
  await writer.sink([createTable({})]);
  return { place, catalog: await writer.finish(missing, 1) };
};
const blocks = async (place: Parameters<typeof toSnapshotPartition>[0]) =>
  (await store.query({ pk: toSnapshotPartition(place), limit: 100 })).items.length;
const registered = async () =>
  (await store.query({ pk: tableKeys.snapshotsPartition, limit: 100 })).items.length;

test('a snapshot without a reference from its connection is removed after a day', async () => {
  const { place } = await write();
  expect([await blocks(place), await registered()]).toEqual([expect.any(Number), 1]);
  now += day - 1;
  expect(await sweep()).toBe(0);
  expect(await blocks(place)).toBeGreaterThan(0);
  now += 1;
  expect(await sweep()).toBe(1);
  expect([await blocks(place), await registered()]).toEqual([0, 0]);
  expect(logged).toMatchObject([
    { message: expect.stringContaining('removed'), connection: place.id, snapshot: place.snapshot },
  ]);
  expect(await sweep()).toBe(0);
});

test.each(['catalog', 'previous_catalog'])(
  'a snapshot that is the %s of a connection is kept',
  async (name) => {
    const id = createId(now);
    const { place, catalog } = await write(id);
    const others = { catalog: null, previous_catalog: null, [name]: catalog };
    await store.write([{ put: { ...tableKeys.connection(tenant, id), layout: 1, ...others } }]);
    now += 30 * day;
    expect(await sweep()).toBe(0);
    expect(await blocks(place)).toBeGreaterThan(0);
    await store.write([{ remove: tableKeys.connection(tenant, id) }]);
    expect(await sweep()).toBe(1);
  },
);

test('a snapshot is registered before its first block is written, until it is removed', async () => {
  const written: string[] = [];
  const watched = {
    ...store,
    write: async (changes: Parameters<SqliteStore['write']>[0]) => {
      for (const change of changes) if ('put' in change) written.push(change.put.pk);
      await store.write(changes);
    },
  };
  const place = { ...tenant, id: createId(now), snapshot: createId(now) };
  await using writer = createSnapshotWriter(watched, place, { clock: () => now });
  await writer.sink([createTable({})]);
  await writer.finish(missing, 1);
  expect(written[0]).toBe(tableKeys.snapshotsPartition);
  expect(written.indexOf(tableKeys.snapshotsPartition, 1)).toBe(-1);
  await removeSnapshot(store, place);
  expect(await registered()).toBe(0);
});

test('all snapshots are checked when there are more than one query reads', async () => {
  for (let n = 0; n < 105; n++) await write();
  now += day;
  expect(await sweep()).toBe(105);
  expect(await registered()).toBe(0);
});
