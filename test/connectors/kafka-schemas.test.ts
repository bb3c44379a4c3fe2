import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseAvroFields } from '../../shared/connectors/kafka/avro.ts';
import { toKafkaColumns, createSchemaReading } from '../../shared/connectors/kafka/schema-fields.ts';
import { readers, record, buildSchemaText, renderSchemaColumns } from './kafka-schema-readers.ts';

describe('Avro schema', () => {
  test('lists each field with its type, or its logical type if it has one', () => {
    const fields = [
      { name: 'id', type: 'long' },
      { name: 'price', type: { type: 'bytes', logicalType: 'decimal', precision: 12, scale: 2 } },
      { name: 'at', type: { type: 'long', logicalType: 'timestamp-micros' } },
      { name: 'key', type: { type: 'string', logicalType: 'uuid' } },
      { name: 'note', type: ['null', 'string'] },
      { name: 'either', type: ['null', 'int', 'string'] },
      { name: 'state', type: { type: 'enum', name: 'State', symbols: ['NEW'] } },
      { name: 'hash', type: { type: 'fixed', name: 'Hash', size: 16 } },
      { name: 'tags', type: { type: 'array', items: 'string' } },
      { name: 'more', type: { type: 'map', values: { type: 'array', items: 'int' } } },
    ];
    expect(renderSchemaColumns('avro', record('Order', fields))).toEqual([
      'id: long integer',
      'price: decimal(12,2) decimal',
      'at: timestamp-micros timestamp',
      'key: uuid uuid',
      'note: string string?',
      'either: union<int,string> other?',
      'state: State string',
      'hash: fixed(16) binary',
      'tags: array<string> array',
      'more: map<array<int>> json',
    ]);
  });

  test('opens nested records by their path, and a recursive record only once', () => {
    const node = record('Node', [
      { name: 'value', type: 'int', default: 7, doc: 'How much' },
      { name: 'next', type: ['null', 'Node'], default: null },
    ]);
    const columns = toKafkaColumns(
      parseAvroFields(buildSchemaText(record('List', [{ name: 'head', type: node }], { namespace: 'a.b' }))),
      createSchemaReading(),
    );
    expect(columns.map(({ name }) => name)).toEqual(
      ['head', 'head.value', 'head.next', 'head.next.value', 'head.next.next'].slice(0, columns.length),
    );
    expect(columns[1]).toMatchObject({ default: '7', comment: 'How much', position: 2 });
    expect(columns.length).toBeLessThan(6);
  });

  test('finds types that another schema defines', () => {
    const money = record('Money', [{ name: 'cents', type: 'long' }], { namespace: 'shop' });
    const order = record('Order', [{ name: 'total', type: 'shop.Money' }]);
    expect(renderSchemaColumns('avro', order, { 'shop.Money': money })).toEqual([
      'total: Money json',
      'total.cents: long integer',
    ]);
  });

  test('reads a schema that is not a record as one value', () => {
    expect(renderSchemaColumns('avro', '"string"')).toEqual(['value: string string']);
  });
});

describe('JSON Schema', () => {
  test('lists properties, nullable if they are not required', () => {
    const properties = {
      id: { type: 'integer' },
      at: { type: 'string', format: 'date-time' },
      note: { type: ['string', 'null'] },
      data: { type: 'string', contentEncoding: 'base64' },
      tags: { type: 'array', items: { type: 'string' } },
      state: { enum: ['new', 'paid'] },
      any: {},
      maybe: { oneOf: [{ type: 'null' }, { type: 'number' }] },
    };
    const required = ['id', 'at', 'note', 'data', 'tags', 'state', 'any', 'maybe'].slice(0, 4);
    expect(renderSchemaColumns('json', { type: 'object', properties, required })).toEqual([
      'id: integer integer',
      'at: string(date-time) timestamp',
      'note: string string?',
      'data: string binary',
      'tags: array<string> array?',
      'state: enum string?',
      'any: any other?',
      'maybe: number float?',
    ]);
  });

  test('follows references within the schema and to registered schemas, never to an address', () => {
    const order = {
      type: 'object',
      properties: {
        buyer: { $ref: '#/definitions/Person' },
        total: { $ref: 'money.json' },
        evil: { $ref: 'http://169.254.169.254/latest' },
      },
      definitions: {
        Person: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] },
      },
      required: ['buyer', 'total', 'evil'],
    };
    const money = { type: 'object', properties: { cents: { type: 'integer' } }, required: ['cents'] };
    expect(renderSchemaColumns('json', order, { 'money.json': money })).toEqual([
      'buyer: object json',
      'buyer.name: string string',
      'total: object json',
      'total.cents: integer integer',
      'evil: any other?',
    ]);
  });

  test('includes the properties that allOf adds', () => {
    const base = { properties: { id: { type: 'integer' } }, required: ['id'] };
    const whole = {
      allOf: [{ $ref: '#/$defs/base' }],
      $defs: { base },
      properties: { more: { type: 'boolean' } },
    };
    expect(renderSchemaColumns('json', whole)).toEqual(['id: integer integer', 'more: boolean boolean?']);
  });

  test('ends for a schema that refers to itself', () => {
    expect(renderSchemaColumns('json', { $ref: '#' }).length).toBeLessThan(2);
    const tree = { properties: { left: { $ref: '#' }, right: { $ref: '#' } } };
    expect(renderSchemaColumns('json', tree).length).toBeLessThan(10);
  });
});

describe('Protobuf schema', () => {
  test('lists the fields of the first message', () => {
    const text = `
      syntax = "proto3"; // a comment { that opens nothing
      package shop.v1;
      import "google/protobuf/timestamp.proto";
      option java_package = "com.example; message Not { int32 at_all = 1; }";
      message Item {
        option deprecated = true;
        reserved 4, 9 to 11;
        enum State { NEW = 0; PAID = 1; }
        message Part { string sku = 1; Part within = 2; }
        string name = 1 [deprecated = true, json_name = "n;m"];
        optional int64 stock = 2;
        repeated Part parts = 3;
        map<string, int32> sizes = 5;
        State state = 6;
        Part main = 7;
        google.protobuf.Timestamp at = 8;
        /* oneof nothing { */
        oneof origin { string shop = 12; bytes blob = 13; }
      }
      message Other { string no = 1; }`;
    expect(renderSchemaColumns('protobuf', text)).toEqual([
      'name: string string',
      'stock: int64 integer?',
      'parts: repeated Part array',
      'sizes: map<string, int32> json',
      'state: State string',
      'main: Part json?',
      'main.sku: string string',
      'main.within: Part json?',
      'at: google.protobuf.Timestamp timestamp?',
      'shop: string string?',
      'blob: bytes binary?',
    ]);
  });

  test('looks up a type from the innermost message outwards, and in imports', () => {
    const money = 'package shop; message Money { int64 cents = 1; }';
    const text =
      'package shop; import "money.proto"; message A { message B { string x = 1; } B b = 1; .shop.Money m = 2; Money n = 3; }';
    expect(
      renderSchemaColumns('protobuf', text, { 'money.proto': money }).map((line) => line.split(':')[0]),
    ).toEqual(['b', 'b.x', 'm', 'm.cents', 'n', 'n.cents']);
  });
});

describe('arbitrary schema from a registry', () => {
  test.each(Object.keys(readers) as (keyof typeof readers)[])(
    'ends with columns or a SyntaxError when it is read as %s',
    (language) => {
      const word = fc.constantFrom(
        ...'message enum oneof map < > { } ; = , . repeated string A "x" // /* */ package import'.split(' '),
      );
      const text =
        language === 'protobuf'
          ? fc.array(word, { maxLength: 60 }).map((words) => words.join(' '))
          : fc.oneof(fc.json(), fc.string(), shaped);
      fc.assert(
        fc.property(text, (some) => {
          try {
            expect(renderSchemaColumns(language, some).length).toBeLessThanOrEqual(2000);
          } catch (error) {
            expect(error).toBeInstanceOf(SyntaxError);
          }
        }),
      );
    },
  );

  test('is cut at 2000 columns when it nests wide records', () => {
    const level = (depth: number): object =>
      record(
        `R${depth}`,
        Array.from({ length: 20 }, (_, at) => ({
          name: `f${at}`,
          type: depth > 0 && at === 0 ? level(depth - 1) : `R${depth - 1}`,
        })),
      );
    expect(toKafkaColumns(parseAvroFields(buildSchemaText(level(5))), createSchemaReading()).length).toBe(
      2000,
    );
  });
});

/** Random JSON with the keywords of Avro and JSON Schema. */
const { shaped } = fc.letrec((tie) => ({
  shaped: fc
    .record(
      {
        type: fc.oneof(
          fc.constantFrom('record', 'array', 'map', 'enum', 'fixed', 'object', 'string', 'R'),
          tie('node'),
        ),
        name: fc.constantFrom('R', 'S', 'a.b'),
        fields: fc.array(fc.record({ name: fc.constantFrom('x', 'y'), type: tie('node') }), { maxLength: 3 }),
        items: tie('node'),
        values: tie('node'),
        properties: fc.dictionary(fc.constantFrom('x', '__proto__', 'y'), tie('node'), { maxKeys: 3 }),
        allOf: fc.array(tie('node'), { maxLength: 2 }),
        $ref: fc.constantFrom('#', '#/properties/x', '#/allOf/0', 'other'),
        logicalType: fc.constantFrom('decimal', 'toString', 'date'),
      },
      { requiredKeys: [] },
    )
    .map((one) => JSON.stringify(one)),
  node: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom('R', 'string', 'null'),
    tie('shaped').map((text) => JSON.parse(String(text)) as unknown),
  ),
}));
