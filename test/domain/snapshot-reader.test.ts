import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Table } from '../../shared/connectors/catalog.ts';
import { createSnapshotWriter } from '../../shared/domain/catalog/snapshot/snapshot-writer.ts';
import {
  findTable,
  readTables,
  removeSnapshot,
} from '../../shared/domain/catalog/snapshot/snapshot-reader.ts';
import { Problem } from '../../shared/problem.ts';
import { createSqliteStore } from '../../shared/adapters/local/sqlite-store.ts';
import {
  createColumns,
  countStoreItems,
  longName,
  noise,
  testSnapshot,
  createTable,
  tables,
  writeSnapshot,
} from './catalog-fixtures.ts';

type Filters = Omit<Parameters<typeof readTables>[2], 'limit' | 'after'>;

describe('catalog', () => {
  test('returns every written table once, page by page, for every filter and limit', async () => {
    await fc.assert(
      fc.asyncProperty(tables, fc.integer({ min: 1, max: 16 }), fc.integer(), async (given, limit, seed) => {
        const { store } = countStoreItems(createSqliteStore({ path: ':memory:' }));
        await writeSnapshot(store, given);
        const some = given[Math.abs(seed) % Math.max(1, given.length)];
        for (const filters of filtersFor(some)) {
          const pages = await allPages(store, filters, limit);
          expect(pages.flat()).toEqual(given.filter((table) => matches(table, filters)));
          expect(pages.slice(0, -1).every((page) => page.length === limit)).toBe(true);
        }
      }),
      { numRuns: 60 },
    );
  });

  test('reads at most two blocks for a page', async () => {
    const { store, counts } = countStoreItems(createSqliteStore({ path: ':memory:' }));
    const given = ['a', 'b', 'c'].flatMap((schema) => manyTables(schema, 1500));
    await writeSnapshot(store, given);
    expect(counts.written).toBeGreaterThan(8);

    let after: string | undefined;
    const seen: Table[] = [];
    do {
      counts.read = 0;
      const { data, next } = await readTables(store, testSnapshot, { limit: 200, after });
      expect(counts.read).toBeLessThanOrEqual(2);
      seen.push(...data);
      after = next ?? undefined;
    } while (after !== undefined);
    expect(seen).toEqual(given);

    for (const filters of [
      { schema: 'b' },
      { schema: 'c', table: 't01499' },
      { schema: 'b', table: 'none' },
    ]) {
      counts.read = 0;
      const { data } = await readTables(store, testSnapshot, { ...filters, limit: 200 });
      expect(data).toEqual(given.filter((table) => matches(table, filters)).slice(0, 200));
      expect(counts.read).toBeLessThanOrEqual(2);
    }
  });

  test('reads at most two blocks for a page of wide tables', async () => {
    const { store, counts } = countStoreItems(createSqliteStore({ path: ':memory:' }));
    await writeSnapshot(
      store,
      manyTables('s', 600).map((table) => ({ ...table, comment: 'wide'.repeat(3000) })),
    );
    expect(counts.written).toBeGreaterThan(4);
    let after: string | undefined;
    do {
      counts.read = 0;
      const { next } = await readTables(store, testSnapshot, { limit: 200, after });
      expect(counts.read).toBeLessThanOrEqual(2);
      after = next ?? undefined;
    } while (after !== undefined);
  });

  test('distinguishes names that share their first 900 bytes, across several blocks', async () => {
    const { store, counts } = countStoreItems(createSqliteStore({ path: ':memory:' }));
    const given = Array.from({ length: 900 }, (_, i) =>
      createTable({ schema: 'long', name: longName(i), comment: noise(1500, i) }),
    );
    await writeSnapshot(store, given);
    expect(counts.written).toBeGreaterThan(6);

    expect((await allPages(store, { schema: 'long' }, 70)).flat()).toEqual(given);
    for (const i of [0, 1, 450, 898, 899])
      expect(await findTable(store, testSnapshot, 'long', longName(i))).toEqual(given[i]);
    expect(await findTable(store, testSnapshot, 'long', longName(900))).toBeUndefined();
    expect((await readTables(store, testSnapshot, { table: longName(7), limit: 5 })).data).toEqual([
      given[7],
    ]);
  });

  test.each([2, 3, 4, 5])('stores %d tables that do not fit into one block together', async (count) => {
    const { store, counts } = countStoreItems(createSqliteStore({ path: ':memory:' }));
    const given = Array.from({ length: count }, (_, i) =>
      createTable({ name: `t${i}`, comment: noise(210_000, i) }),
    );
    await writeSnapshot(store, given);
    expect(counts.written).toBeGreaterThanOrEqual(count);
    expect((await readTables(store, testSnapshot, { limit: 10 })).data).toEqual(given);
  });

  test('limits a page to 4 MB', async () => {
    const store = createSqliteStore({ path: ':memory:' });
    const given = Array.from({ length: 30 }, (_, i) =>
      createTable({ name: `t${String(i).padStart(2, '0')}`, comment: 'x'.repeat(400_000) }),
    );
    await writeSnapshot(store, given);
    const pages = await allPages(store, {}, 50);
    expect(pages.flat()).toEqual(given);
    expect(pages.map((page) => page.length)).toEqual([9, 9, 9, 3]);
  });

  test('fills a page with tables of a rare kind from distant blocks', async () => {
    const store = createSqliteStore({ path: ':memory:' });
    const given = manyTables('s', 4000).map((table, i): Table => ({
      ...table,
      kind: i % 700 === 3 ? 'view' : 'table',
      comment: noise(1000, i),
    }));
    await writeSnapshot(store, given);
    const views = given.filter(({ kind }) => kind === 'view');
    expect(await allPages(store, { kind: 'view' }, 4)).toEqual([views.slice(0, 4), views.slice(4)]);
    expect(await allPages(store, { kind: 'topic' }, 4)).toEqual([[]]);
  });

  test('is empty without a snapshot', async () => {
    expect(await readTables(createSqliteStore({ path: ':memory:' }), testSnapshot, { limit: 5 })).toEqual({
      data: [],
      next: null,
    });
  });

  test.each([
    '',
    'null',
    '{}',
    '["B#",0]',
    '["N#table#",0]',
    '["B#s\\u0001t",-1]',
    '["B#s\\u0001t","1"]',
    '["B#nowhere\\u0001t",0]',
    '["C#s\\u0001t",0]',
  ])('refuses the cursor %s', async (after) => {
    const store = createSqliteStore({ path: ':memory:' });
    await writeSnapshot(store, [createTable({ schema: 's', name: 't' })]);
    await expect(readTables(store, testSnapshot, { limit: 5, after })).rejects.toMatchObject({
      name: 'Problem',
      code: 'invalid-cursor',
    });
  });

  test('refuses a cursor after the range of the filter', async () => {
    const { store } = countStoreItems(createSqliteStore({ path: ':memory:' }));
    await writeSnapshot(store, [...manyTables('a', 2), ...manyTables('b', 400), ...manyTables('c', 400)]);
    const { data, next } = await readTables(store, testSnapshot, { limit: 700 });
    expect(data).toHaveLength(700);
    await expect(
      readTables(store, testSnapshot, { schema: 'a', limit: 1, after: next ?? '' }),
    ).rejects.toMatchObject({ code: 'invalid-cursor' });
  });

  test('refuses a cursor of a removed snapshot', async () => {
    const store = createSqliteStore({ path: ':memory:' });
    await writeSnapshot(store, manyTables('s', 3));
    const { next } = await readTables(store, testSnapshot, { limit: 1 });
    await removeSnapshot(store, testSnapshot);
    await expect(readTables(store, testSnapshot, { limit: 1, after: next ?? '' })).rejects.toBeInstanceOf(
      Problem,
    );
  });
});

describe('snapshot writer', () => {
  test('returns the numbers of tables and columns and an empty list of missing items', async () => {
    const writer = createSnapshotWriter(createSqliteStore({ path: ':memory:' }), testSnapshot, {
      clock: () => Date.UTC(2030, 0, 1),
    });
    await writer.sink([createTable({ name: 'a' })]);
    await writer.sink([createTable({ name: 'b' }), createTable({ name: 'c' })]);
    expect(await writer.finish([], 12)).toEqual({
      snapshot_id: testSnapshot.snapshot,
      introspected_at: '2030-01-01T00:00:00.000Z',
      tables: 3,
      columns: 3,
      complete: true,
      missing: [],
      duration_ms: 12,
    });
  });

  test.each([
    [NaN, null],
    [Infinity, null],
    [-1, null],
    [2 ** 63, null],
    [0, 0],
    [2 ** 53 - 1, 2 ** 53 - 1],
  ])('stores %d rows or bytes as %d', async (given, stored) => {
    const { store } = countStoreItems(createSqliteStore({ path: ':memory:' }));
    await writeSnapshot(store, [createTable({ rows: given, size_bytes: given })]);
    const { data } = await readTables(store, testSnapshot, { limit: 1 });
    expect(data).toMatchObject([{ rows: stored, size_bytes: stored }]);
  });

  test.each([
    ['a name', { name: noise(600_000, 1) }, 1],
    ['a name that compresses well', { name: 'x'.repeat(10_000_000) }, 1],
    ['the name of a schema', { schema: noise(600_000, 2) }, 1],
    ['the name of a parent', { parent: noise(600_000, 3) }, 2],
    ['the name of a column', { columns: createColumns(noise(600_000, 4)) }, 2],
  ])('keeps the other tables when %s has hundreds of kilobytes', async (_, given, kept) => {
    const { store } = countStoreItems(createSqliteStore({ path: ':memory:' }));
    await using writer = createSnapshotWriter(store, testSnapshot, { clock: Date.now });
    await writer.sink([createTable(given), createTable({ schema: '\u{10ffff}', name: 'zz' })]);
    const long = { reason: 'tables-denied' as const, remediation: `GRANT ${noise(600_000, 5)}` };
    const { tables: count, missing } = await writer.finish([long], 1);
    expect(count).toBe(kept);
    expect(missing).toMatchObject([{ reason: 'tables-denied' }, { reason: 'limit', count: 1 }]);
    expect(JSON.stringify(missing).length).toBeLessThan(30_000);
    expect((await readTables(store, testSnapshot, { limit: 10 })).data.at(-1)?.name).toBe('zz');
  });

  test('marks a table as partial when not all of its columns fit', async () => {
    const store = createSqliteStore({ path: ':memory:' });
    await writeSnapshot(store, [
      createTable({ name: 'narrow', columns: createColumns('a') }),
      createTable({ name: 'wide', columns: createColumns('a', noise(600_000, 6)) }),
    ]);
    const { data } = await readTables(store, testSnapshot, { limit: 5 });
    expect(data.map(({ name, partial }) => [name, partial])).toEqual([
      ['narrow', undefined],
      ['wide', true],
    ]);
  });

  test('returns an incomplete catalog when the source reports missing items', async () => {
    const missing = [{ reason: 'tables-denied' as const, count: 2, remediation: 'GRANT SELECT …' }];
    expect(await writeSnapshot(createSqliteStore({ path: ':memory:' }), [], missing)).toMatchObject({
      tables: 0,
      complete: false,
      missing,
    });
  });

  test.each([
    ['twice', [{ name: 'a' }, { name: 'a' }]],
    ['out of order', [{ name: 'b' }, { name: 'a' }]],
    ['by a schema out of order', [{ schema: 't' }, { schema: 's', name: 'z' }]],
    // U+FF5E sorts before U+1F600 in UTF-8 and after it in UTF-16.
    ['in the order of UTF-16', [{ name: '\u{1F600}' }, { name: '\uFF5E' }]],
  ])('refuses tables %s', async (_, given) => {
    const { sink } = createSnapshotWriter(createSqliteStore({ path: ':memory:' }), testSnapshot, {
      clock: Date.now,
    });
    await expect(sink(given.map(createTable))).rejects.toThrow(RangeError);
  });

  test('drops comments and defaults, and then columns, of a table that exceeds a block, and reports it', async () => {
    const store = createSqliteStore({ path: ':memory:' });
    const wide = (name: string, columns: number, comment: (i: number) => string): Table =>
      createTable({
        name,
        columns: createColumns(...Array.from({ length: columns }, (_, i) => `${noise(30, i)}_${i}`)).map(
          (column, i) => ({ ...column, comment: comment(i) }),
        ),
      });
    const withKey = (table: Table, at: number): Table => ({
      ...table,
      primary_key: table.columns.slice(at, at + 1).map(({ name }) => name),
    });
    const given = [
      withKey(
        wide('a', 1000, (i) => noise(500, i)),
        999,
      ),
      withKey(
        wide('b', 50_000, () => 'x'),
        0,
      ),
      withKey(
        wide('bb', 50_000, () => 'x'),
        49_999,
      ),
      wide('c', 100, () => 'kept'),
    ];
    const summary = await writeSnapshot(store, given);
    const read = await readTables(store, testSnapshot, { limit: 10 });
    const { data } = { data: read.data.filter(({ name }) => name !== 'bb') };
    // A primary key is kept if its columns are.
    expect(read.data.map(({ primary_key: key }) => key.length)).toEqual([
      1,
      1,
      0,
      given[3]?.primary_key.length,
    ]);
    expect(data.map(({ columns }) => columns[0]?.comment)).toEqual([null, null, 'kept']);
    expect(data[0]?.columns.map(({ name }) => name)).toEqual(given[0]?.columns.map(({ name }) => name));
    expect(data[1]?.columns.length).toBeGreaterThan(1000);
    expect(data[2]).toEqual(given[3]);
    expect(summary).toMatchObject({
      complete: false,
      tables: 4,
      columns: read.data.reduce((sum, { columns }) => sum + columns.length, 0),
      missing: [
        { reason: 'limit', count: 1 },
        { reason: 'limit', count: 2 },
      ],
    });
  });

  test('throws the error of the store', async () => {
    const store = {
      ...createSqliteStore({ path: ':memory:' }),
      write: () => Promise.reject(new Problem('unavailable')),
    };
    await expect(writeSnapshot(store, manyTables('s', 2000))).rejects.toMatchObject({ code: 'unavailable' });
  });

  test('waits for pending writes at disposal, even after one failed', async () => {
    const gate = Promise.withResolvers<void>();
    const happened: string[] = [];
    const writes: (() => Promise<unknown>)[] = [
      () => Promise.resolve(), // registers the snapshot
      () => gate.promise.then(() => happened.push('landed')),
      () => Promise.reject(new Problem('unavailable')),
    ];
    const store = {
      ...createSqliteStore({ path: ':memory:' }),
      write: async () => {
        await writes.shift()?.();
      },
    };
    const fill = async () => {
      await using writer = createSnapshotWriter(store, testSnapshot, { clock: Date.now });
      try {
        await writer.sink(manyTables('s', 3000));
      } finally {
        setImmediate(gate.resolve);
      }
    };
    await fill().catch((error: unknown) => happened.push(String(error)));
    expect(happened).toEqual(['landed', expect.stringMatching('^Problem')]);
  });

  test('sets the expiry of a snapshot', async () => {
    let now = 0;
    const store = createSqliteStore({ path: ':memory:', clock: () => now });
    const writer = createSnapshotWriter(store, testSnapshot, { clock: () => now, expires: 60 });
    await writer.sink([createTable({})]);
    await writer.finish([], 1);
    expect((await readTables(store, testSnapshot, { limit: 1 })).data).toHaveLength(1);
    now = 60_000;
    expect((await readTables(store, testSnapshot, { limit: 1 })).data).toHaveLength(0);
  });
});

test('the removal of a snapshot leaves none of its items and keeps other snapshots', async () => {
  const { store, counts } = countStoreItems(createSqliteStore({ path: ':memory:' }));
  const other = { ...testSnapshot, snapshot: `${testSnapshot.snapshot}2` };
  const given = manyTables('s', 9000).map((table, i) => ({ ...table, comment: noise(800, i) }));
  await writeSnapshot(store, given);
  expect(counts.written).toBeGreaterThan(25);
  await writeSnapshot(store, given.slice(0, 3), [], other);
  await removeSnapshot(store, testSnapshot);
  expect((await readTables(store, testSnapshot, { limit: 1 })).data).toEqual([]);
  expect(await store.query({ pk: 'CAT#org_test#default#conn_1#snap_1', limit: 1 })).toEqual({ items: [] });
  expect((await readTables(store, other, { limit: 10 })).data).toEqual(given.slice(0, 3));
});

const manyTables = (schema: string, count: number): Table[] =>
  Array.from({ length: count }, (_, i) =>
    createTable({
      schema,
      name: `t${String(i).padStart(5, '0')}`,
      columns: createColumns(...Array.from({ length: 15 }, (_each, at) => `column_${at}`)),
    }),
  );

const filtersFor = (some: Table | undefined): Filters[] => [
  {},
  { schema: some?.schema ?? 'none' },
  { table: some?.name ?? 'none' },
  { kind: some?.kind ?? 'table' },
  { schema: some?.schema ?? 'none', table: some?.name ?? 'none' },
  { schema: some?.schema ?? 'none', kind: 'view' },
  { table: some?.name ?? 'none', kind: 'table' },
  { schema: some?.schema ?? 'none', table: some?.name ?? 'none', kind: 'table' },
];

const matches = (table: Table, { schema, table: name, kind }: Filters): boolean =>
  (schema === undefined || table.schema === schema) &&
  (name === undefined || table.name === name) &&
  (kind === undefined || table.kind === kind);

const allPages = async (store: Parameters<typeof readTables>[0], filters: Filters, limit: number) => {
  const pages: Table[][] = [];
  let after: string | undefined;
  do {
    const { data, next } = await readTables(store, testSnapshot, { ...filters, limit, after });
    pages.push(data);
    after = next ?? undefined;
  } while (after !== undefined);
  return pages;
};
