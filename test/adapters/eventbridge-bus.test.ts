import { randomUUID } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import {
  CreateEventBusCommand,
  EventBridgeClient,
  PutRuleCommand,
  PutTargetsCommand,
} from '@aws-sdk/client-eventbridge';
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterEach, describe, expect, test } from '@jest/globals';
import * as v from 'valibot';
import { pollQueue } from '../../infra/local/queue-poller.ts';
import { createEventBridgeBus } from '../../shared/adapters/aws/eventbridge-bus.ts';
import type { PublishedEvent } from '../../shared/domain/events/event-types.ts';
import { busContract, parsePublishedEvent, createPublishedEvent, type OpenBus } from '../contracts/bus.ts';
import { awsClient } from '../engines/aws-client.ts';
import { onEngine, reach } from '../engines/reach.ts';
import { startFakeHttpServer } from './fake-http-server.ts';

const engine = reach('aws');

onEngine(engine, () => {
  describe('EventBridge bus with a rule to a queue', () => {
    busContract(async (): Promise<OpenBus> => {
      const client = new EventBridgeClient(awsClient(engine));
      const queue = new SQSClient(awsClient(engine));
      const busName = `mooring-${randomUUID()}`;
      const { url, arn } = await newQueue(queue);
      await client.send(new CreateEventBusCommand({ Name: busName }));
      const rule = { Name: 'tests', EventBusName: busName };
      const pattern = {
        source: ['mooring'],
        'detail-type': ['connection.created'],
        detail: { data: { connection: { tags: ['prod'] } } },
      };
      await client.send(new PutRuleCommand({ ...rule, EventPattern: JSON.stringify(pattern) }));
      await client.send(
        new PutTargetsCommand({
          Rule: rule.Name,
          EventBusName: busName,
          Targets: [{ Id: 'queue', Arn: arn }],
        }),
      );

      const polled = polling(queue, url, async (body) =>
        parsePublishedEvent(v.parse(Envelope, JSON.parse(body)).detail),
      );
      return {
        bus: createEventBridgeBus({ client, busName }),
        received: polled.received,
        [Symbol.asyncDispose]: async () => {
          await polled[Symbol.asyncDispose]();
          client.destroy();
          queue.destroy();
        },
      };
    });
  });
});

onEngine(engine, () => {
  describe('polled queue', () => {
    test('delivers only the message that was not handled again', async () => {
      const client = new SQSClient(awsClient(engine));
      const { url } = await newQueue(client, { VisibilityTimeout: '1' });
      const handled = new Map<string, number>();
      await using polled = polling(client, url, async (body) => {
        const times = (handled.get(body) ?? 0) + 1;
        handled.set(body, times);
        if (body === 'bad' && times === 1) throw new Error('not yet');
        return body;
      });
      for (const MessageBody of ['good', 'bad', 'better'])
        await client.send(new SendMessageCommand({ QueueUrl: url, MessageBody }));
      expect((await polled.received(3)).toSorted()).toEqual(['bad', 'better', 'good']);
      expect(polled.failures).toEqual([new Error('not yet')]);
      await polled[Symbol.asyncDispose]();
      expect(handled).toEqual(
        new Map([
          ['good', 1],
          ['bad', 2],
          ['better', 1],
        ]),
      );
      client.destroy();
    });
  });
});

describe('failing queue', () => {
  test('is polled again after a failure until polling is stopped', async () => {
    let requests = 0;
    await using server = await startFakeHttpServer((request, response) => {
      requests += 1;
      request.resume();
      response.writeHead(requests === 1 ? 500 : 200, { 'content-type': 'application/x-amz-json-1.0' });
      response.end(
        requests === 2 ? JSON.stringify({ Messages: [{ Body: 'late', ReceiptHandle: 'fake' }] }) : '{}',
      );
    });
    const client = new SQSClient({ ...fake, endpoint: server.url, md5: false });
    await using polled = polling(client, `${server.url}/queue`, async (body) => body);
    expect(await polled.received(1)).toEqual(['late']);
    expect(polled.failures).toHaveLength(1);
    await polled[Symbol.asyncDispose]();
    client.destroy();
  });
});

describe('entries that EventBridge refuses', () => {
  const opened: AsyncDisposable[] = [];
  afterEach(async () => {
    for (const each of opened.splice(0)) await each[Symbol.asyncDispose]();
  });

  /** A bus to a server that accepts an entry only when `takes` returns true. */
  const openBus = async (takes: (event: PublishedEvent, request: number) => boolean, status = 200) => {
    const requests: string[][] = [];
    const server = await startFakeHttpServer((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (text: string) => (body += text));
      request.on('end', () => {
        const events = v
          .parse(Entries, JSON.parse(body))
          .Entries.map(({ Detail }) => parsePublishedEvent(JSON.parse(Detail)));
        requests.push(events.map(({ id }) => id));
        const count = requests.length;
        const entries = events.map((event) =>
          takes(event, count)
            ? { EventId: randomUUID() }
            : { ErrorCode: 'InternalFailure', ErrorMessage: 'no' },
        );
        response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' });
        response.end(JSON.stringify({ Entries: entries, FailedEntryCount: 0 }));
      });
    });
    const client = new EventBridgeClient({ ...fake, endpoint: server.url });
    opened.push(server, { [Symbol.asyncDispose]: async () => client.destroy() });
    return { bus: createEventBridgeBus({ client, busName: 'mooring' }), requests };
  };

  test('are put again without the accepted ones', async () => {
    const events = Array.from({ length: 10 }, () => createPublishedEvent());
    const refused = events.slice(3, 5).map(({ id }) => id);
    const { bus, requests } = await openBus(({ id }, request) => request > 2 || !refused.includes(id));
    await bus.put(events);
    expect(requests).toEqual([events.map(({ id }) => id), refused, refused]);
  });

  test('are put in more calls when ten of them are too large for one', async () => {
    const large = Array.from({ length: 10 }, () => {
      const event = createPublishedEvent();
      if (event.type !== 'connection.created') throw new Error('expected a create');
      const tags = Array.from({ length: 50 }, () => '\u{1F600}'.repeat(150));
      return { ...event, data: { connection: { ...event.data.connection, tags } } };
    });
    const { bus, requests } = await openBus(() => true);
    await bus.put(large);
    expect(requests.map(({ length }) => length).toSorted((a, b) => a - b)).toEqual([4, 6]);
  });

  test('make the put fail after three retries', async () => {
    const [bad, good] = [createPublishedEvent(), createPublishedEvent()] as const;
    const { bus, requests } = await openBus(({ id }) => id !== bad.id);
    await expect(bus.put([bad, good])).rejects.toMatchObject({ code: 'unavailable' });
    expect(requests).toEqual([[bad.id, good.id], [bad.id], [bad.id], [bad.id]]);
  });

  test('are reported as unavailable when EventBridge fails', async () => {
    const { bus } = await openBus(() => true, 500);
    await expect(bus.put([createPublishedEvent()])).rejects.toMatchObject({ code: 'unavailable' });
  });
});

const newQueue = async (client: SQSClient, attributes: Record<string, string> = {}) => {
  const command = new CreateQueueCommand({ QueueName: `mooring-${randomUUID()}`, Attributes: attributes });
  const { QueueUrl = '' } = await client.send(command);
  const { Attributes } = await client.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }),
  );
  return { url: QueueUrl, arn: Attributes?.['QueueArn'] ?? '' };
};

/** Polls a queue until disposal and collects the results of `handle` and the failures. */
const polling = <T>(client: SQSClient, url: string, handle: (body: string) => Promise<T>) => {
  const handled: T[] = [];
  const arrivals = new EventEmitter();
  const failures: unknown[] = [];
  const stop = new AbortController();
  const polled = pollQueue({
    client,
    url,
    handle: async (body) => {
      handled.push(await handle(body));
      arrivals.emit('message');
    },
    failed: (error) => void failures.push(error),
    signal: stop.signal,
  });
  return {
    failures,
    received: async (count: number): Promise<readonly T[]> => {
      while (handled.length < count) await once(arrivals, 'message');
      return handled.slice();
    },
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await polled;
    },
  };
};

const fake = {
  region: 'eu-central-1',
  credentials: { accessKeyId: 'fake', secretAccessKey: 'fake' },
  maxAttempts: 1,
};

const Envelope = v.object({ source: v.literal('mooring'), 'detail-type': v.string(), detail: v.unknown() });
const Entries = v.object({ Entries: v.array(v.object({ Detail: v.string() })) });
