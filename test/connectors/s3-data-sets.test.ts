import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createDataSets, toPartitionColumns } from '../../shared/connectors/s3/data-sets.ts';

const fold = (keys: readonly string[], { most = 1000, scope = {} } = {}) => {
  const sets = createDataSets('lake', { excludedSchemas: [], ...scope }, most);
  for (const [at, key] of keys.entries()) sets.add({ key, size: at + 1, changed: at, archived: false });
  return { tables: [...sets.found.values()], overflow: sets.overflow() };
};
const tablesOf = (keys: readonly string[]) =>
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
  ['a/orders/000000_0', 'a|orders|table'],
  ['a/orders/000001_0_copy_1.gz', 'a|orders|table'],
  ['a/orders/20260131_101112_00001_abcde_00000000-0000-4000-8000-000000000000', 'a|orders|table'],
  ['a/orders/0003_part_00.parquet', 'a|orders|table'],
  ['a/orders/data_0_1_2.csv.gz', 'a|orders|table'],
  ['a/orders/data_3.parquet', 'a|orders|table'],
  ['a/orders/000000000012.csv', 'a|orders|table'],
  ['a/orders/part.3.parquet', 'a|orders|table'],
  ['a/orders/00000000-0000-4000-8000-000000000000-0_0-22-30_20260131101112.parquet', 'a|orders|table'],
  ['a/orders/data/00000-1-00000000-0000-4000-8000-000000000000-00001.parquet', 'a|orders|table'],
  ['a/orders/data/year=2026/00000-1-00000000-0000-4000-8000-000000000000.parquet', 'a|orders|table'],
  [
    'a/orders/data/20260131_101112_00001_abcde-00000000-0000-4000-8000-000000000000.parquet',
    'a|orders|table',
  ],
  ['a/data/orders.parquet', 'a/data|orders.parquet|file'],
  ['data/part-00000.parquet', '|data|table'],
  ['a/orders_2026_part_1.csv', 'a|orders_2026_part_1.csv|file'],
  ['a/metadata/orders.json', 'a/metadata|orders.json|file'],
  ['/a.csv', '/|a.csv|file'],
  ['//a.csv', '//|a.csv|file'],
  ['/b/a.csv', '/b|a.csv|file'],
  ['/year=2026/a.csv', '/|lake|table'],
  ['a//year=2026/a.csv', 'a/|lake|table'],
  ['orders/_day=1/1.parquet', '|orders|table'],
])('the S3 key %s becomes the table %s', (key, table) => {
  expect(tablesOf([key])).toEqual([table]);
});

test.each([
  'folder/',
  'lake/orders_$folder$',
  'a/_SUCCESS',
  'a/.part-1.crc',
  'a/_delta_log/0.json',
  'a/deletion_vector_00000000-0000-4000-8000-000000000000.bin',
  'a/.hoodie/hoodie.properties',
  'a/metadata/v3.metadata.json',
  'a/metadata/00003-00000000-0000-4000-8000-000000000000.metadata.json',
  'a/metadata/00003-00000000-0000-4000-8000-000000000000.gz.metadata.json',
  'a/metadata/snap-1234567890-1-00000000-0000-4000-8000-000000000000.avro',
  'a/metadata/00000000-0000-4000-8000-000000000000-m0.avro',
  'a/metadata/version-hint.text',
  'results/00000000-0000-4000-8000-000000000000.csv.metadata',
  'a/metadata/00000000-0000-4000-8000-000000000000.stats',
  '_temporary/0/x.parquet',
])('the S3 key %s is no table: it marks a folder, or is metadata of Hive, Spark or a table format', (key) => {
  expect(tablesOf([key])).toEqual([]);
});

test('all S3 objects below the same partitions are one table, sampled at the newest object', () => {
  const { tables } = fold([
    't/d=2026-01-01/a.parquet',
    't/d=2026-01-02/b.parquet',
    't/d=2026-01-02/c.parquet',
  ]);
  expect(tables).toMatchObject([{ files: 3, bytes: 6, sample: { key: 't/d=2026-01-02/c.parquet' } }]);
});

test('the part files in one folder are one table, and every other file is its own table', () => {
  const { tables } = fold(['lake/part-00000.csv', 'lake/part-00001.csv', 'lake/notes.csv', 'lake/_SUCCESS']);
  expect(tables).toMatchObject([
    { schema: '', name: 'lake', kind: 'table', files: 2, sample: { key: 'lake/part-00001.csv' } },
    { schema: 'lake', name: 'notes.csv', kind: 'file', files: 1 },
  ]);
});

test('the sample of a table is the newest object of a supported format, and not archived if possible', () => {
  const sets = createDataSets('lake', { excludedSchemas: [] }, 10);
  const add = (key: string, changed: number, archived = false) =>
    sets.add({ key, size: 1, changed, archived });
  add('t/d=1/a.parquet', 1);
  add('t/d=2/b.parquet', 3, true);
  add('t/d=3/c.parquet', 2);
  add('t/d=3/notes.txt', 9);
  add('t/d=3/d.orc', 8);
  expect([...sets.found.values()]).toMatchObject([
    { files: 5, sample: { key: 't/d=3/c.parquet' }, spare: { key: 't/d=1/a.parquet' } },
  ]);
});

test('a table whose files have several extensions is marked as mixed', () => {
  const isMixed = (keys: readonly string[]) => fold(keys).tables.map(({ mixed }) => mixed);
  expect(isMixed(['t/d=1/a.csv', 't/d=2/b.csv'])).toEqual([false]);
  expect(isMixed(['t.x/part-00000', 't.x/part-00001'])).toEqual([false]);
  expect(isMixed(['t/d=1/a.csv', 't/d=2/b.parquet'])).toEqual([true]);
  expect(isMixed(['t/d=1/a.csv', 't/d=2/b.csv.gz'])).toEqual([true]);
});

test('an object with the name of a partitioned folder belongs to the table of the folder', () => {
  for (const keys of [
    ['a/t', 'a/t/d=1/x.csv'],
    ['a/t/d=1/x.csv', 'a/t'],
  ])
    expect(tablesOf(keys)).toEqual(['a|t|table']);
});

test('partition values get their kind after unescaping', () => {
  const { tables } = fold(['t/day=2026%2D01%2D31/n=%2D1/s=a%2Fb/x.csv', 't/day=2026-02-01/n=2/s=1/x.csv']);
  const columns = tables.flatMap((set) => toPartitionColumns(set, 1));
  expect(columns.map(({ name, kind }) => [name, kind])).toEqual([
    ['day', 'date'],
    ['n', 'integer'],
    ['s', 'string'],
  ]);
});

test('partition keys are columns of the kind that fits all their values', () => {
  const { tables } = fold([
    't/year=2026/day=2026-01-01/at%3A=x/a',
    't/year=__HIVE_DEFAULT_PARTITION__/day=2026-01-02/at%3A=1/a',
  ]);
  const columns = tables.flatMap((set) => toPartitionColumns(set, 5));
  expect(columns.map(({ name, kind, nullable, position }) => [name, kind, nullable, position])).toEqual([
    ['year', 'integer', true, 5],
    ['day', 'date', false, 6],
    ['at:', 'string', false, 7],
  ]);
});

test('only the configured schemas are read, without the excluded ones', () => {
  const keys = ['a/1.csv', 'b/1.csv', 'c/1.csv'];
  const named = fold(keys, { scope: { schemas: ['a', 'b'], excludedSchemas: ['b'] } });
  expect(named.tables.map(({ schema }) => schema)).toEqual(['a']);
});

test('tables beyond the limit are counted', () => {
  const { tables, overflow } = fold(['a', 'b', 'c', 'd'], { most: 3 });
  expect([tables.length, overflow]).toEqual([3, 1]);
});

test('arbitrary S3 keys lead to unique table names, and each key counts at most once', () => {
  const segment = fc.oneof(fc.constantFrom('a', 'b', 'k=1', 'k=', '=', '', '..', '_x'), fc.string());
  const key = fc.array(segment, { minLength: 1, maxLength: 5 }).map((parts) => parts.join('/'));
  fc.assert(
    fc.property(fc.uniqueArray(key), (keys) => {
      const { tables } = fold(keys);
      const names = tables.map(({ schema, name }) => `${schema}\n${name}`);
      expect(new Set(names).size).toBe(names.length);
      const files = tables.reduce((sum, set) => sum + set.files, 0);
      expect(files).toBeLessThanOrEqual(keys.length);
      for (const { name } of tables) expect(name).not.toBe('');
    }),
  );
});
