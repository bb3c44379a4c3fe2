import { createServer } from 'node:http';
import { describe, expect, test } from '@jest/globals';
import { openManagedSession } from '../../shared/connectors/run-source-test.ts';
import { kafka } from '../../shared/connectors/kafka/connector.ts';
import type { RegisteredSchema, SchemaRegistry } from '../../shared/connectors/kafka/registry-client.ts';
import { toRegistryProblem } from '../../shared/connectors/kafka/registry-problem.ts';
import { openTopicSchemas } from '../../shared/connectors/kafka/topic-schemas.ts';
import { listen } from '../network/servers.ts';
import { startKafkaBroker, encodeKafkaTopic } from './kafka-broker.ts';
import { readSchema, record } from './kafka-schema-readers.ts';

const fields = (...types: unknown[]) => types.map((type, at) => ({ name: `f${at}`, type }));
const manyTypes = (count: number) => Array.from({ length: count }, () => 'string');
const list = { l: { type: 'array', items: { $ref: '#/$defs/l' } } };
const metaSchema = 'http://json-schema.org/draft-07/schema#';
const nested = (depth: number, make: (inner: unknown, depth: number) => object): object =>
  make(depth === 0 ? 'string' : nested(depth - 1, make), depth);

describe('missing parts of a Kafka schema', () => {
  test.each<[string, ...Parameters<typeof readSchema>]>([
    ['an undefined Avro type', 'avro', record('R', fields('long', 'shop.Money'))],
    [
      'an undefined Avro type in an array',
      'avro',
      record('R', fields('int', { type: 'array', items: 'Money' })),
    ],
    ['an undefined Avro type in a union', 'avro', record('R', fields('int', ['null', 'Money', 'string']))],
    ['an undefined Protobuf type', 'protobuf', 'message M { int32 a = 1; shop.Money b = 2; }'],
    [
      'an undefined Protobuf type in a map',
      'protobuf',
      'message M { int32 a = 1; map<string, Money> b = 2; }',
    ],
    [
      'an undefined Protobuf type in a repeated field',
      'protobuf',
      'message M { int32 a = 1; repeated Money b = 2; }',
    ],
    [
      'a Protobuf type of a missing import',
      'protobuf',
      'import "a.proto"; message M { int32 a = 1; a.Money b = 2; }',
    ],
    ['a reference to a missing JSON Schema', 'json', { properties: { a: {}, b: { $ref: 'Money' } } }],
    ['a reference to a URL', 'json', { properties: { a: {}, b: { $ref: 'https://me:pw@a.test/x/Money' } } }],
    ['a reference by JSON pointer', 'json', { properties: { a: {}, b: { $ref: '#/definitions/Money' } } }],
    ['a reference to an anchor', 'json', { properties: { a: {}, b: { $ref: '#Money' } } }],
    [
      'a reference for array items',
      'json',
      { properties: { a: {}, b: { items: { $ref: 'Money' }, type: 'array' } } },
    ],
    ['a reference in allOf', 'json', { properties: { a: {}, b: {} }, allOf: [{ $ref: 'Money' }] }],
    [
      'a reference in oneOf',
      'json',
      { type: 'object', properties: { a: {}, b: {} }, oneOf: [{ $ref: 'Money' }, {}] },
    ],
  ])('are reported as unresolved: %s', (_, language, text) => {
    const { columns, missing } = readSchema(language, text);
    expect(columns.length).toBe(2);
    expect(missing).toEqual({
      unresolved: [expect.stringMatching(/^(#|#\/definitions\/|shop\.|a\.)?Money$/)],
    });
  });

  test.each<[string, ...Parameters<typeof readSchema>]>([
    ['an Avro field without a name', 'avro', record('R', [...fields('int'), { type: 'int' }])],
    ['an Avro record without fields', 'avro', { type: 'record', name: 'R' }],
    ['an Avro type that is a number', 'avro', record('R', fields(7))],
    ['an Avro fixed type without a size', 'avro', record('R', fields({ type: 'fixed', name: 'F' }))],
    ['a JSON Schema that is an array', 'json', '[]'],
    ['a Protobuf file truncated in a message', 'protobuf', 'message M { int32 a = 1; string b = 2;'],
    ['a Protobuf file truncated in a field', 'protobuf', 'message M { int32 a = 1; string b ='],
    ['a Protobuf file truncated in a comment', 'protobuf', 'message M { int32 a = 1; } /* this'],
    ['a Protobuf file truncated after /*', 'protobuf', 'message M { int32 a = 1; } /*'],
    ['a Protobuf file with an unclosed string', 'protobuf', 'message M { int32 a = 1 [b = "c]; } '],
    ['an invalid Protobuf field', 'protobuf', 'message M { int32 a = 1; what is this; string b = 2; }'],
    ['an invalid Protobuf statement', 'protobuf', 'message M { int32 a = 1; } what is this;'],
  ])('are reported as unreadable: %s', (_, language, text) => {
    expect(readSchema(language, text).missing).toEqual({ unreadable: [] });
  });

  test.each<[string, ...Parameters<typeof readSchema>]>([
    ['an Avro reference that is not a schema', 'avro', record('R', fields('int')), { a: '{' }],
    [
      'a JSON Schema reference that is not a schema',
      'json',
      { allOf: [{ $ref: 'a' }], properties: { b: {} } },
      { a: '{' },
    ],
  ])('are reported as unreadable, and other columns are kept: %s', (_, language, text, references) => {
    const { columns, missing } = readSchema(language, text, references);
    expect(columns.length).toBe(1);
    expect(missing).toHaveProperty('unreadable');
  });

  test.each<[string, ...Parameters<typeof readSchema>]>([
    ['nested Avro records', 'avro', nested(13, (inner, at) => record(`R${at}`, fields(inner)))],
    ['nested JSON objects', 'json', nested(13, (a) => ({ type: 'object', properties: { a } }))],
    ['nested JSON arrays', 'json', nested(13, (items) => ({ type: 'array', items }))],
    ['nested Protobuf messages', 'protobuf', `${'message M { '.repeat(34)}${'M a = 1; } '.repeat(34)}`],
    ['a union of many types', 'avro', record('R', fields(manyTypes(600)))],
  ])('are reported as too large: %s', (_, language, text) => {
    const { columns, missing } = readSchema(language, text);
    expect(columns.length).toBeGreaterThan(0);
    expect(missing).toHaveProperty('tooLarge');
  });

  test.each<[string, ...Parameters<typeof readSchema>]>([
    [
      'JSON Schema draft 3',
      'json',
      { $schema: 'http://json-schema.org/draft-03/schema#', properties: { a: {} } },
    ],
    [
      'a future JSON Schema draft',
      'json',
      { $schema: 'https://json-schema.org/draft/2050-01/schema', properties: { a: {} } },
    ],
    ['a future Protobuf edition', 'protobuf', 'edition = "2050"; message M { int32 a = 1; }'],
  ])('are reported as unsupported: %s', (_, language, text) => {
    const { columns, missing } = readSchema(language, text);
    expect(columns.length).toBe(1);
    expect(missing).toEqual({ unsupported: [] });
  });

  test('a reference that may contain a secret is not repeated', () => {
    const $ref = 'https://me:obviously-fake@a.test/b?key=obviously-fake';
    expect(readSchema('json', { properties: { a: { $ref } } }).missing).toEqual({ unresolved: [] });
  });
});

describe('Kafka schema with nothing missing', () => {
  test.each<[string, ...Parameters<typeof readSchema>]>([
    ['an Avro record that contains itself', 'avro', record('Node', fields('int', ['null', 'Node']))],
    ['a JSON object that contains itself', 'json', { properties: { a: {}, b: { $ref: '#' } } }],
    [
      'a JSON array that contains itself',
      'json',
      { properties: { a: {}, b: { $ref: '#/$defs/l' } }, $defs: list },
    ],
    ['a Protobuf message that contains itself', 'protobuf', 'message M { int32 a = 1; M b = 2; }'],
    [
      'a JSON Schema with a custom vocabulary',
      'json',
      { $schema: 'https://a.test/meta', properties: { a: {}, b: {} } },
    ],
    [
      'a JSON Schema that refers to the metaschema',
      'json',
      { properties: { a: {}, b: { $ref: metaSchema } } },
    ],
    [
      'a Protobuf type that registries provide',
      'protobuf',
      'message M { int32 a = 1; google.protobuf.Any b = 2; }',
    ],
    [
      'a Protobuf import that only options use',
      'protobuf',
      'import "v.proto"; message M { int32 a = 1; int32 b = 2; }',
    ],
  ])('reads completely: %s', (_, language, text) => {
    const { columns, missing } = readSchema(language, text);
    expect(columns.filter((line) => /^\w+:/.test(line)).length).toBe(2);
    expect(missing).toEqual({});
  });
});

test('a Protobuf file of enums has no columns and nothing missing', () => {
  expect(readSchema('protobuf', 'enum E { A = 0; }')).toEqual({ columns: [], missing: {} });
});

describe('missing schemas of Kafka topics', () => {
  const ask = async (schemas: Readonly<Record<string, Partial<RegisteredSchema> | Error>>) => {
    const registry: SchemaRegistry = {
      checkAccess: async () => {},
      listSubjects: async () => new Set(Object.keys(schemas).filter((subject) => subject.endsWith('-value'))),
      readSchema: async (subject) => {
        const found = schemas[subject] ?? toRegistryProblem(404);
        if (found instanceof Error) throw found;
        return { type: 'AVRO', text: '{}', references: [], ...found };
      },
      close: () => {},
    };
    const read = await openTopicSchemas(registry);
    const tables = await Promise.all(
      Object.keys(schemas).map((subject) => read.columns(subject.replace(/-value$/, ''))),
    );
    return {
      columns: tables.map(({ columns }) => columns.length),
      partial: tables.map(({ partial }) => partial === true),
      missing: read.missing(),
    };
  };
  const referring = (subject: string): Partial<RegisteredSchema> => ({
    text: JSON.stringify(record('R', fields('int', 'Money', 'long'))),
    references: [{ name: 'Money', subject, version: 1 }],
  });

  test('marks topics that lack columns as partial', async () => {
    const { partial } = await ask({
      'whole-value': { text: JSON.stringify(record('R', fields('int', 'long'))) },
      'lacking-value': { text: JSON.stringify(record('R', fields('int', 'Money'))) },
      'failing-value': toRegistryProblem(500),
      plain: {},
    });
    expect(partial).toEqual([false, true, true, false]);
  });

  test('names the subjects and what each of them lacks', async () => {
    const { columns, missing } = await ask({
      'a-value': { text: JSON.stringify(record('R', fields('int', 'Money', 'Place'))) },
      'b-value': { type: 'JSON', text: '{"properties": {"a": {"$ref": "money.json"}}}' },
      'c-value': { type: 'PROTOBUF', text: 'message M { int32 a = 1;' },
    });
    expect(columns).toEqual([3, 1, 1]);
    expect(missing).toEqual([
      {
        reason: 'schemas-unresolved',
        count: 2,
        remediation: expect.stringMatching(
          /references.*: a-value \(Money, Place\), b-value \(money\.json\)\. Until then, [^:]*\.$/,
        ),
      },
      {
        reason: 'schemas-unreadable',
        count: 1,
        remediation: expect.stringMatching(/: c-value\. It is not valid [^:]*\.$/),
      },
    ]);
  });

  test.each([
    [404, 'schemas-unresolved'],
    [403, 'schemas-denied'],
    [500, 'schemas-failed'],
  ])('reports a reference that answers %d once, and keeps the other columns', async (status, reason) => {
    const { columns, missing } = await ask({
      'a-value': referring('money'),
      money: toRegistryProblem(status),
    });
    expect(columns[0]).toBe(3);
    expect(missing).toEqual([{ reason, count: 1, remediation: expect.stringContaining('a-value') }]);
  });

  test('names the first twenty subjects and counts the rest', async () => {
    const all = Array.from({ length: 25 }, (_, at): [string, object] => [
      `t${String(24 - at).padStart(2, '0')}-value`,
      { text: '{' },
    ]);
    const [{ count, remediation } = { remediation: '' }] = (await ask(Object.fromEntries(all))).missing;
    expect(count).toBe(25);
    expect(remediation).toMatch(/: t05-value, .*, t24-value and 5 more\. It is not valid [^:]*\.$/);
  });

  test('reports a schema type that a registry plugin adds, and does not read it as Avro', async () => {
    await using broker = await startKafkaBroker({ topics: [encodeKafkaTopic('a'), encodeKafkaTopic('b')] });
    await using registry = await listen(
      createServer(({ url }, response) => {
        const schema = url?.includes('/a-value/')
          ? { schemaType: 'XSD', schema: '"int"' }
          : { schema: '"int"' };
        response.end(JSON.stringify(url === '/subjects' ? ['a-value', 'b-value'] : schema));
      }),
    );
    const config = {
      bootstrap_servers: `localhost:${broker.port}`,
      schema_registry_url: `http://127.0.0.1:${registry.port}`,
    };
    await using session = await openManagedSession(
      kafka,
      {
        config,
        credentials: { auth_method: 'none' },
        options: { ssl_mode: 'disable', query_timeout_seconds: 30 },
        role: 'source',
      },
      {
        policy: { loopback: true },
        environment: 'default',
        tlsSettings: { mode: 'disable' },
        options: { connection_timeout_seconds: 30 },
      },
    );
    const types = new Map<string, readonly string[]>();
    const missing = await session.introspect({ excludedSchemas: [] }, (tables) => {
      for (const { name, columns } of tables)
        types.set(
          name,
          columns.map(({ type }) => type),
        );
    });
    expect(types.get('a')).toEqual(['bytes', 'bytes']);
    expect(types.get('b')).toEqual(['int']);
    expect(missing).toEqual([
      {
        reason: 'schemas-unsupported',
        count: 1,
        remediation: expect.stringMatching(/: a-value\. The catalog has schemas in other formats [^:]*\.$/),
      },
    ]);
  });
});
