import { describe, expect, test } from '@jest/globals';
import { toKafkaColumns, createSchemaReading } from '../../shared/connectors/kafka/schema-fields.ts';
import { readers, readSchema, record, buildSchemaText, renderSchemaColumns } from './kafka-schema-readers.ts';

describe('Avro schema', () => {
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
    [{ type: { type: 'int', logicalType: 'date' } }, 'date date'],
    [{ type: { type: { type: 'int', logicalType: 'date' } } }, 'date date'],
    [{ type: { type: 'int' }, logicalType: 'date' }, 'date date'],
    [{ type: { type: { type: { type: 'int' } } }, logicalType: 'date' }, 'date date'],
    [{ type: { type: { type: { type: 'long' } } }, logicalType: 'date' }, 'long integer'],
    [{ type: ['null', { type: { type: 'int', logicalType: 'date' } }] }, 'date date?'],
    [['null'], 'null other?'],
  ])('applies a logical type only to a type that allows it: %j', (type, expected) => {
    expect(renderSchemaColumns('avro', record('R', [{ name: 'a', type }]))).toEqual([`a: ${expected}`]);
  });
});

describe('JSON Schema', () => {
  test('requires a property that any part of allOf requires', () => {
    const base = { properties: { id: { type: 'integer' }, note: { type: 'string' } } };
    const allOf = [{ $ref: '#/definitions/base' }, { required: ['note'] }];
    const text = { type: 'object', allOf, required: ['id'], definitions: { base } };
    expect(renderSchemaColumns('json', text)).toEqual(['id: integer integer', 'note: string string']);
  });

  test.each([
    [{ enum: [1, 2] }, 'integer'],
    [{ enum: [1, 2.5] }, 'float'],
    [{ enum: [true, null] }, 'boolean?'],
    [{ enum: ['a', 1] }, 'other'],
    [{ const: 7 }, 'integer'],
    [{ const: 'a' }, 'string'],
  ])('derives the kind from the allowed values: %j', (a, expected) => {
    const text = { type: 'object', properties: { a }, required: ['a'] };
    expect(renderSchemaColumns('json', text)).toEqual([`a: enum ${expected}`]);
  });

  test.each([
    ['#/$defs/a%20b', { 'a b': { type: 'integer' } }],
    ['#/$defs/a~1b', { 'a/b': { type: 'integer' } }],
    ['#/$defs/list/anyOf/1', { list: { anyOf: [{ type: 'string' }, { type: 'integer' }] } }],
    ['#count', { a: { $anchor: 'count', type: 'integer' } }],
    ['#count', { a: { $id: '#count', type: 'integer' } }],
  ])('resolves the reference %s', ($ref, $defs) => {
    const text = { type: 'object', properties: { a: { $ref } }, required: ['a'], $defs };
    expect(renderSchemaColumns('json', text)).toEqual(['a: integer integer']);
  });

  test.each(['#nowhere', '#/%ZZ'])('does not treat %s as a reference to the root schema', ($ref) => {
    expect(renderSchemaColumns('json', { type: 'object', properties: { a: { $ref } } })).toEqual([
      'a: any other?',
    ]);
  });
});

describe('JSON Schema drafts', () => {
  const drafts = {
    none: undefined,
    4: 'http://json-schema.org/draft-04/schema#',
    7: 'http://json-schema.org/draft-07/schema#',
    2019: 'https://json-schema.org/draft/2019-09/schema',
    2020: 'https://json-schema.org/draft/2020-12/schema',
  };
  const definitions = { base: { type: 'object', properties: { id: { type: 'integer' } } } };

  test.each([
    ['none', ['a: object json?', 'a.id: integer integer?']],
    ['4', ['a: object json?', 'a.id: integer integer?']],
    ['7', ['a: object json?', 'a.id: integer integer?']],
    ['2019', ['a: object json?', 'a.id: integer integer', 'a.more: string string?']],
    ['2020', ['a: object json?', 'a.id: integer integer', 'a.more: string string?']],
  ] as const)('draft %s applies keywords beside $ref only where the draft allows it', (draft, expected) => {
    const a = {
      $ref: '#/definitions/base',
      required: ['id'],
      properties: { more: { type: 'string' } },
    };
    const text = { $schema: drafts[draft], properties: { a }, definitions };
    expect(renderSchemaColumns('json', text)).toEqual(expected);
  });

  test('keep a description beside $ref', () => {
    const text = {
      properties: { a: { $ref: '#/definitions/base', description: 'What it is' } },
      definitions,
    };
    expect(toKafkaColumns(readers.json(buildSchemaText(text)), createSchemaReading())[0]?.comment).toBe(
      'What it is',
    );
  });
});

describe('JSON Schema references', () => {
  const count = { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] };
  const refer = ($ref: string, more: object = {}) => ({
    type: 'object',
    properties: { a: { $ref } },
    required: ['a'],
    ...more,
  });
  const expected = ['a: object json', 'a.n: integer integer'];

  test.each<readonly [string, object, object?]>([
    [
      'the identifier of the root schema',
      refer('count.json', { $id: 'https://a.test/x/all.json' }),
      { 'https://a.test/x/count.json': count },
    ],
    [
      'a parent folder',
      refer('../count.json', { $id: 'https://a.test/x/all.json' }),
      { 'https://a.test/count.json': count },
    ],
    [
      'the names of references',
      refer('https://a.test/x/count.json', { $id: 'https://a.test/x/all.json' }),
      { 'count.json': count },
    ],
    [
      'the identifiers of referenced schemas',
      refer('https://a.test/count'),
      { other: { $id: 'https://a.test/count', ...count } },
    ],
    [
      'the identifiers of definitions',
      refer('count.json', {
        $id: 'https://a.test/x/all.json',
        $defs: { any: { $id: 'count.json', ...count } },
      }),
    ],
    [
      'the identifiers of definitions in draft 4',
      refer('count.json', {
        id: 'https://a.test/x/all.json',
        definitions: { any: { id: 'count.json', ...count } },
      }),
    ],
    [
      'a definition with an identifier',
      refer('#/$defs/o', {
        $defs: { o: { $id: 'https://b.test/o', $ref: '#/$defs/n', $defs: { n: count } } },
      }),
    ],
    [
      'a definition by identifier and anchor',
      refer('o#n', { $defs: { o: { $id: 'o', $defs: { n: { $anchor: 'n', ...count } } } } }),
    ],
    ['a URN', refer('urn:a:count', { $id: 'urn:a:all' }), { 'urn:a:count': count }],
    [
      'the schema that a reference is in',
      refer('deep.json'),
      {
        'o.json': { $defs: {}, $id: 'https://a.test/o', allOf: [] },
        'deep.json': { $ref: '#/$defs/n', $defs: { n: count } },
      },
    ],
  ])('are resolved against %s', (...[, text, references]) => {
    expect(readSchema('json', text, references)).toEqual({ columns: expected, missing: {} });
  });

  test('are not resolved against an $id inside default or enum', () => {
    const text = refer('count.json', {
      default: { $id: 'count.json', ...count },
      enum: [{ $id: 'count.json' }],
    });
    expect(readSchema('json', text).missing).toEqual({ unresolved: ['count.json'] });
  });

  test('are not resolved against a property named $id or id', () => {
    const text = { properties: { $id: { type: 'string' }, id: { type: 'integer' } } };
    expect(renderSchemaColumns('json', text)).toEqual(['$id: string string?', 'id: integer integer?']);
  });
});

test.each([
  [true, true],
  [{}, true],
  [{ minimum: 1 }, true],
  [{ description: 'anything' }, true],
  [{ type: 'integer' }, false],
  [{ enum: [1, 2] }, false],
  [{ enum: [1, null] }, true],
  [{ type: ['string', 'null'] }, true],
  [{ anyOf: [{ type: 'string' }, { type: 'integer' }] }, false],
  [{ anyOf: [{ type: 'string' }, { minLength: 1 }] }, true],
  [{ anyOf: [{ type: 'string' }, { type: 'integer' }, { type: 'null' }] }, true],
  [{ allOf: [{ type: 'string' }, { minLength: 1 }] }, false],
  [{ allOf: [{ minLength: 1 }] }, true],
])('JSON Schema: a required property of %j is nullable: %j', (schema, nullable) => {
  const [only] = renderSchemaColumns('json', { type: 'object', required: ['a'], properties: { a: schema } });
  expect(only?.endsWith('?')).toBe(nullable);
});

describe('JSON Schema combinations', () => {
  test.each<[string, object, string]>([
    ['a part that is not an object', { allOf: [{ $ref: '#/$defs/text' }] }, 'string string'],
    ['a type and its format', { type: 'string', allOf: [{ format: 'date' }] }, 'string(date) date'],
    [
      'the types that both parts allow',
      { type: ['integer', 'string'], allOf: [{ type: 'number' }] },
      'integer integer',
    ],
    [
      'null if both parts allow it',
      { type: ['string', 'null'], allOf: [{ type: ['null', 'string'] }] },
      'string string?',
    ],
    [
      'null if one part forbids it',
      { type: ['string', 'null'], allOf: [{ $ref: '#/$defs/text' }] },
      'string string',
    ],
    ['a reference or null', { anyOf: [{ $ref: '#/$defs/text' }, { type: 'null' }] }, 'string string?'],
    ['a choice of values', { oneOf: [{ const: 'a', title: 'A' }, { const: 'b' }] }, 'enum string'],
    ['a choice of values or null', { oneOf: [{ const: 1 }, { const: 2 }, { const: null }] }, 'enum integer?'],
    ['a choice', { oneOf: [{ type: 'string' }, { type: 'integer' }] }, 'oneOf other'],
  ])('derives type and kind from %s', (_, a, expected) => {
    const text = { type: 'object', properties: { a }, required: ['a'], $defs: { text: { type: 'string' } } };
    expect(renderSchemaColumns('json', text)).toEqual([`a: ${expected}`]);
  });

  test('merges what several parts say about a property', () => {
    const allOf = [
      { properties: { a: { type: 'string' }, b: true } },
      { properties: { a: { format: 'date' } } },
    ];
    expect(renderSchemaColumns('json', { type: 'object', allOf, required: ['a'] })).toEqual([
      'b: any other?',
      'a: string(date) date',
    ]);
  });

  test('lists the properties of alternatives, not null where every alternative requires them', () => {
    const way = (kind: string, more: object) => ({
      properties: { kind: { const: kind }, ...more },
      required: ['kind', ...Object.keys(more)],
    });
    const text = {
      type: 'object',
      properties: { id: { type: 'integer' } },
      required: ['id'],
      oneOf: [
        way('road', { km: { type: 'number' }, at: { properties: { x: { type: 'integer' } } } }),
        way('sea', { port: { type: 'string' }, at: { properties: { y: { type: 'integer' } } } }),
      ],
      then: { properties: { late: { type: 'boolean' } } },
      dependentSchemas: { id: { properties: { of: { type: 'string' } } } },
    };
    expect(renderSchemaColumns('json', text)).toEqual([
      'id: integer integer',
      'kind: enum string',
      'km: number float?',
      'at: object json?',
      'at.x: integer integer?',
      'at.y: integer integer?',
      'port: string string?',
      'late: boolean boolean?',
      'of: string string?',
    ]);
  });

  test('leaves out a property whose schema is false', () => {
    expect(renderSchemaColumns('json', { properties: { a: false, b: true } })).toEqual(['b: any other?']);
  });
});

describe('Protobuf schema', () => {
  test('accepts blanks and comments within names', () => {
    const text = `package a . b /* c */ . d; message M {
      .a . b.d.N one = 1; N /* the */ . Inner two = 2; map<string, a . b.d.N> three = 3; } message N { message Inner { } }`;
    expect(readSchema('protobuf', text)).toEqual({
      columns: ['one: a.b.d.N json?', 'two: N.Inner json?', 'three: map<string, a.b.d.N> json'],
      missing: {},
    });
  });

  test.each([
    ['edition = "2023";', ['a?', 'b', 'c', 'm?', 'd?']],
    ['edition = "2023"; option features.field_presence = IMPLICIT;', ['a', 'b', 'c', 'm?', 'd?']],
    ['edition = "2024"; option features = { field_presence: IMPLICIT };', ['a', 'b', 'c', 'm?', 'd?']],
  ])('derives the presence of fields from features: %s', (edition, expected) => {
    const text = `${edition} message M {
      string a = 1;
      string b = 2 [features.field_presence = LEGACY_REQUIRED];
      string c = 3 [deprecated = true, features = { field_presence: IMPLICIT }];
      local message Inner {} export enum State { NEW = 0; }
      Inner m = 4 [features.message_encoding = DELIMITED];
      string d = 5 [features.field_presence = EXPLICIT]; }`;
    const lines = renderSchemaColumns('protobuf', text).map((line) => line.replace(/:.*?(\??)$/, '$1'));
    expect(lines).toEqual(expected);
  });

  test.each([
    ['optional int32 a = 1 [default = -5];', '-5'],
    ['optional string a = 1 [deprecated = true, default = "b" "c"];', 'bc'],
    ['optional string a = 1 [(default) = "b"];', null],
    ['optional string a = 1 [(x) = { default: "b" }];', null],
    ['required string default = 1;', null],
  ])('reads the default of a field: %s', (field, expected) => {
    const [column] = toKafkaColumns(
      readers.protobuf(buildSchemaText(`message M { ${field} }`)),
      createSchemaReading(),
    );
    expect(column?.default).toBe(expected);
  });

  test('knows the types that every registry provides without a reference', () => {
    const text = `import "google/type/money.proto"; package google.shop; message M {
      google.type.Money price = 1; type.DateTime at = 2; google.type.DayOfWeek day = 3; .google.protobuf.Duration long = 4; }`;
    expect(readSchema('protobuf', text)).toEqual({
      columns: [
        'price: google.type.Money json?',
        'price.currency_code: string string',
        'price.units: int64 integer',
        'price.nanos: int32 integer',
        'at: type.DateTime timestamp?',
        'day: google.type.DayOfWeek string',
        'long: google.protobuf.Duration other?',
      ],
      missing: {},
    });
  });
  test('reads on after options whose value is a message', () => {
    const text = `syntax = "proto3"; message Order {
      option (a.of) = { is: { deep: [{ x: 1 }, { x: 2 }] } };
      string id = 1 [(a.rule) = { min: 1 }, (a.other).inner = { in: ["]", "}"] }];
      string customer = 2 [(a.rule) = { nested { min: 1; max: 2 } }];
      oneof way { option (a.need) = { yes: true }; int32 road = 3 [(a.rule) = {}]; int32 sea = 4; }
      extensions 100 to 199 [declaration = { number: 100 }];
      int64 total = 5; }`;
    expect(renderSchemaColumns('protobuf', text).map((line) => line.split(':')[0])).toEqual([
      'id',
      'customer',
      'road',
      'sea',
      'total',
    ]);
  });

  test('opens proto2 groups, also within a oneof', () => {
    const text = `syntax = "proto2"; message Page {
      repeated group Result = 1 { required string url = 2; optional group Part = 3 { optional int32 at = 4; } }
      optional group One = 5 [(a.rule) = { min: 1 }] { required string name = 6; }
      oneof way { group Road = 7 { required int32 km = 8; } int32 sea = 9; }
      required int64 total = 10; }`;
    expect(renderSchemaColumns('protobuf', text)).toEqual([
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
