import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { dataSets, partitionColumns } from '../../shared/connectors/s3/data-sets.ts';

const fold = (keys: readonly string[], { most = 1000, scope = {} } = {}) => {
  const sets = dataSets('lake', { excludedSchemas: [], ...scope }, most);
  for (const [at, key] of keys.entries()) sets.add({ key, size: at + 1, changed: at, archived: false });
  return { tables: [...sets.found.values()], overflow: sets.overflow() };
};
const placesOf = (keys: readonly string[]) =>
  fold(keys).tables.map(({ schema, name, kind }) => `${schema}|${name}|${kind}`);

test.each([
  ['top.csv', '|top.csv|file'],
  ['a/b/c.parquet', 'a/b|c.parquet|file'],
  ['a/orders/year=2026/1.parquet', 'a|orders|table'],
  ['orders/year=2026/1.parquet', '|orders|table'],
  ['year=2026/1.parquet', '|lake|table'],
  ['a//b.csv', 'a/|b.csv|file'],
  ['a/x=y.csv', 'a|x=y.csv|file'],
  ['a/orders/part-00000-1f.c000.snappy.parquet', 'a|orders|table'],
  ['orders/part-r-00003.gz', '|orders|table'],
  ['part-00000', '|lake|table'],
  ['a/year=2026/part-00000', '|a|table'],
  ['a/part-1.csv', 'a|part-1.csv|file'],
  ['a/parts-00001.csv', 'a|parts-00001.csv|file'],
  ['orders/_day=1/1.parquet', '|orders|table'],
])('%s is %s', (key, place) => {
  expect(placesOf([key])).toEqual([place]);
});

test.each([
  'folder/',
  'lake/orders_$folder$',
  'a/_SUCCESS',
  'a/.part-1.crc',
  'a/_delta_log/0.json',
  '_temporary/0/x.parquet',
])('%s is no table: a folder’s mark, or what Hive and Spark write beside their data', (key) => {
  expect(placesOf([key])).toEqual([]);
});

test('all that is below the same partitions is one table, read where it changed last', () => {
  const { tables } = fold([
    't/d=2026-01-01/a.parquet',
    't/d=2026-01-02/b.parquet',
    't/d=2026-01-02/c.parquet',
  ]);
  expect(tables).toMatchObject([{ files: 3, bytes: 6, sample: { key: 't/d=2026-01-02/c.parquet' } }]);
});

test('the parts of one folder are one table, and what else is there is another', () => {
  const { tables } = fold(['lake/part-00000.csv', 'lake/part-00001.csv', 'lake/notes.csv', 'lake/_SUCCESS']);
  expect(tables).toMatchObject([
    { schema: '', name: 'lake', kind: 'table', files: 2, sample: { key: 'lake/part-00001.csv' } },
    { schema: 'lake', name: 'notes.csv', kind: 'file', files: 1 },
  ]);
});

test('partition keys are columns, of the kind that all their values have', () => {
  const { tables } = fold([
    't/year=2026/day=2026-01-01/at%3A=x/a',
    't/year=__HIVE_DEFAULT_PARTITION__/day=2026-01-02/at%3A=1/a',
  ]);
  const columns = tables.flatMap((set) => partitionColumns(set, 5));
  expect(columns.map(({ name, kind, nullable, position }) => [name, kind, nullable, position])).toEqual([
    ['year', 'integer', true, 5],
    ['day', 'date', false, 6],
    ['at:', 'string', false, 7],
  ]);
});

test('only the schemas that are asked for, and none that is excluded', () => {
  const keys = ['a/1.csv', 'b/1.csv', 'c/1.csv'];
  const named = fold(keys, { scope: { schemas: ['a', 'b'], excludedSchemas: ['b'] } });
  expect(named.tables.map(({ schema }) => schema)).toEqual(['a']);
});

test('what is beyond the limit is counted', () => {
  const { tables, overflow } = fold(['a', 'b', 'c', 'd'], { most: 3 });
  expect([tables.length, overflow]).toEqual([3, 1]);
});

test('whatever the keys are, no two tables have one place, and no byte counts twice', () => {
  const segment = fc.oneof(fc.constantFrom('a', 'b', 'k=1', 'k=', '=', '', '..', '_x'), fc.string());
  const key = fc.array(segment, { minLength: 1, maxLength: 5 }).map((parts) => parts.join('/'));
  fc.assert(
    fc.property(fc.uniqueArray(key), (keys) => {
      const { tables } = fold(keys);
      const places = tables.map(({ schema, name }) => `${schema}\n${name}`);
      expect(new Set(places).size).toBe(places.length);
      const files = tables.reduce((sum, set) => sum + set.files, 0);
      expect(files).toBeLessThanOrEqual(keys.length);
      for (const { name } of tables) expect(name).not.toBe('');
    }),
  );
});
