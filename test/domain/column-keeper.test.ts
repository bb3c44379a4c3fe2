import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createSqliteStore } from '../../shared/adapters/local/sqlite-store.ts';
import type { Column, Table } from '../../shared/connectors/catalog.ts';
import type { SnapshotRef } from '../../shared/domain/catalog/snapshot/catalog-blocks.ts';
import { createSnapshotWriter } from '../../shared/domain/catalog/snapshot/snapshot-writer.ts';
import { readTables } from '../../shared/domain/catalog/snapshot/snapshot-reader.ts';
import { keepEarlierColumns } from '../../shared/domain/catalog/column-keeper.ts';
import {
  createColumns,
  countStoreItems,
  inOrder,
  longName,
  noise,
  testSnapshot,
  createTable,
} from './catalog-fixtures.ts';

const day = 86_400_000;
const start = Date.parse('2026-03-01T00:00:00Z');
const iso = (time: number) => new Date(time).toISOString();

const fieldsOf = (...names: readonly string[]): Column[] =>
  createColumns(...names).map((column) => ({ ...column, nullable: false, share: 0.5 }));
const sampled = (columns: readonly Column[]): Table =>
  createTable({ columns: [...columns], sampled: { documents: 100, of: 5000 } });
const namesOf = ({ columns }: Table) => columns.map(({ name }) => name);

/** The results of successive introspections of one table. The first one has no predecessor. */
const follow = (readings: readonly { readonly table: Table; readonly at: number }[]): Table[] => {
  const told: Table[] = [];
  for (const [i, { table, at }] of readings.entries()) {
    const [before, earlier] = [told[i - 1], readings[i - 1]];
    told.push(before && earlier ? keepEarlierColumns(table, { table: before, at: earlier.at }, at) : table);
  }
  return told;
};

const field = fc.constantFrom('_id', 'a', 'a.b', 'a.c', 'b', 'rare', 'Rare', '__proto__');
const reading = fc.record({
  fields: fc.uniqueArray(field),
  /** Days since the previous reading. */
  pause: fc.oneof(fc.integer({ min: 0, max: 40 }), fc.constantFrom(29.99, 30, 30.01)),
});

describe('columns of a sampled table', () => {
  test('that were seen within 30 days are kept with the time, and older ones are dropped', () => {
    fc.assert(
      fc.property(fc.array(reading, { minLength: 1, maxLength: 8 }), (given) => {
        let at = start;
        const seen = new Map<string, number>();
        const readings = given.map(({ fields, pause }) => ({
          table: sampled(fieldsOf(...fields)),
          at: (at += Math.round(pause * day)),
        }));
        for (const [i, table] of follow(readings).entries()) {
          const now = readings[i]?.at ?? 0;
          const found = new Set<string>(given[i]?.fields);
          // A table that shares no column with its predecessor is a different table.
          if (found.size > 0 && ![...found].some((name) => seen.has(name))) seen.clear();
          for (const name of found) seen.set(name, now);
          // A refresh drops expired columns permanently.
          for (const [name, time] of seen) if (now - time > 30 * day) seen.delete(name);
          expect(new Set(namesOf(table))).toEqual(new Set(seen.keys()));
          expect(table.columns.length).toBe(seen.size);
          expect(table.columns.map(({ position }) => position)).toEqual(table.columns.map((_, n) => n + 1));
          for (const { name, seen_at: time, nullable, share } of table.columns) {
            const isFound = found.has(name);
            expect([name, time]).toEqual([name, isFound ? undefined : iso(seen.get(name) ?? NaN)]);
            expect([name, nullable, share]).toEqual([name, !isFound, 0.5]);
          }
        }
      }),
    );
  });

  test('keep their order, whichever of them a sample finds and in any order', () => {
    const all = ['_id', 'a', 'a.b', 'b', 'c'];
    fc.assert(
      fc.property(fc.array(fc.shuffledSubarray(all), { maxLength: 8 }), (samples) => {
        const readings = [all, ...samples].map((names, i) => ({
          table: sampled(fieldsOf(...names)),
          at: start + i,
        }));
        for (const table of follow(readings)) expect(namesOf(table)).toEqual(all);
      }),
    );
  });

  test('that are new are inserted after the column that precedes them in the sample', () => {
    const [, table] = follow([
      { table: sampled(fieldsOf('_id', 'a', 'rare', 'b')), at: start },
      { table: sampled(fieldsOf('first', '_id', 'a', 'a.new', 'a.newer', 'b', 'last')), at: start },
    ]);
    expect(table && namesOf(table)).toEqual(['first', '_id', 'a', 'a.new', 'a.newer', 'rare', 'b', 'last']);
  });

  test('that are kept take nullability and comment from the current declaration of the source', () => {
    const before = sampled([{ ...fieldsOf('a')[0], type: 'int', share: 0.01 } as Column]);
    const declared = sampled([
      { ...fieldsOf('a')[0], type: 'long', nullable: false, comment: 'how many', share: 0 } as Column,
    ]);
    const kept = {
      name: 'a',
      type: 'int',
      nullable: false,
      comment: 'how many',
      share: 0.01,
      seen_at: iso(start),
    };
    expect(keepEarlierColumns(declared, { table: before, at: start }, start + day).columns).toMatchObject([
      kept,
    ]);
    // Columns that no sample found are not kept.
    expect(keepEarlierColumns(sampled([]), { table: declared, at: start }, start + day).columns).toEqual([]);
  });

  test('are not kept from a table with the same name that has no column in common', () => {
    const before = { table: sampled(fieldsOf('Alice', 'Berlin')), at: start };
    expect(namesOf(keepEarlierColumns(sampled(fieldsOf('Bob', 'Paris')), before, start))).toEqual([
      'Bob',
      'Paris',
    ]);
    // An empty sample proves nothing, so the columns are kept.
    expect(namesOf(keepEarlierColumns(sampled([]), before, start))).toEqual(['Alice', 'Berlin']);
    // A partition key is in no file, so it does not count as a common column.
    const partition = createColumns('year');
    expect(
      namesOf(
        keepEarlierColumns(
          sampled([...fieldsOf('Bob'), ...partition]),
          { ...before, table: sampled([...fieldsOf('Alice'), ...partition]) },
          start,
        ),
      ),
    ).toEqual(['Bob', 'year']);
  });

  test('with a time in the future are kept for 30 days from now', () => {
    const [, kept] = follow([
      { table: sampled(fieldsOf('a')), at: start + 400 * day },
      { table: sampled([]), at: start },
    ]);
    expect(kept?.columns).toMatchObject([{ name: 'a', seen_at: iso(start) }]);
  });

  test('that were found take precedence over kept ones within the column limit', () => {
    const many = (prefix: string, count: number) =>
      fieldsOf('_id', ...Array.from({ length: count }, (_, i) => `${prefix}${i}`));
    const [, second, third, fourth] = follow([
      { table: sampled(many('old', 1500)), at: start },
      { table: sampled(many('recent', 1500)), at: start + day },
      { table: sampled(many('newer', 1900)), at: start + 2 * day },
      { table: sampled(many('newest', 2500)), at: start + 3 * day },
    ]);
    const count = (table: Table | undefined, prefix: string) =>
      table?.columns.filter(({ name }) => name.startsWith(prefix)).length;
    expect([count(second, 'recent'), count(second, 'old')]).toEqual([1500, 499]);
    // Of the columns that were not found, the most recent ones are kept.
    expect([count(third, 'newer'), count(third, 'recent'), count(third, 'old')]).toEqual([1900, 99, 0]);
    expect([count(fourth, 'newest'), fourth?.columns.length]).toEqual([2500, 2501]);
  });
});

describe('table that was not sampled', () => {
  test('is never changed, even if only a part of its rows was read', () => {
    const columns = fc.uniqueArray(field).map((names) => fieldsOf(...names));
    const how = fc.constantFrom<Partial<Table>>({}, { sampled: { rows: 10, of: 20 } });
    fc.assert(
      fc.property(columns, columns, how, fc.nat(60 * day), (before, now, more, later) => {
        const table = createTable({ columns: now, ...more });
        expect(keepEarlierColumns(table, { table: sampled(before), at: start }, start + later)).toBe(table);
      }),
    );
  });
});

describe('catalog', () => {
  const write = async (
    store: Parameters<typeof createSnapshotWriter>[0],
    snapshot: string,
    tables: readonly Table[],
    { at, earlier }: { at: number; earlier?: { snapshot_id: string; introspected_at: string } },
  ) => {
    const there: SnapshotRef = { ...testSnapshot, snapshot };
    await using writer = createSnapshotWriter(store, there, { clock: () => at, earlier });
    await writer.sink(inOrder(tables));
    return writer.finish([], 1);
  };
  const read = async (store: Parameters<typeof readTables>[0], snapshot: string) => {
    const found: Table[] = [];
    for (let after: string | undefined; ;) {
      const page = await readTables(store, { ...testSnapshot, snapshot }, { limit: 200, after });
      found.push(...page.data);
      if (page.next === null) return found;
      after = page.next;
    }
  };

  test('keeps columns of each of its sampled tables when other tables are added and removed', async () => {
    const store = createSqliteStore({ path: ':memory:' });
    const named = (i: number, columns: readonly Column[]) => ({ ...sampled(columns), name: longName(i) });
    const numbers = Array.from({ length: 900 }, (_, i) => i);
    const first = await write(
      store,
      'first',
      numbers.filter((i) => i % 3 !== 0).map((i) => named(i, fieldsOf('_id', `rare${i}`))),
      { at: start },
    );
    const second = await write(
      store,
      'second',
      numbers
        .filter((i) => i % 2 === 0)
        .map((i) =>
          i % 10 === 0
            ? createTable({ name: longName(i), columns: fieldsOf('_id') })
            : named(i, fieldsOf('_id')),
        ),
      { at: start + day, earlier: first },
    );
    const tables = await read(store, 'second');
    expect(second).toMatchObject({ tables: 450, columns: tables.flatMap(({ columns }) => columns).length });
    for (const table of tables) {
      const i = numbers.find((n) => longName(n) === table.name) ?? NaN;
      const keeps = i % 3 !== 0 && i % 10 !== 0;
      expect([i, namesOf(table)]).toEqual([i, keeps ? ['_id', `rare${i}`] : ['_id']]);
    }
  });

  test('does not read the previous snapshot if no table was sampled or the snapshot is too old', async () => {
    const { store, counts } = countStoreItems(createSqliteStore({ path: ':memory:' }));
    const earlier = await write(store, 'first', [sampled(fieldsOf('_id', 'rare'))], { at: start });
    await write(store, 'second', [createTable({ columns: fieldsOf('_id') })], { at: start + day, earlier });
    await write(store, 'third', [sampled(fieldsOf('_id'))], { at: start + 31 * day, earlier });
    expect(counts.read).toBe(0);
    expect((await read(store, 'third')).map(namesOf)).toEqual([['_id']]);
  });

  test('keeps columns of a catalog that the previous release stored', async () => {
    const store = createSqliteStore({ path: ':memory:' });
    const { sampled: _, ...stored } = sampled(fieldsOf('_id', 'rare'));
    const earlier = await write(store, 'first', [stored], { at: start });
    await write(store, 'second', [sampled(fieldsOf('_id'))], { at: start + day, earlier });
    expect((await read(store, 'second'))[0]?.columns).toMatchObject([
      { name: '_id' },
      { name: 'rare', seen_at: iso(start) },
    ]);
  });

  test('contains only the found columns if they do not fit into a block together with the kept ones', async () => {
    const store = createSqliteStore({ path: ':memory:' });
    const odd = (seed: number) =>
      sampled(fieldsOf('_id', ...Array.from({ length: 300 }, (_, i) => noise(1000, seed + i))));
    const earlier = await write(store, 'first', [odd(0)], { at: start });
    const summary = await write(store, 'second', [odd(1000)], { at: start + day, earlier });
    expect([earlier.complete, summary.complete]).toEqual([true, true]);
    expect(await read(store, 'second')).toEqual([odd(1000)]);
  });

  test('is written when the previous snapshot was removed in the meantime', async () => {
    const store = createSqliteStore({ path: ':memory:' });
    const earlier = { snapshot_id: 'gone', introspected_at: iso(start) };
    await write(store, 'second', [sampled(fieldsOf('_id'))], { at: start + day, earlier });
    expect((await read(store, 'second')).map(namesOf)).toEqual([['_id']]);
  });
});
