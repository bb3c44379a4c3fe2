import { describe, expect, test } from '@jest/globals';
import { record, told } from './kafka-schema-readers.ts';

describe('Avro', () => {
  test.each([
    [{ type: 'string', logicalType: 'timestamp-millis' }, 'string string'],
    [{ type: 'int', logicalType: 'timestamp-millis' }, 'int integer'],
    [{ type: 'long', logicalType: 'date' }, 'long integer'],
    [{ type: 'bytes', logicalType: 'uuid' }, 'bytes binary'],
    [{ type: 'fixed', name: 'U', size: 16, logicalType: 'uuid' }, 'uuid uuid'],
    [{ type: 'fixed', name: 'U', size: 12, logicalType: 'uuid' }, 'fixed(12) binary'],
    [{ type: 'fixed', name: 'D', size: 12, logicalType: 'duration' }, 'duration other'],
    [{ type: 'bytes', logicalType: 'decimal' }, 'bytes binary'],
    [{ type: 'bytes', logicalType: 'decimal', precision: 2, scale: 3 }, 'bytes binary'],
    [{ type: 'string', logicalType: 'decimal', precision: 4 }, 'string string'],
    [{ type: 'fixed', name: 'M', size: 4, logicalType: 'decimal', precision: 9 }, 'decimal(9,0) decimal'],
    [{ type: 'fixed', name: 'M', size: 4, logicalType: 'decimal', precision: 10 }, 'fixed(4) binary'],
    [{ type: 'long', logicalType: 'of-nobody' }, 'long integer'],
  ])('takes a logical type only where it fits: %j', (type, expected) => {
    expect(told('avro', record('R', [{ name: 'a', type }]))).toEqual([`a: ${expected}`]);
  });
});

describe('JSON Schema', () => {
  test('requires what any part of allOf requires', () => {
    const base = { properties: { id: { type: 'integer' }, note: { type: 'string' } } };
    const allOf = [{ $ref: '#/definitions/base' }, { required: ['note'] }];
    const text = { type: 'object', allOf, required: ['id'], definitions: { base } };
    expect(told('json', text)).toEqual(['id: integer integer', 'note: string string']);
  });

  test.each([
    [{ enum: [1, 2] }, 'integer'],
    [{ enum: [1, 2.5] }, 'float'],
    [{ enum: [true, null] }, 'boolean?'],
    [{ enum: ['a', 1] }, 'other'],
    [{ const: 7 }, 'integer'],
    [{ const: 'a' }, 'string'],
  ])('says of what kind the values are: %j', (a, expected) => {
    const text = { type: 'object', properties: { a }, required: ['a'] };
    expect(told('json', text)).toEqual([`a: enum ${expected}`]);
  });

  test.each([
    ['#/$defs/a%20b', { 'a b': { type: 'integer' } }],
    ['#/$defs/a~1b', { 'a/b': { type: 'integer' } }],
    ['#/$defs/list/anyOf/1', { list: { anyOf: [{ type: 'string' }, { type: 'integer' }] } }],
    ['#count', { a: { $anchor: 'count', type: 'integer' } }],
    ['#count', { a: { $id: '#count', type: 'integer' } }],
  ])('follows %s', ($ref, $defs) => {
    const text = { type: 'object', properties: { a: { $ref } }, required: ['a'], $defs };
    expect(told('json', text)).toEqual(['a: integer integer']);
  });

  test.each(['#nowhere', '#/%ZZ'])('takes %s for no reference to the whole', ($ref) => {
    expect(told('json', { type: 'object', properties: { a: { $ref } } })).toEqual(['a: any other?']);
  });
});

describe('Protobuf', () => {
  test('reads on behind options whose value is a message', () => {
    const text = `syntax = "proto3"; message Order {
      option (a.of) = { is: { deep: [{ x: 1 }, { x: 2 }] } };
      string id = 1 [(a.rule) = { min: 1 }, (a.other).inner = { in: ["]", "}"] }];
      string customer = 2 [(a.rule) = { nested { min: 1; max: 2 } }];
      oneof way { option (a.need) = { yes: true }; int32 road = 3 [(a.rule) = {}]; int32 sea = 4; }
      extensions 100 to 199 [declaration = { number: 100 }];
      int64 total = 5; }`;
    expect(told('protobuf', text).map((line) => line.split(':')[0])).toEqual([
      'id',
      'customer',
      'road',
      'sea',
      'total',
    ]);
  });

  test('opens groups of proto2, in choices too', () => {
    const text = `syntax = "proto2"; message Page {
      repeated group Result = 1 { required string url = 2; optional group Part = 3 { optional int32 at = 4; } }
      optional group One = 5 [(a.rule) = { min: 1 }] { required string name = 6; }
      oneof way { group Road = 7 { required int32 km = 8; } int32 sea = 9; }
      required int64 total = 10; }`;
    expect(told('protobuf', text)).toEqual([
      'result: repeated Result array',
      'one: One json?',
      'one.name: string string',
      'road: Road json?',
      'road.km: int32 integer',
      'sea: int32 integer?',
      'total: int64 integer',
    ]);
  });
});
