import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readObjectColumns } from '../../shared/connectors/s3/read-object-columns.ts';
import {
  BOOLEAN,
  BYTE_ARRAY,
  DECIMAL,
  DOUBLE,
  ENUM,
  FIXED,
  FLOAT,
  INT32,
  INT64,
  INT96,
  LIST,
  MAP,
  MAP_KEY_VALUE,
  OPTIONAL,
  REPEATED,
  REQUIRED,
  UTF8,
  bool,
  byte,
  i32,
  i64,
  list,
  logical,
  omittedNumber,
  buildParquetFile,
  struct,
  text,
  wrapParquetFooter,
  type Encoded,
  type SchemaElement,
} from './parquet-footer.ts';

const read = (bytes: Buffer, key = 'a.parquet') =>
  readObjectColumns(
    { key, size: bytes.length },
    async (from, to) => Buffer.from(bytes.subarray(from, to)),
    (work) => work(),
  );

const shapeOf = async (...args: Parameters<typeof buildParquetFile>) => {
  const reading = await read(buildParquetFile(...args));
  if (typeof reading !== 'object') return reading;
  return {
    columns: reading.columns.map(({ name, type, kind, nullable }) =>
      [name, type, kind, ...(nullable ? ['null'] : [])].join(' '),
    ),
    rows: reading.rows,
    unknownTypes: reading.unknownTypes,
  };
};
const only = async (element: Omit<SchemaElement, 'name'>) => {
  const shape = await shapeOf([{ name: 'a', ...element }]);
  return typeof shape === 'object' ? { ...shape, columns: undefined, column: shape.columns[0] } : shape;
};

const unit = (field: number): Encoded => struct({ [field]: struct({}) });

describe('Parquet column', () => {
  test.each<readonly [expected: string, Omit<SchemaElement, 'name'>]>([
    ['BOOLEAN boolean', { type: BOOLEAN }],
    ['INT32 integer', { type: INT32 }],
    ['INT64 integer', { type: INT64 }],
    ['INT96 timestamp', { type: INT96 }],
    ['FLOAT float', { type: FLOAT }],
    ['DOUBLE float', { type: DOUBLE }],
    ['BYTE_ARRAY binary', { type: BYTE_ARRAY }],
    ['FIXED_LEN_BYTE_ARRAY(4) binary', { type: FIXED, length: 4 }],
    ['UTF8 string', { type: BYTE_ARRAY, converted: UTF8 }],
    ['STRING string', { type: BYTE_ARRAY, converted: UTF8, logical: logical(1) }],
    ['ENUM string', { type: BYTE_ARRAY, converted: ENUM }],
    ['DECIMAL(9,2) decimal', { type: INT32, converted: DECIMAL, precision: 9, scale: 2 }],
    ['DECIMAL(38,0) decimal', { type: FIXED, length: 16, logical: logical(5, { 1: i32(0), 2: i32(38) }) }],
    ['DATE date', { type: INT32, logical: logical(6) }],
    ['TIME(MILLIS,true) time', { type: INT32, logical: logical(7, { 1: bool(true), 2: unit(1) }) }],
    ['TIME(NANOS,false) time', { type: INT64, logical: logical(7, { 1: bool(false), 2: unit(3) }) }],
    [
      'TIMESTAMP(MICROS,false) timestamp',
      { type: INT64, logical: logical(8, { 1: bool(false), 2: unit(2) }) },
    ],
    ['TIMESTAMP(NANOS,true) timestamp', { type: INT64, logical: logical(8, { 1: bool(true), 2: unit(3) }) }],
    ['TIMESTAMP_MILLIS timestamp', { type: INT64, converted: 9 }],
    ['INTEGER(8,false) integer', { type: INT32, logical: logical(10, { 1: byte(8), 2: bool(false) }) }],
    ['UNKNOWN other', { type: INT32, logical: logical(11) }],
    ['UNKNOWN other', { type: BYTE_ARRAY, converted: UTF8, logical: logical(11) }],
    ['JSON json', { type: BYTE_ARRAY, logical: logical(12) }],
    ['BSON json', { type: BYTE_ARRAY, converted: 20 }],
    ['INTERVAL other', { type: FIXED, length: 12, converted: 21 }],
    ['UUID uuid', { type: FIXED, length: 16, logical: logical(14) }],
    ['FLOAT16 float', { type: FIXED, length: 2, logical: logical(15) }],
    ['GEOMETRY geo', { type: BYTE_ARRAY, logical: logical(17) }],
    ['GEOGRAPHY geo', { type: BYTE_ARRAY, logical: logical(18, { 1: text('srid:4326'), 2: i32(3) }) }],
    ['struct<> json', { children: 0 }],
  ])('is read as %s', async (expected, element) => {
    expect(await only({ repetition: REQUIRED, ...element })).toMatchObject({
      column: `a ${expected}`,
      unknownTypes: 0,
    });
  });

  test.each<readonly [what: string, expected: string, Omit<SchemaElement, 'name'>]>([
    ['a logical type of a later release', 'BYTE_ARRAY binary', { type: BYTE_ARRAY, logical: logical(2555) }],
    ['a logical type that was never defined', 'INT32 integer', { type: INT32, logical: logical(9) }],
    ['an empty logical type', 'INT64 integer', { type: INT64, logical: struct({}) }],
    [
      'a known converted type and an unknown logical type',
      'UTF8 string',
      { type: BYTE_ARRAY, converted: UTF8, logical: logical(99) },
    ],
    ['an undefined converted type', 'INT32 integer', { type: INT32, converted: 99 }],
    [
      'a time unit of a later release',
      'INT64 integer',
      { type: INT64, logical: logical(8, { 1: bool(true), 2: unit(4) }) },
    ],
    [
      'a timestamp without a time unit',
      'INT64 integer',
      { type: INT64, logical: logical(8, { 1: bool(true) }) },
    ],
    ['a logical type that is a number', 'INT64 integer', { type: INT64, logical: struct({ 8: i32(1) }) }],
    ['a LIST that is not a group', 'INT32 integer', { type: INT32, converted: LIST }],
    ['an undefined physical type', 'TYPE(42) other', { type: 42 }],
    ['a negative physical type', 'TYPE(-7) other', { type: -7 }],
  ])(
    'of %s falls back to its physical type, and the other columns stay intact',
    async (_, expected, element) => {
      const shape = await shapeOf([
        { name: 'before', type: INT32, repetition: REQUIRED },
        { name: 'a', repetition: REQUIRED, ...element },
        { name: 'after', type: DOUBLE, repetition: OPTIONAL },
      ]);
      expect(shape).toEqual({
        columns: ['before INT32 integer', `a ${expected}`, 'after DOUBLE float null'],
        rows: 3,
        unknownTypes: 1,
      });
    },
  );

  test('with unknown types inside is counted once', async () => {
    const inner = [
      { name: 'x', type: INT32, logical: logical(77) },
      { name: 'y', type: INT32, logical: logical(77) },
    ];
    expect(await shapeOf([{ name: 'a', children: 2, repetition: OPTIONAL }, ...inner])).toMatchObject({
      columns: ['a struct<x: INT32, y: INT32> json null'],
      unknownTypes: 1,
    });
  });
});

describe('nested Parquet column', () => {
  const leaf = (name: string, repetition = REQUIRED, type = INT32) => ({ name, repetition, type });
  const group = (name: string, children: number, repetition = REQUIRED, converted?: number) => ({
    name,
    children,
    repetition,
    ...(converted !== undefined && { converted }),
  });
  const annotated = (name: string, converted: number) => group(name, 1, OPTIONAL, converted);

  // The forms come from https://github.com/apache/parquet-format/blob/master/LogicalTypes.md#nested-types
  test.each<readonly [expected: string, elements: readonly SchemaElement[]]>([
    ['array<INT32> array null', [annotated('a', LIST), group('list', 1, REPEATED), leaf('element', OPTIONAL)]],
    ['array<INT32> array null', [{ ...annotated('a', LIST), logical: logical(3) }, group('bag', 1, REPEATED), leaf('item')]],
    ['array<INT32> array null', [annotated('a', LIST), leaf('element', REPEATED)]],
    ['array<UTF8> array', [{ name: 'a', type: BYTE_ARRAY, converted: UTF8, repetition: REPEATED }]],
    ['array<struct<x: INT32, y: INT32>> array null', [annotated('a', LIST), group('element', 2, REPEATED), leaf('x'), leaf('y')]],
    ['array<struct<x: INT32>> array null', [annotated('a', LIST), group('array', 1, REPEATED), leaf('x')]],
    ['array<struct<x: INT32>> array null', [annotated('a', LIST), group('a_tuple', 1, REPEATED), leaf('x')]],
    ['array<struct<x: array<INT32>>> array null', [annotated('a', LIST), group('list', 1, REPEATED), leaf('x', REPEATED)]],
    ['array<array<INT32>> array null', [annotated('a', LIST), group('array', 1, REPEATED, LIST), leaf('array', REPEATED)]],
    ['array<array<INT32>> array null', [annotated('a', LIST), group('list', 1, REPEATED), annotated('element', LIST), group('list', 1, REPEATED), leaf('element')]],
    ['array<map<INT32, INT32>> array null', [annotated('a', LIST), group('element', 1, REPEATED, MAP), group('key_value', 2, REPEATED), leaf('key'), leaf('value')]],
    ['array<struct<x: INT32>> array', [group('a', 1, REPEATED), leaf('x')]],
    ['array<map<INT32, INT32>> array', [group('a', 1, REPEATED, MAP), group('key_value', 2, REPEATED), leaf('key'), leaf('value')]],
    ['map<INT32, INT32> json null', [annotated('a', MAP), group('key_value', 2, REPEATED), leaf('key'), leaf('value', OPTIONAL)]],
    ['map<INT32, INT32> json null', [annotated('a', MAP_KEY_VALUE), group('map', 2, REPEATED), leaf('key'), leaf('num')]],
    ['map<INT32, INT32> json null', [annotated('a', MAP), group('map', 2, REPEATED, MAP_KEY_VALUE), leaf('key'), leaf('value')]],
    ['array<INT32> array null', [annotated('a', MAP), group('key_value', 1, REPEATED), leaf('key')]],
    ['struct<x: INT32, y: array<INT32>> json', [group('a', 2), leaf('x'), leaf('y', REPEATED)]],
    ['VARIANT json null', [{ ...group('a', 2, OPTIONAL), logical: logical(16, { 1: byte(1) }) }, leaf('metadata'), leaf('value')]],
    ['array<VARIANT> array null', [annotated('a', LIST), group('list', 1, REPEATED), { ...group('element', 2), logical: logical(16) }, leaf('metadata'), leaf('value')]],
  ])('is read as %s', async (expected, elements) => {
    expect(await shapeOf(elements)).toMatchObject({ columns: [`a ${expected}`], unknownTypes: 0 });
  }); // prettier-ignore

  test.each<readonly [expected: string, elements: readonly SchemaElement[]]>([
    ['struct<x: INT32, y: INT32> json', [group('a', 2, REQUIRED, LIST), leaf('x'), leaf('y')]],
    ['struct<x: INT32> json', [group('a', 1, REQUIRED, MAP), leaf('x')]],
  ])('with an invalid LIST or MAP annotation is read as %s', async (expected, elements) => {
    expect(await shapeOf(elements)).toMatchObject({ columns: [`a ${expected}`], unknownTypes: 1 });
  });

  test('that is nested too deeply is too large, and one without an end is unreadable', async () => {
    const deep = Array.from({ length: 200 }, () => ({ name: 'x', children: 1 }));
    expect(await read(buildParquetFile([...deep, leaf('x')]))).toBe('tooLarge');
    const footer = struct({
      2: list([struct({ 4: text('root'), 5: i32(1_000_000_000) })]),
      3: i64(1),
      4: list([]),
    });
    expect(await read(wrapParquetFooter(footer.bytes))).toBe('unreadable');
  });
});

describe('GeoParquet file', () => {
  const wkb = { type: BYTE_ARRAY, repetition: OPTIONAL };
  const pairs = (geo: unknown) => ({ pairs: { pandas: '{}', geo: JSON.stringify(geo) } });

  test('has geometry columns where its metadata names them', async () => {
    const geo = {
      version: '1.1.0',
      primary_column: 'a',
      columns: {
        a: { encoding: 'WKB', geometry_types: ['Point'], crs: null },
        b: { encoding: 'WKB', edges: 'spherical', geometry_types: [] },
        c: { encoding: 'point', geometry_types: ['Point'] },
        absent: { encoding: 'WKB' },
      },
    };
    expect(
      await shapeOf(
        [
          { name: 'a', ...wkb },
          { name: 'b', ...wkb },
          { name: 'c', children: 2, repetition: OPTIONAL },
          { name: 'x', type: DOUBLE, repetition: REQUIRED },
          { name: 'y', type: DOUBLE, repetition: REQUIRED },
          { name: 'd', ...wkb },
        ],
        pairs(geo),
      ),
    ).toEqual({
      columns: [
        'a GEOMETRY geo null',
        'b GEOGRAPHY geo null',
        'c struct<x: DOUBLE, y: DOUBLE> geo null',
        'd BYTE_ARRAY binary null',
      ],
      rows: 3,
      unknownTypes: 0,
    });
  });

  test.each([
    ['is not JSON', { pairs: { geo: '{' } }],
    ['has another structure', pairs({ columns: 7 })],
    ['is nested too deeply', { pairs: { geo: '['.repeat(1000) } }],
  ])('whose metadata %s has one unknown type', async (_, more) => {
    expect(await shapeOf([{ name: 'a', ...wkb }], more)).toEqual({
      columns: ['a BYTE_ARRAY binary null'],
      rows: 3,
      unknownTypes: 1,
    });
  });
});

describe('row count of a Parquet file', () => {
  const one = [{ name: 'a', type: INT32 }];
  test.each<readonly [what: string, expected: number | null, Parameters<typeof buildParquetFile>[1]]>([
    ['the row count of the file', 7, { rows: i64(7), groups: [3, 3] }],
    [
      'the sum of the row groups if the row count of the file is negative',
      7,
      { rows: i64(-1), groups: [3, 4] },
    ],
    ['the sum of the row groups if the file has no row count', 7, { rows: omittedNumber, groups: [3, 4] }],
    [
      'the sum of the row groups if the row count of the file is impossible',
      7,
      { rows: i64(2n ** 62n), groups: [3, 4] },
    ],
    ['unknown if a row group has a negative row count', null, { rows: i64(-1), groups: [3, -4] }],
    ['unknown if a row group has no row count', null, { rows: omittedNumber, groups: [3, undefined] }],
    ['zero without row groups', 0, { rows: omittedNumber }],
  ])('is %s', async (_, expected, metadata) => {
    expect(await shapeOf(one, metadata)).toMatchObject({ columns: ['a INT32 integer null'], rows: expected });
  });

  test('is never negative or unsafe, whatever the footer contains', async () => {
    const number = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    await fc.assert(
      fc.asyncProperty(number, fc.array(fc.integer({ min: -5, max: 1000 })), async (rows, groups) => {
        const reading = await read(buildParquetFile(one, { rows: i64(rows), groups }));
        const count = typeof reading === 'object' ? reading.rows : undefined;
        expect(count === null || (Number.isSafeInteger(count) && Number(count) >= 0)).toBe(true);
      }),
    );
  });

  test('is unknown when the footer is damaged after the schema, and the columns remain', async () => {
    const schema = list([struct({ 4: text('root'), 5: i32(1) }), struct({ 1: i32(INT32), 3: i32(0), 4: text('a') })]);
    const damaged = Buffer.concat([struct({ 1: i32(2), 2: schema }).bytes.subarray(0, -1), Buffer.from([0x19, 0xff, 0xff])]);
    const reading = await read(wrapParquetFooter(damaged));
    expect(reading).toMatchObject({ columns: [{ name: 'a', kind: 'integer' }], rows: null });
  }); // prettier-ignore
});

test('an encrypted Parquet footer differs from a damaged one', async () => {
  const encrypted = wrapParquetFooter(Buffer.alloc(100));
  encrypted.write('PARE', encrypted.length - 4);
  expect(await read(encrypted)).toBe('encrypted');
  encrypted.write('PARF', encrypted.length - 4);
  expect(await read(encrypted)).toBe('unreadable');
});

test('a Parquet footer above the size limit differs from one that is longer than its file', async () => {
  const bytes = Buffer.alloc(9 * 2 ** 20, 'PAR1');
  bytes.writeUInt32LE(8 * 2 ** 20, bytes.length - 8);
  expect(await read(bytes)).toBe('tooLarge');
  bytes.writeUInt32LE(9 * 2 ** 20, bytes.length - 8);
  expect(await read(bytes)).toBe('unreadable');
});

test('a compression suffix in the name of a Parquet file refers to its pages, unless the whole file is compressed', async () => {
  const bytes = buildParquetFile([{ name: 'a', type: INT32 }]);
  for (const key of ['a.parquet.gzip', 'a.parquet.gz', 'a.parquet.snappy', 'a.gz.parquet', 'a.snappy.pq'])
    expect(await read(bytes, key)).toMatchObject({ columns: [{ name: 'a' }] });
  expect(await read(gzipSync(bytes), 'a.parquet.gz')).toBe('unsupported');
  expect(await read(gzipSync(bytes), 'a.parquet')).toBe('unreadable');
});
