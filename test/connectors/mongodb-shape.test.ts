import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  Binary,
  BSON,
  BSONRegExp,
  Code,
  Decimal128,
  Double,
  Int32,
  Long,
  MaxKey,
  MinKey,
  ObjectId,
  Timestamp,
} from 'mongodb';
import { parseMongodbCollection } from '../../shared/connectors/mongodb/databases.ts';
import { toMongodbTable } from '../../shared/connectors/mongodb/collection-table.ts';
import { createDocumentShape } from '../../shared/connectors/mongodb/document-shape.ts';
import type { ShapeField } from '../../shared/connectors/mongodb/document-shape.ts';

type Document = Readonly<Record<string, unknown>>;

const shapeOf = (documents: readonly Document[]) => {
  const shape = createDocumentShape();
  for (const document of documents) shape.add(BSON.serialize(document, { ignoreUndefined: false }));
  return shape;
};
const columnsOf = (
  documents: readonly Document[],
  more: Document & { readonly indexes?: readonly Document[] } = {},
) => {
  const { indexes = [], ...options } = more;
  const found = { shape: shapeOf(documents), indexes, rows: null, size: null };
  return toMongodbTable('shop', parseMongodbCollection({ name: 'c', type: 'collection', options }), found)
    .columns;
};
const listColumns = (documents: readonly Document[], more = {}) =>
  columnsOf(documents, more).map(({ name, type, kind, nullable, share }) => [
    name,
    type,
    kind,
    nullable,
    share,
  ]);

const indexesOf = (...indexes: readonly Document[]) => {
  const found = { shape: shapeOf([]), indexes, rows: null, size: null };
  return toMongodbTable('shop', { name: 'c', kind: 'collection', timeseries: false, rules: new Map() }, found)
    .indexes;
};

test('a partial or sparse MongoDB index has its condition as a filter expression', () => {
  const partial = { key: { a: 1 }, unique: true };
  const since = new Date('2024-01-02T03:04:05Z');
  const id = new ObjectId('0123456789abcdef01234567');
  const filter = { a: { $gt: 5n }, at: { $gte: since }, by: id, not: null };
  expect(
    indexesOf(
      { ...partial, name: 'p', partialFilterExpression: filter },
      { ...partial, name: 's', sparse: true },
      { name: 't', key: { a: 1, b: -1 }, unique: true, sparse: true },
      { ...partial, name: 'u', sparse: false, hidden: true },
    ).map(({ name, unique, predicate, valid }) => [name, unique, predicate, valid]),
  ).toEqual([
    [
      'p',
      true,
      '{"a":{"$gt":5},"at":{"$gte":{"$date":"2024-01-02T03:04:05Z"}},"by":{"$oid":"0123456789abcdef01234567"},"not":null}',
      true,
    ],
    ['s', true, '{"a":{"$exists":true}}', true],
    ['t', true, '{"$or":[{"a":{"$exists":true}},{"b":{"$exists":true}}]}', true],
    ['u', true, null, true],
  ]);
});

describe('MongoDB fields', () => {
  test('have the type names of MongoDB', () => {
    const all = {
      double: new Double(1.5),
      string: 'x',
      object: { x: 1 },
      array: [],
      binData: new Binary(Buffer.from('x')),
      objectId: new ObjectId(),
      bool: true,
      date: new Date(0),
      regex: new BSONRegExp('a', 'i'),
      javascript: new Code('x'),
      javascriptWithScope: new Code('x', { y: 1 }),
      int: new Int32(1),
      timestamp: new Timestamp({ t: 1, i: 1 }),
      long: Long.fromNumber(1),
      decimal: Decimal128.fromString('1.5'),
      minKey: new MinKey(),
      maxKey: new MaxKey(),
      null: null,
    };
    for (const { name, type } of columnsOf([all])) if (name !== 'object.x') expect(type).toBe(name);
  });

  test('are listed by path, including the fields of objects in arrays', () => {
    const documents = [
      { address: { city: 'Porto' }, lines: [{ sku: 'a' }, { sku: 'b', n: 1 }], tags: ['x'], empty: [] },
    ];
    expect(listColumns(documents).map(([name, type, kind]) => [name, type, kind])).toEqual([
      ['address', 'object', 'json'],
      ['address.city', 'string', 'string'],
      ['lines', 'array<object>', 'array'],
      ['lines.sku', 'string', 'string'],
      ['lines.n', 'int', 'integer'],
      ['tags', 'array<string>', 'array'],
      ['empty', 'array', 'array'],
    ]);
  });

  test('count the documents that have them, not their occurrences', () => {
    const documents = [
      { a: 1, list: [{ b: 1 }, { b: 2 }] },
      { a: 2, list: [] },
      { list: [{}] },
      { list: null },
    ];
    expect(listColumns(documents).map(([name, , , nullable, share]) => [name, nullable, share])).toEqual([
      ['a', true, 0.5],
      ['list', true, 1],
      ['list.b', true, 0.25],
    ]);
  });

  test.each([
    [[1, 2, 'x'], 'int|string', 'other'],
    [['x', 'y', 1], 'string|int', 'other'],
    [[1, Long.fromNumber(2)], 'int|long', 'integer'],
    [[1, 1.5], 'double|int', 'float'],
    [[1.5, Decimal128.fromString('1')], 'double|decimal', 'decimal'],
    [[null, null], 'null', 'other'],
    [[null, 'x'], 'string', 'string'],
    [[new Binary(Buffer.alloc(16), 4)], 'binData', 'uuid'],
  ])(
    'of several types name the most frequent first, and have one kind if the types share it: %j',
    (values, type, kind) => {
      expect(listColumns(values.map((a) => ({ a }))).map(([, t, k]) => [t, k])).toEqual([[type, kind]]);
    },
  );

  test('with a 2dsphere index have the kind geo', () => {
    const documents = [{ at: { type: 'Point', coordinates: [1, 2] } }];
    expect(columnsOf(documents, { indexes: [{ name: 'i', key: { at: '2dsphere' } }] })[0]).toMatchObject({
      kind: 'geo',
      type: 'object',
    });
  });

  test('that only a validator knows come last, with a share of 0', () => {
    const validator = {
      $jsonSchema: {
        required: ['a', 'b'],
        properties: {
          a: { bsonType: 'int', description: 'the first' },
          b: { bsonType: 'string' },
          c: { bsonType: ['double', 'null'] },
          d: { type: 'object', properties: { e: { bsonType: 'bool' } } },
        },
      },
    };
    expect(listColumns([{ a: 'x' }], { validator })).toEqual([
      ['a', 'string', 'string', false, 1],
      ['b', 'string', 'string', true, 0],
      ['c', 'double', 'float', true, 0],
      ['d', 'object', 'json', true, 0],
      ['d.e', 'bool', 'boolean', true, 0],
    ]);
    expect(columnsOf([{ a: 1 }], { validator })[0]).toMatchObject({ comment: 'the first' });
  });

  test.each([
    [{}, false],
    [{ validationLevel: 'strict', validationAction: 'error' }, false],
    [{ validationAction: 'errorAndLog' }, false],
    [{ validationLevel: 'moderate' }, true],
    [{ validationLevel: 'off' }, true],
    [{ validationAction: 'warn' }, true],
  ])('that a validator requires are nullable unless it is enforced: %j', (options, nullable) => {
    const validator = { $jsonSchema: { required: ['a'], properties: { a: { bsonType: 'int' } } } };
    expect(listColumns([], { validator, ...options })).toEqual([['a', 'int', 'integer', nullable, 0]]);
  });

  test('that a validator joins with $and are those of all its schemas', () => {
    const validator = {
      $and: [
        { $jsonSchema: { properties: { a: { bsonType: 'int' } } } },
        { $and: [{ $jsonSchema: { required: ['a'], properties: { a: { title: 'the first' } } } }] },
        { b: { $exists: true } },
      ],
    };
    expect(listColumns([], { validator })).toEqual([['a', 'int', 'integer', false, 0]]);
    expect(columnsOf([{ a: 1 }], { validator })[0]).toMatchObject({ comment: 'the first' });
  });

  test('whose name is empty have no rule', () => {
    const validator = { $jsonSchema: { properties: { '': { bsonType: 'int', description: 'none' } } } };
    expect(listColumns([], { validator })).toEqual([]);
  });

  test('with the same path are one column, with the types of both', () => {
    const documents = [{ 'a.b': 1, a: { b: 'x' } }, { a: { b: 'y' } }, {}];
    expect(listColumns(documents)).toEqual([
      ['a.b', 'string|int', 'other', true, 0.6667],
      ['a', 'object', 'json', true, 0.6667],
    ]);
    expect(shapeOf(documents).isAmbiguous()).toBe(true);
    expect(shapeOf([{ 'a.b': 1, a: { c: 'x' } }]).isAmbiguous()).toBe(false);
  });

  test('are limited in number and depth', () => {
    const shape = shapeOf(
      Array.from({ length: 30 }, (_, n) =>
        Object.fromEntries(Array.from({ length: 100 }, (__, i) => [`f${n}_${i}`, 1])),
      ),
    );
    expect(shape.listFields()).toHaveLength(2000);
    expect(shape.isCut()).toBe(true);
    const deep = Array.from({ length: 60 }).reduce<Document>((inner) => ({ x: inner }), {});
    expect(columnsOf([deep]).length).toBeLessThan(20);
    expect([shapeOf([deep]).isCut(), shapeOf([{ x: { x: {} } }]).isCut()]).toEqual([true, false]);
    const list = Array.from({ length: 20 }).reduce<Document>((inner) => ({ x: [inner] }), { x: 1 });
    expect(shapeOf([list]).isCut()).toBe(true);
  });
});

const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { maxDepth: 4 },
    fc.integer(),
    fc.double(),
    fc.string({ unit: 'grapheme' }),
    fc.boolean(),
    fc.constant(null),
    fc.uint8Array({ maxLength: 20 }),
    fc.date({ noInvalidDate: true }),
    fc.array(tie('any'), { maxLength: 4 }),
    fc.dictionary(
      fc.string({ unit: 'grapheme' }).filter((name) => !name.includes('\0') && name !== '__proto__'),
      tie('any'),
      { maxKeys: 4 },
    ),
  ),
}));
const document = fc.dictionary(fc.stringMatching(/^[a-e]{0,2}$/), value.any, { maxKeys: 6 });

test('a MongoDB document shape counts every field of every document', () => {
  const expected = (documents: readonly Document[]) => {
    const counts = new Map<string, number>();
    for (const one of documents)
      for (const name of Object.keys(one)) counts.set(name, (counts.get(name) ?? 0) + 1);
    return counts;
  };
  fc.assert(
    fc.property(fc.array(document, { maxLength: 6 }), (documents) => {
      const seen = new Map(
        shapeOf(documents)
          .listFields()
          .map(({ name, documents: count }: ShapeField) => [name, count]),
      );
      expect(seen).toEqual(expected(documents));
    }),
  );
});

test('a MongoDB document shape rejects invalid BSON and never reads past its end', () => {
  const bytes = document.map((one) => Buffer.from(BSON.serialize(one)));
  const spoilt = fc
    .tuple(bytes, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 6 }))
    .map(([whole, changes]) => {
      const copy = Buffer.from(whole);
      for (const [at, byte] of changes) copy[at % copy.length] = byte;
      return copy;
    });
  fc.assert(
    fc.property(
      fc.oneof(
        spoilt,
        fc.uint8Array({ maxLength: 60 }).map((some) => Buffer.from(some)),
      ),
      (some) => {
        const shape = createDocumentShape();
        try {
          shape.add(some);
        } catch (error) {
          expect(error).toMatchObject({ code: 'protocol-mismatch' });
        }
        // The same bytes within a larger buffer, as they come from the socket: what follows them must not
        // matter.
        const around = Buffer.concat([Buffer.alloc(3, 1), some, Buffer.alloc(40, 1)]);
        try {
          createDocumentShape().add(new Uint8Array(around.buffer, around.byteOffset + 3, some.length));
        } catch (error) {
          expect(error).toMatchObject({ code: 'protocol-mismatch' });
        }
      },
    ),
    { numRuns: Number(process.env['FUZZ_RUNS'] ?? 500) },
  );
});
