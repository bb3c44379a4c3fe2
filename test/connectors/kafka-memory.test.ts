import { createServer } from 'node:http';
import { expect, test } from '@jest/globals';
import { int32, int64, int8, list, text } from '../../shared/connectors/kafka/wire.ts';
import { listen, plainServer } from '../network/servers.ts';
import { countApart, mostMb } from './count-apart.ts';

const topics = 10_000;
const columns = 20;
const name = (at: number) => `shop.topic.${String(at).padStart(6, '0')}`;
const partitions = [0, 1, 2];

const int16 = (value: number) => int32(value).subarray(2);
const none = list([]);
const versions = Buffer.concat([
  int16(0),
  list([1, 2, 3, 18, 36, 60].map((key) => Buffer.concat([int16(key), int16(0), int16(key === 3 ? 12 : 8)]))),
]);
/** Version 8 of Metadata: https://kafka.apache.org/protocol#The_Messages_Metadata */
const metadata = (port: number, all: readonly Buffer[]) =>
  Buffer.concat([
    int32(0),
    list([Buffer.concat([int32(1), text('localhost'), int32(port), int16(-1)])]),
    int16(-1),
    int32(1),
    list(all),
    int32(0),
  ]);
const replicas = list([1, 2, 3].map(int32));
const led = partitions.map((index) =>
  Buffer.concat([int16(0), int32(index), int32(1), int32(0), replicas, replicas, none]),
);
const described = Array.from({ length: topics }, (_, at) =>
  Buffer.concat([int16(0), text(name(at)), int8(0), list(led), int32(1 << 3)]),
);

/** Version 2 of ListOffsets: the same places as were asked for, each with an offset. */
const offsets = (asked: Buffer) => {
  let at = 5;
  const next = () => asked.readInt32BE((at += 4) - 4);
  const all = Array.from({ length: next() }, () => {
    const length = asked.readInt16BE(at);
    const topic = asked.subarray(at, (at += 2 + length));
    const places = Array.from({ length: next() }, () => {
      const place = Buffer.concat([int32(next()), int16(0), int64(-1), int64(1000)]);
      at += 8;
      return place;
    });
    return Buffer.concat([topic, list(places)]);
  });
  return Buffer.concat([int32(0), list(all)]);
};

const answers: Readonly<Record<number, (asked: Buffer) => Buffer>> = { 2: offsets, 18: () => versions };
const wantsAll = (asked: Buffer) => asked.readInt32BE(0) === -1;

const broker = () =>
  plainServer((socket) => {
    let pending = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      pending = Buffer.concat([pending, chunk]);
      while (pending.length >= 4 && pending.length >= pending.readInt32BE(0) + 4) {
        const asked = pending.subarray(4, pending.readInt32BE(0) + 4);
        pending = pending.subarray(asked.length + 4);
        const key = asked.readInt16BE(0);
        const body = asked.subarray(10 + asked.readInt16BE(8)); // behind key, version, number and our name
        const answer =
          answers[key]?.(body) ?? metadata(socket.localPort ?? 0, wantsAll(body) ? described : []);
        socket.write(Buffer.concat([int32(answer.length + 4), asked.subarray(4, 8), answer]));
      }
    });
  });

/** The schema of a topic's values: of twenty fields each, in each of the three languages. */
const schemas = [
  {
    schema: JSON.stringify({
      type: 'record',
      name: 'Order',
      namespace: 'shop',
      fields: Array.from({ length: columns }, (_, at) => ({
        name: `field_${at}`,
        type: ['null', 'string'],
        doc: 'what the shop knows',
      })),
    }),
  },
  {
    schemaType: 'JSON',
    schema: JSON.stringify({
      type: 'object',
      properties: Object.fromEntries(
        Array.from({ length: columns }, (_, at) => [
          `field_${at}`,
          { type: 'string', description: 'what the shop knows' },
        ]),
      ),
    }),
  },
  {
    schemaType: 'PROTOBUF',
    schema: `syntax = "proto3";\nmessage Order {\n${Array.from({ length: columns }, (_, at) => `  string field_${at} = ${at + 1};`).join('\n')}\n}\n`,
  },
];
const registry = () =>
  listen(
    createServer((request, response) => {
      const at = /topic\.(\d+)-value\/versions\/latest$/.exec(request.url ?? '')?.[1];
      const subjects = () => Array.from({ length: topics }, (_, n) => `${name(n)}-value`);
      response.end(
        JSON.stringify(
          at === undefined ? subjects() : { subject: 'any', version: 1, id: 1, ...schemas[Number(at) % 3] },
        ),
      );
    }),
  );

/** The connector's own wire, driver, readers of schemas and fold are real; broker and registry are scripted: one broker takes long to make so many. */
test('ten thousand topics of Kafka are read in bounded memory', async () => {
  await using server = await broker();
  await using beside = await registry();
  const { peakMb, ...counted } = await countApart({
    connector: 'kafka',
    target: {
      config: {
        bootstrap_servers: `localhost:${server.port}`,
        schema_registry_url: `http://127.0.0.1:${beside.port}`,
      },
      credentials: { auth_method: 'none' },
      options: { ssl_mode: 'disable', query_timeout_seconds: 60 },
      role: 'source',
    },
    tlsAsk: { mode: 'disable' },
  });
  expect(counted).toEqual({ tables: topics, columns: topics * columns, ordered: true, missing: [] });
  expect(peakMb).toBeLessThan(mostMb);
}, 120_000);
