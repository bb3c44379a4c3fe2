import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { handler as emptyVault } from '../../functions/empty-vault.ts';
import { handler as makeTests } from '../../functions/probe/test.ts';
import { handler as publish } from '../../functions/publish.ts';
import { handler as sweep } from '../../functions/sweep.ts';
import { handler as buryTests } from '../../functions/undelivered.ts';
import { toItemAttributes } from '../../shared/adapters/aws/dynamo-attributes.ts';
import { getAwsRuntime } from '../../shared/runtime/aws-runtime.ts';
import { openAwsParking } from '../../shared/runtime/aws-parking.ts';
import { delayQueueMessage } from '../../shared/adapters/aws/delay-queue-message.ts';
import type { PublishedEvent } from '../../shared/domain/events/event-types.ts';
import { createSecretDocument, createSecretOwner } from '../contracts/secrets.ts';
import { startFakeHttpServer } from './fake-http-server.ts';

interface Asked {
  readonly operation: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** The complete environment of the functions. Nothing else tells them where their resources are. */
const environment = {
  AWS_REGION: 'eu-central-1',
  AWS_ACCESS_KEY_ID: 'fake',
  AWS_SECRET_ACCESS_KEY: 'fake',
  TABLE_NAME: 'the-table',
  SECRET_PREFIX: 'the-prefix',
  SECRET_KEY_ID: 'alias/the-key',
  MAC_KEY_ID: 'alias/the-mac-key',
  PROBE_TEST: 'the-test',
  PROBE_INTROSPECT: 'the-introspection',
  PROBE_CREDENTIALS: 'the-credentials',
  BUS_NAME: 'the-bus',
  PARKED_BUCKET: 'the-bucket',
};
/** The SQS client sends requests to the URL of the queue itself. */
const queues = { TESTS_QUEUE_URL: 'tests', AWS_ENDPOINT_URL: '' };

describe('AWS runtime', () => {
  let server: Awaited<ReturnType<typeof startFakeHttpServer>>;
  let before: NodeJS.ProcessEnv;
  let stdout: { readonly mockRestore: () => void };
  let silent = false;
  const asked: Asked[] = [];

  beforeAll(async () => {
    server = await startFakeHttpServer((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => void parts.push(part));
      request.on('end', () => {
        const operation = String(request.headers['x-amz-target'] ?? request.url).replace(/^.*\./, '');
        const text = Buffer.concat(parts).toString();
        asked.push({ operation, body: text.startsWith('{') ? JSON.parse(text) : {} });
        if (silent) return;
        response
          .writeHead(operation === '/taken' ? 200 : 500, { 'content-type': 'application/x-amz-json-1.1' })
          .end('{"__type":"InternalServerError"}');
      });
    });
    stdout = jest.spyOn(process.stdout, 'write').mockReturnValue(true); // the log of a function
    before = { ...process.env };
    Object.assign(process.env, environment);
    for (const [name, path] of Object.entries(queues)) process.env[name] = `${server.url}/${path}`;
  });
  afterAll(async () => {
    for (const name of Object.keys({ ...environment, ...queues })) {
      if (before[name] === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = before[name];
    }
    stdout.mockRestore();
    await server[Symbol.asyncDispose]();
  });
  beforeEach(() => {
    silent = false;
    asked.length = 0;
  });

  const owner = createSecretOwner();
  const call = { tenant: { org: 'o', environment: 'e' }, id: owner.id, actor: 'a', request_id: 'r' };
  const open = async () => {
    const uses = { store: 'write', vault: 'write', probe: ['test'], bus: 'put', queue: 'tests' } as const;
    const { store, vault, probe, bus, queue } = await getAwsRuntime().ports(uses as never);
    if (!store || !vault || !probe || !bus || !queue) throw new Error('A port is missing');
    return { store, vault, probe, bus, queue };
  };
  const request = {
    org_id: 'org',
    environment_id: 'default',
    connection_id: owner.id,
    trigger: 'create',
    request_id: 'r',
    awaited: 1,
  } as const;
  const event = { id: `evt_${randomUUID()}`, type: 'connection.created' } as PublishedEvent; // only what is read here

  test.each([
    [
      'the table',
      async () => (await open()).store.get({ pk: 'a', sk: 'b' }),
      'GetItem',
      { TableName: 'the-table' },
    ],
    [
      'the vault’s secrets and their key',
      async () => (await open()).vault.create(createSecretDocument(owner)),
      'CreateSecret',
      { Name: `the-prefix/${owner.org}/${owner.environment}/${owner.id}`, KmsKeyId: 'alias/the-key' },
    ],
    [
      'the key of fingerprints',
      async () => (await open()).vault.key(owner),
      'GenerateMac',
      { KeyId: 'alias/the-mac-key' },
    ],
    [
      'the bus',
      async () => (await open()).bus.put([event]),
      'PutEvents',
      { Entries: [expect.objectContaining({ EventBusName: 'the-bus' })] },
    ],
    [
      'the queue of tests',
      () => delayQueueMessage('receipt', 90.4),
      'ChangeMessageVisibility',
      { QueueUrl: expect.stringMatching(/\/tests$/), ReceiptHandle: 'receipt', VisibilityTimeout: 90 },
    ],
    [
      'the queue of tests that are sent',
      async () => (await open()).queue.sendTests([{ message: request }]),
      'SendMessageBatch',
      { QueueUrl: expect.stringMatching(/\/tests$/) },
    ],
  ] as const)('uses %s of the deployment and tries a failed call once more', async (...row) => {
    const [, work, operation, body] = row;
    await expect(work()).rejects.toThrow();
    const [first, second, ...more] = asked.filter((one) => one.operation === operation);
    expect(first).toMatchObject({ operation, body });
    expect([second?.operation, more.length]).toEqual([operation, 0]);
  });

  test.each([
    [-5, 1],
    [0.2, 1],
    [43_200, 43_200],
    [1e9, 43_200],
  ])('limits the delay of a message to what the queue accepts: %d s', async (wanted, sent) => {
    await expect(delayQueueMessage('receipt', wanted)).rejects.toThrow();
    expect(asked[0]?.body['VisibilityTimeout']).toBe(sent);
  });

  test.each([
    ['test', 'the-test'],
    ['credentials', 'the-credentials'],
    ['introspect', 'the-introspection'],
  ] as const)('invokes the probe function for %s once, even when it fails', async (name, invoked) => {
    const { probe } = await open();
    const calls = {
      test: () => probe.test({ ...call, trigger: 'request' }),
      credentials: () => probe.credentials({ ...call, patch: {} }),
      introspect: () => probe.introspect(call as never, 20_000),
    };
    await expect(calls[name]()).rejects.toMatchObject({ code: 'unavailable' });
    expect(asked.map(({ operation }) => operation)).toEqual([`/2015-03-31/functions/${invoked}/invocations`]);
  });

  test('fails with unavailable when a service does not answer', async () => {
    silent = true;
    const { store, vault, bus } = await open();
    const calls = [
      store.get({ pk: 'a', sk: 'b' }),
      vault.create(createSecretDocument(owner)),
      vault.key(owner),
      bus.put([event]),
    ];
    for (const outcome of await Promise.allSettled(calls))
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'unavailable' } });
  });

  test('gives a function only the ports that it declares', async () => {
    expect(Object.keys(await getAwsRuntime().ports({}))).toEqual([]);
    expect(Object.keys(await getAwsRuntime().ports({ store: 'read' }))).toEqual(['store']);
    expect(Object.keys(await getAwsRuntime().ports({ documents: 'read' }))).toEqual(['documents']);
  });

  const records = (...all: readonly object[]) => ({ Records: all }) as never; // only the fields that the handler reads
  const change = (layout: number) => ({
    eventID: 'event-1',
    eventName: 'INSERT',
    dynamodb: {
      Keys: { pk: { S: 'T#org#default' }, sk: { S: `CONN#${owner.id}` } },
      NewImage: toItemAttributes({
        pk: 'T#org#default',
        sk: `CONN#${owner.id}`,
        layout,
        id: owner.id,
        org_id: 'org',
        environment_id: 'default',
        name: 'Sales',
        tags: [],
        type: 'postgresql',
        cause: 'created',
        options: {},
        version: 1,
        revision: 1,
        status: 'testing',
        awaits_test: 1,
        updated_at: '2026-01-01T00:00:00.000Z',
      }),
      SequenceNumber: '101',
    },
  });
  const message = {
    messageId: 'message-1',
    receiptHandle: 'receipt',
    body: JSON.stringify(request),
  };

  test('reports changes that a service refuses, so that they are delivered again', async () => {
    const { batchItemFailures } = await publish(records(change(1)));
    expect(batchItemFailures).toEqual([{ itemIdentifier: '101' }]);
    expect(asked.map(({ operation }) => operation)).toContain('BatchGetItem');
  });

  test('parks a change that cannot become an event, and reports it when the bucket refuses it', async () => {
    const { batchItemFailures } = await publish(records(change(999)));
    expect(batchItemFailures).toEqual([{ itemIdentifier: '101' }]);
    const [parked] = asked.filter(({ operation }) => operation.endsWith('PutObject'));
    expect(parked?.body).toMatchObject({ records: [{ eventID: 'event-1' }] });
    await expect(openAwsParking().park({ id: 'event-2' })).rejects.toMatchObject({ code: 'unavailable' });
  });

  test.each([
    ['undelivered', buryTests],
    ['probe/test', makeTests],
  ] as const)(
    'reports messages that %s cannot handle, so that they are delivered again',
    async (_, handler) => {
      expect(await handler(records(message))).toEqual({
        batchItemFailures: [{ itemIdentifier: 'message-1' }],
      });
      expect(asked.map(({ operation }) => operation)).toContain('BatchGetItem');
    },
  );

  test('fails the sweep function when the sweep fails', async () => {
    await expect(sweep()).rejects.toMatchObject({ code: 'unavailable' });
    expect(asked[0]).toMatchObject({ operation: 'Query', body: { TableName: 'the-table' } });
  });

  test.each([
    ['Delete', 'FAILED'],
    ['Create', 'SUCCESS'],
  ])(
    'answers CloudFormation after a %s with %s, and fails when the answer is refused',
    async (RequestType, Status) => {
      const request = { RequestType, StackId: 's', RequestId: 'r', LogicalResourceId: 'l' };
      const context = { getRemainingTimeInMillis: () => 300_000 };
      await emptyVault({ ...request, ResponseURL: `${server.url}/taken` } as never, context);
      expect(asked.at(-1)).toMatchObject({ operation: '/taken', body: { Status, StackId: 's' } });
      await expect(
        emptyVault({ ...request, ResponseURL: `${server.url}/refused` } as never, context),
      ).rejects.toThrow('HTTP 500');
    },
  );
});
