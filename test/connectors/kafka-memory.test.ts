import { createServer } from 'node:http';
import { test } from '@jest/globals';
import { listen } from '../network/servers.ts';
import { expectBoundedMemory } from '../contracts/memory.ts';
import { startKafkaBroker, encodeKafkaTopic } from './kafka-broker.ts';

const topics = 10_000;
const columns = 20;
const name = (at: number) => `shop.topic.${String(at).padStart(6, '0')}`;
const described = Array.from({ length: topics }, (_, at) => encodeKafkaTopic(name(at)));

/** Schemas for topic values, each of twenty fields, one in each of the three schema languages. */
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

/**
 * The connector's protocol code, driver, schema readers and folding are real. Broker and registry are
 * scripted, because a real broker takes long to create so many topics.
 */
test('Kafka introspection of ten thousand topics stays within the memory limit', async () => {
  await using server = await startKafkaBroker({ topics: described });
  await using beside = await registry();
  await expectBoundedMemory({
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
    tlsSettings: { mode: 'disable' },
  });
});
