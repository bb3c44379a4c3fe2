import { gzipSync } from 'node:zlib';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { BSON } from 'mongodb';
import { checkThrift } from '../../shared/connectors/databricks/check-thrift.ts';
import { parseAvroFields } from '../../shared/connectors/kafka/avro.ts';
import { toKafkaColumns, createSchemaReading } from '../../shared/connectors/kafka/schema-fields.ts';
import { parseJsonSchemaFields } from '../../shared/connectors/kafka/json-schema.ts';
import { parseProtobufFields } from '../../shared/connectors/kafka/protobuf.ts';
import {
  apiVersionsRequest,
  checkSaslHandshake,
  createListOffsetsRequest,
  createMetadataRequest,
} from '../../shared/connectors/kafka/requests.ts';
import {
  encodeInt32,
  encodeKafkaArray,
  encodeKafkaString,
} from '../../shared/connectors/kafka/protocol-types.ts';
import { checkBsonDocument } from '../../shared/connectors/mongodb/check-bson-document.ts';
import { createDocumentShape } from '../../shared/connectors/mongodb/document-shape.ts';
import { readObjectColumns } from '../../shared/connectors/s3/read-object-columns.ts';
import { checkXml } from '../../shared/connectors/aws/xml-answer.ts';
import { createBudget } from '../../shared/network/budget.ts';
import { parseForeignJson } from '../../shared/network/http/parse-foreign-json.ts';
import { Problem } from '../../shared/problem.ts';
import { readCsvColumns } from '../../shared/connectors/s3/csv.ts';
import {
  int16,
  encodeKafkaBroker,
  metadata as metadataOf,
  encodeKafkaTopic,
  versions,
} from '../connectors/kafka-broker.ts';
import { listing } from '../bombs/bucket.ts';
import { hostileBytes } from './mutate.ts';

const readWith = (read: typeof parseAvroFields) => (bytes: Buffer) => {
  const reading = createSchemaReading();
  return toKafkaColumns(read({ text: bytes.toString('utf8'), references: new Map() }, reading), reading);
};
const object = (key: string) => (bytes: Buffer) =>
  readObjectColumns(
    { key, size: bytes.length },
    async (from, to) => Buffer.from(Uint8Array.from(bytes.subarray(from, to))),
    (work) => work(),
  );

/**
 * A footer with one column:
 * https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
 */
const parquet = (() => {
  const footer = Buffer.concat([
    Buffer.from([0x15, 2, 0x19, 0x2c, 0x48, 4]),
    Buffer.from('root'),
    Buffer.from([0x15, 2, 0, 0x15, 2, 0x25, 0, 0x18, 2]),
    Buffer.from('id'),
    Buffer.from([0, 0x16, 20, 0x19, 0x0c, 0]),
  ]);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(footer.length);
  return Buffer.concat([Buffer.from('PAR1'), footer, length, Buffer.from('PAR1')]);
})();
const csv = Buffer.from('id;name;"a;""b"""\r\n1;x;2026-01-31\r\n2.5;;true\r\n'.repeat(3));
const json = Buffer.from('{"a":1,"b":{"c":[1,2,{"d":null}]},"e\\u0041":"x\\"y"}\n'.repeat(3));
const avro = Buffer.from(
  '{"type":"record","name":"R","namespace":"a.b","fields":[{"name":"id","type":"int","default":7},{"name":"next","type":["null","R"]},{"name":"m","type":{"type":"map","values":{"type":"array","items":"R"}}}]}',
);
const jsonSchema = Buffer.from(
  '{"$defs":{"a":{"allOf":[{"$ref":"#"},{"$ref":"#/$defs/b"}]},"b":{"type":"object","properties":{"x":{"$ref":"#/$defs/a"}}}},"properties":{"id":{"type":["integer","null"],"default":{"a":1}},"all":{"oneOf":[{"$ref":"#/$defs/a"},{"type":"null"}]},"list":{"type":"array","items":{"$ref":"#"}}},"required":["id"]}',
);
const protobuf = Buffer.from(
  'syntax = "proto3"; package a.b; /* x */ import "c.proto"; message M { option (x) = "y"; int32 id = 1; // z\n map<string, M> m = 2; oneof o { M next = 3; } repeated E e = 4; enum E { A = 0; } message N { N n = 1; } }',
);
const described = metadataOf(
  encodeKafkaArray([encodeKafkaBroker(1, 9092)]),
  encodeKafkaArray([encodeKafkaTopic('shop'), encodeKafkaTopic('orders')]),
);
const document = Buffer.from(
  BSON.serialize({
    a: 1,
    b: { c: [1, 'x', { d: null }], e: new BSON.UUID() },
    f: /x/i,
    g: new BSON.Code('x', { y: 1 }),
  }),
);
const thrift = Buffer.concat([
  Buffer.from([0x80, 1, 0, 2, 0, 0, 0, 1, 0x61, 0, 0, 0, 0]),
  Buffer.from([15, 0, 1, 12, 0, 0, 0, 2, 8, 0, 1, 0, 0, 0, 7, 0, 11, 0, 2, 0, 0, 0, 1, 0x62, 0, 0]),
]);

/** Errors besides problems that a parser may throw, and that its callers handle. */
const ofText = (error: unknown) => error instanceof SyntaxError;
const ofBroker = (error: unknown) => error instanceof Error && error.name === 'KafkaJSProtocolError';
const never = () => false;

const parsers: Readonly<
  Record<
    string,
    readonly [read: (bytes: Buffer) => unknown, valid: readonly Buffer[], may?: (error: unknown) => boolean]
  >
> = {
  Parquet: [object('a.parquet'), [parquet]],
  CSV: [object('a.csv'), [csv]],
  'CSV that is packed': [object('a.csv.gz'), [gzipSync(csv), gzipSync(Buffer.alloc(100_000, ','))]],
  JSON: [object('a.json'), [json, Buffer.from(`[${json.toString().trim().split('\n').join(',')}]`)]],
  'JSON of an answer': [(bytes) => parseForeignJson(bytes.toString()), [json]],
  XML: [
    checkXml,
    [Buffer.from(listing([['a', 1]])), Buffer.from('<?xml version="1.0"?><a b="c"><!-- d --><e/></a>')],
  ],
  Avro: [readWith(parseAvroFields), [avro], ofText],
  'JSON Schema': [readWith(parseJsonSchemaFields), [jsonSchema], ofText],
  Protobuf: [readWith(parseProtobufFields), [protobuf]],
  'metadata of Kafka': [createMetadataRequest().read, [described]],
  'versions of Kafka': [apiVersionsRequest.read, [versions], ofBroker],
  'offsets of Kafka': [
    createListOffsetsRequest('first', [{ topic: 'a', partition: 0 }]).read,
    [
      Buffer.concat([
        encodeInt32(0),
        encodeKafkaArray([
          Buffer.concat([
            encodeKafkaString('a'),
            encodeKafkaArray([Buffer.concat([encodeInt32(0), int16(0), Buffer.alloc(16)])]),
          ]),
        ]),
      ]),
    ],
  ],
  'mechanisms of Kafka': [
    checkSaslHandshake,
    [Buffer.concat([int16(0), encodeKafkaArray([encodeKafkaString('PLAIN')])])],
  ],
  'an answer of MongoDB': [(bytes) => checkBsonDocument(bytes), [document]],
  'a sample of MongoDB': [(bytes) => createDocumentShape().add(bytes), [document]],
  'an answer of Databricks': [checkThrift, [thrift]],
};

test.each(Object.entries(parsers))(
  '%s: parses hostile bytes or throws a problem',
  async (_, [read, valid, may = never]) => {
    for (const bytes of valid) await read(bytes);
    await fc.assert(
      fc.asyncProperty(hostileBytes(valid), async (bytes) => {
        try {
          await read(bytes);
        } catch (error) {
          if (!(error instanceof Problem) && !may(error)) throw error;
        }
      }),
      { numRuns: 300 },
    );
  },
);

test('the cost of a CSV is linear in its length, for any lines', () => {
  const line = fc.stringMatching(/^[,;"a1\n\r]{0,40}$/);
  fc.assert(
    fc.property(fc.array(line, { maxLength: 30 }), fc.nat(2000), fc.boolean(), (lines, commas, whole) => {
      const text = `${','.repeat(commas)}\n${lines.join('\n')}`;
      const budget = createBudget({ steps: Infinity, depth: 1 });
      readCsvColumns({ text, whole, share: 1 }, { budget });
      expect(budget.countSteps()).toBeLessThanOrEqual(10 * text.length + 100);
    }),
  );
});

test.each([
  ['all of itself', { allOf: [{ $ref: '#' }, { $ref: '#' }, { $ref: '#' }, { $ref: '#' }] }],
  [
    'twice the next',
    { allOf: [{ $ref: '#/a' }, { $ref: '#/a' }], a: { allOf: [{ $ref: '#' }, { $ref: '#' }] } },
  ],
])('a JSON Schema that is %s is read once', (_, value) => {
  const reading = createSchemaReading(createBudget({ steps: 100_000, depth: 100 }));
  parseJsonSchemaFields({ text: JSON.stringify(value), references: new Map() }, reading);
  expect(reading.budget.countSteps()).toBeLessThan(2000);
  expect([...reading.missing.keys()]).toEqual(['unresolved']);
});

test('a JSON Schema with exponentially many alternatives stops at its budget', () => {
  const level = (at: number) => ({ oneOf: [{ $ref: `#/$defs/${at + 1}` }, { $ref: `#/$defs/${at + 1}` }] });
  const $defs = Object.fromEntries(Array.from({ length: 60 }, (_, at) => [at, level(at)]));
  const value = { type: 'object', ...level(0), $defs };
  const reading = createSchemaReading(createBudget({ steps: 100_000, depth: 100 }));
  const read = () => parseJsonSchemaFields({ text: JSON.stringify(value), references: new Map() }, reading);
  expect(read).toThrow(expect.objectContaining({ code: 'source-too-large' }));
  expect(reading.budget.countSteps()).toBeLessThan(101_000);
});
