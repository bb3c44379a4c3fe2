import { once } from 'node:events';
import { createServer } from 'node:http';
import { inspect } from 'node:util';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createDynamoTable } from '../../infra/local/create-dynamo-table.ts';
import { createDynamoStore } from '../../shared/adapters/aws/dynamo-store.ts';
import { awsClient } from '../engines/aws-client.ts';
import { onEngine, reach } from '../engines/reach.ts';
import { storeContract } from '../contracts/store.ts';
import type { Store } from '../../shared/ports/store.ts';

describe('DynamoDB store', () => {
  test('retries a write whose answer was lost and reports no conflict with its own first attempt', async () => {
    const item = { pk: 'a', sk: 'b', version: 2, bytes: Uint8Array.of(1) };
    const stored = { pk: { S: 'a' }, sk: { S: 'b' }, version: { N: '2' }, bytes: { B: 'AQ==' } };
    const put = { put: item, if: { version: 1 } };
    const remove = { remove: item, if: { version: 2 } };
    await using lost = await answering([503, failure('ConditionalCheckFailedException'), { Item: stored }]);
    await lost.store.write([put]);
    await using removed = await answering([503, failure('ConditionalCheckFailedException'), {}]);
    await removed.store.write([remove]);
    await using changed = await answering([503, failure('ConditionalCheckFailedException'), {}]);
    await expect(changed.store.write([put])).rejects.toMatchObject({ name: 'Conflict', change: 0 });
    await using first = await answering([failure('ConditionalCheckFailedException')]);
    await expect(first.store.write([put])).rejects.toMatchObject({ name: 'Conflict', change: 0 });
  });

  test('retries a write when another transaction is in progress', async () => {
    const changes = [{ put: { pk: 'a', sk: 'a' } }, { put: { pk: 'a', sk: 'b' } }];
    await using table = await answering([
      cancelled('None', 'TransactionConflict'),
      cancelled('TransactionConflict', 'None'),
      {},
      failure('TransactionConflictException'),
      {},
      cancelled('TransactionConflict', 'ConditionalCheckFailed'),
    ]);
    await table.store.write(changes);
    await table.store.write(changes.slice(0, 1));
    await expect(table.store.write(changes)).rejects.toMatchObject({ name: 'Conflict', change: 1 });
    expect(new Set(table.tokens()).size).toBe(4);
  });

  test.each(['TransactionConflict', 'ThrottlingError', 'ProvisionedThroughputExceeded'])(
    'retries a transaction that was cancelled because of %s',
    async (reason) => {
      await using table = await answering([cancelled('None', reason), {}]);
      await table.store.write([{ put: { pk: 'a', sk: 'a' } }, { put: { pk: 'a', sk: 'b' } }]);
      expect(table.asked()).toHaveLength(2);
    },
  );

  test('reads consistently', async () => {
    await using table = await answering([{}, { Items: [] }, { Responses: {} }]);
    const key = { pk: 'a', sk: 'a' };
    await table.store.get(key);
    await table.store.query({ pk: 'a', limit: 1 });
    await table.store.getMany([key]);
    const [get, query, batch] = table.asked();
    expect([get, query].map((read) => read?.['ConsistentRead'])).toEqual([true, true]);
    expect(batch?.['RequestItems']).toMatchObject({ any: { ConsistentRead: true } });
  });

  test('reads the keys that a batch left unprocessed again, and no others', async () => {
    const keys = ['a', 'b', 'c'].map((sk) => ({ pk: 'a', sk }));
    const stored = (sk: string) => ({ pk: { S: 'a' }, sk: { S: sk }, name: { S: `n${sk}` } });
    const left = (...sks: string[]) => ({
      any: { Keys: sks.map((sk) => ({ pk: { S: 'a' }, sk: { S: sk } })), ConsistentRead: true },
    });
    await using table = await answering([
      { Responses: { any: [stored('c')] }, UnprocessedKeys: left('a', 'b') },
      { Responses: { any: [] }, UnprocessedKeys: left('a', 'b') },
      { Responses: { any: [stored('a')] }, UnprocessedKeys: {} },
    ]);
    const items = await table.store.getMany(keys);
    expect(items.map((item) => item?.['name'])).toEqual(['na', undefined, 'nc']);
    expect(table.asked().map(({ RequestItems: asked }) => asked)).toMatchObject([
      { any: { Keys: [{ sk: { S: 'a' } }, { sk: { S: 'b' } }, { sk: { S: 'c' } }] } },
      left('a', 'b'),
      left('a', 'b'),
    ]);
  });

  test('gives up a batch of which the table returns nothing again and again', async () => {
    const nothing = { UnprocessedKeys: { any: { Keys: [{ pk: { S: 'a' }, sk: { S: 'a' } }] } } };
    await using table = await answering(Array<object>(10).fill(nothing));
    await expect(table.store.getMany([{ pk: 'a', sk: 'a' }])).rejects.toMatchObject({ code: 'unavailable' });
    expect(table.asked()).toHaveLength(10);
  });

  test('asks only for the missing number of items after a page with expired ones', async () => {
    const item = (sk: string) => ({ pk: { S: 'a' }, sk: { S: sk } });
    const last = (sk: string) => ({ LastEvaluatedKey: item(sk), ScannedCount: 3 });
    await using table = await answering([
      { Items: [item('b')], ...last('c') },
      { Items: [item('d'), item('e')], LastEvaluatedKey: item('e'), ScannedCount: 2 },
    ]);
    const { items } = await table.store.query({ pk: 'a', limit: 3 });
    expect(items.map(({ sk }) => sk)).toEqual(['b', 'd', 'e']);
    expect(table.asked().map(({ Limit }) => Limit)).toEqual([3, 2]);
  });

  test('fails with unavailable when the table does not answer, fails or throttles', async () => {
    const key = { pk: 'a', sk: 'a' };
    const unavailable = { name: 'Problem', code: 'unavailable' };
    await using failing = await answering(Array<number>(30).fill(503));
    await expect(failing.store.get(key)).rejects.toMatchObject(unavailable);
    await expect(failing.store.getMany([key])).rejects.toMatchObject(unavailable);
    await expect(failing.store.query({ pk: 'a', limit: 1 })).rejects.toMatchObject(unavailable);
    await expect(failing.store.write([{ put: key }])).rejects.toMatchObject(unavailable);
    await expect(failing.store.count(key, 1)).rejects.toMatchObject(unavailable);
    await using throttled = await answering(
      Array<object>(9).fill(failure('ProvisionedThroughputExceededException')),
    );
    await expect(throttled.store.get(key)).rejects.toMatchObject(unavailable);
    const gone = await answering([]);
    await gone[Symbol.asyncDispose]();
    await expect(gone.store.get(key)).rejects.toMatchObject(unavailable);
  });

  test('removes secrets from the errors of the table', async () => {
    await using refusing = await answering([
      failure('ValidationException', 'the value was not-a-real-secret'),
    ]);
    const error: unknown = await refusing.store.get({ pk: 'a', sk: 'a' }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Error);
    expect(inspect(error)).not.toContain('not-a-real-secret');
  });
});

describe.each(['dynamodb-local', 'aws'])('DynamoDB store on %s', (name) => {
  const engine = reach(name);
  onEngine(engine, () => {
    const table = `store-${process.pid}-${Date.now()}`;
    let client: DynamoDBClient;
    let store: Store;
    let sent: string[] = [];
    let time = Date.now();

    beforeAll(async () => {
      client = new DynamoDBClient(awsClient(engine));
      client.middlewareStack.add(
        (next, { commandName }) =>
          (args) => {
            sent.push(String(commandName));
            return next(args);
          },
        { step: 'initialize' },
      );
      await createDynamoTable(client, table);
      await createDynamoTable(client, table);
      store = createDynamoStore({ client, table, clock: () => time });
    });

    afterAll(() => client.destroy());

    storeContract(() => ({
      store,
      now: () => Math.floor(time / 1000),
      pass: (seconds) => {
        time += seconds * 1000;
      },
    }));

    test('a read is one call, a write of one item uses no transaction, and a page is one query', async () => {
      const item = { pk: 'calls', sk: 'a' };
      sent = [];
      await store.write([{ put: item, if: 'absent' }]);
      await store.get(item);
      await store.getMany(Array.from({ length: 100 }, (_, n) => ({ pk: 'calls', sk: `${n}` })));
      await store.query({ pk: 'calls', limit: 1 });
      await store.write([{ put: { ...item, sk: 'b' } }, { remove: item, if: 'present' }]);
      expect(sent).toEqual([
        'PutItemCommand',
        'GetItemCommand',
        'BatchGetItemCommand',
        'QueryCommand',
        'TransactWriteItemsCommand',
      ]);
    });
  });
});

/** A table that returns these answers in order, for any request. */
const answering = async (answers: readonly (number | object)[]) => {
  const asked: Readonly<Record<string, unknown>>[] = [];
  const left = [...answers];
  const server = createServer((request, response) => {
    request.setEncoding('utf8');
    let body = '';
    request.on('data', (chunk: string) => {
      body += chunk;
    });
    request.on('end', () => {
      asked.push(JSON.parse(body) as (typeof asked)[number]); // every request to DynamoDB is a JSON object
      const answer = left.shift() ?? 500;
      let status = 200;
      if (typeof answer === 'number') status = answer;
      else if ('__type' in answer) status = 400;
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' });
      response.end(typeof answer === 'number' ? '{}' : JSON.stringify(answer));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const client = new DynamoDBClient({
    region: 'eu-central-1',
    endpoint: `http://127.0.0.1:${port}`,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 2,
  });
  return {
    store: createDynamoStore({ client, table: 'any' }),
    asked: () => asked,
    tokens: () => asked.flatMap(({ ClientRequestToken: token }) => token ?? []),
    [Symbol.asyncDispose]: async () => {
      client.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};

const failure = (name: string, message = 'refused') => ({
  __type: `com.amazonaws.dynamodb.v20120810#${name}`,
  message,
});

const cancelled = (...codes: string[]) => ({
  ...failure('TransactionCanceledException'),
  CancellationReasons: codes.map((Code) => ({ Code })),
});
