import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { DynamoDBRecord } from 'aws-lambda';
import { publishRecords } from '../../functions/publish.ts';
import { toItemAttributes } from '../../shared/adapters/aws/dynamo-attributes.ts';
import { createSqliteStore, type SqliteStore } from '../../shared/adapters/local/sqlite-store.ts';
import { readEvents } from '../../shared/domain/events/event-log.ts';
import type { PublishedEvent } from '../../shared/domain/events/event-types.ts';
import { createWebhook } from '../../shared/domain/webhooks/webhook-repository.ts';
import type { StoreEvent } from '../../shared/ports/store.ts';
import type { DeliveryMessage, TestMessage } from '../../shared/ports/queue.ts';

const tenant = { org: 'org', environment: 'default' };
const refuse = () => Promise.reject(new Error('refused'));

let now: number;
let store: SqliteStore;
let onBus: PublishedEvent[];
let queued: TestMessage[];
let deliveries: DeliveryMessage[];
let parked: StoreEvent[];
let logged: string[];
beforeEach(() => {
  now = Date.parse('2026-01-01T00:00:00Z');
  store = createSqliteStore({ path: ':memory:', clock: () => now });
  [onBus, queued, deliveries, parked, logged] = [[], [], [], [], []];
});
afterEach(() => store.close());

const connection = (n: number, more: object = {}) => ({
  layout: 1,
  id: String(n).padStart(32, '0'),
  org_id: 'org',
  environment_id: 'default',
  name: `Connection ${n}`,
  description: null,
  flavor: null,
  role: 'source',
  mode: 'managed',
  product: null,
  ssl: { ca: null, cert: null },
  excluded_schemas: [],
  metadata: {},
  fields: {},
  credentials_version: 1,
  last_test: null,
  usages: {},
  type: 'postgresql',
  cause: 'created',
  config: { host: 'db.test', port: 5432, database: 'shop', username: 'me' },
  options: {},
  auth_method: 'password',
  bound: {},
  secret: { name: 's', version: '1' },
  tags: [],
  version: 1,
  revision: 1,
  status: 'testing',
  status_reason: null,
  awaits_test: 1,
  updated_at: '2026-01-01T00:00:00.000Z',
  ...more,
});

/** A record as a DynamoDB stream delivers it. */
const record = (n: number, after: object = connection(n), before?: object): DynamoDBRecord =>
  ({
    eventID: `event-${n}`,
    dynamodb: {
      NewImage: toItemAttributes({ pk: 'T#org#default', sk: `CONN#${n}`, ...after }),
      ...(before && { OldImage: toItemAttributes({ pk: 'T#org#default', sk: `CONN#${n}`, ...before }) }),
      SequenceNumber: String(100 + n),
    },
  }) as unknown as DynamoDBRecord; // nothing reads the other fields of a stream record

interface Faults {
  readonly put?: (events: readonly PublishedEvent[]) => Promise<void>;
  readonly sendTests?: () => Promise<void>;
  readonly park?: () => Promise<void>;
  readonly replay?: boolean;
}

/** Publishes a batch. Returns the sequence numbers of the records that are delivered again. */
const publish = async (records: readonly DynamoDBRecord[], { replay = false, ...faults }: Faults = {}) => {
  const ports = {
    store,
    bus: { put: faults.put ?? (async (events: readonly PublishedEvent[]) => void onBus.push(...events)) },
    queue: {
      sendTests:
        faults.sendTests ??
        (async (messages: readonly { readonly message: TestMessage }[]) =>
          void queued.push(...messages.map(({ message }) => message))),
      sendDeliveries: async (messages: readonly { readonly message: DeliveryMessage }[]) =>
        void deliveries.push(...messages.map(({ message }) => message)),
    },
    parking: { park: faults.park ?? (async (change: StoreEvent) => void parked.push(change)) },
  };
  const { batchItemFailures } = await publishRecords(
    { Records: [...records], replay },
    { ports: () => Promise.resolve(ports), clock: () => now, writeLog: (line) => void logged.push(line) },
  );
  return batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
};

const numberOf = (event: PublishedEvent) =>
  'connection' in event.data ? Number(event.data.connection.id.slice(-3)) : -1;
const readLog = async () => (await readEvents(store, tenant, { after: undefined, limit: 200 })).events;
const numbersInLog = async () => (await readLog()).map(numberOf);

describe('changes of the table', () => {
  test('are put on the bus, appended to the log of the tenant, and request their tests', async () => {
    expect(await publish([record(1), record(2)])).toEqual([]);
    expect(onBus.map(numberOf)).toEqual([1, 2]);
    expect(await readLog()).toEqual(onBus);
    expect(queued).toMatchObject([
      { connection_id: connection(1).id, trigger: 'create', awaited: 1, request_id: onBus[0]?.id },
      { connection_id: connection(2).id },
    ]);
  });

  test('are delivered again from the first event that the bus refuses', async () => {
    const taken = new Set<number>();
    const records = Array.from({ length: 25 }, (_, n) => record(n));
    const put = async (events: readonly PublishedEvent[]) => {
      if (events.some((event) => numberOf(event) >= 10)) return refuse();
      for (const event of events) taken.add(numberOf(event));
    };
    expect(await publish(records, { put })).toEqual(['110']);
    expect([...taken]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test('are published once each after the bus refused them for an hour, and their tests are not delayed', async () => {
    const records = [record(1), record(2), record(3)];
    for (let minute = 0; minute < 60; minute += 1) {
      now += 60_000;
      expect(await publish(records, { put: refuse })).toEqual(['101']);
      expect(queued).toHaveLength(3);
    }
    expect(await publish(records)).toEqual([]);
    expect(onBus.map(numberOf)).toEqual([1, 2, 3]);
    expect(await readLog()).toEqual(onBus);
    expect(queued).toHaveLength(3);
    expect(logged.join()).toContain('event publishing failed');
  });

  test('are delivered again when the queue refuses their tests, before any event is published', async () => {
    expect(await publish([record(1)], { sendTests: refuse })).toEqual(['101']);
    expect([onBus, await readLog()]).toEqual([[], []]);
    expect(await publish([record(1)])).toEqual([]);
    expect([onBus.length, queued.length]).toEqual([1, 1]);
  });

  test('have the same ids in every delivery, and are once in the log', async () => {
    const batch = [record(1), record(2)];
    await publish(batch);
    await publish(batch);
    expect(onBus).toHaveLength(4);
    expect(new Set(onBus.map(({ id }) => id)).size).toBe(2);
    expect(await numbersInLog()).toEqual([1, 2]);
    expect(queued).toHaveLength(2);
  });

  test('that arrive out of order keep the sequence that orders them', async () => {
    const later = connection(1, {
      cause: 'updated',
      version: 2,
      revision: 2,
      tags: ['b'],
      awaits_test: null,
    });
    await publish([record(1, later, connection(1, { awaits_test: null })), record(1)]);
    expect(onBus.map(({ type, data }) => [type, 'connection' in data && data.connection.sequence])).toEqual([
      ['connection.updated', 2],
      ['connection.created', 1],
    ]);
  });

  test('of a connection that is gone are published from the images alone', async () => {
    const gone = connection(7, {
      cause: 'deleted',
      deleted_at: '2026-01-01T00:00:00.000Z',
      awaits_test: null,
    });
    const removed = {
      eventID: 'event-8',
      dynamodb: {
        OldImage: toItemAttributes({ pk: 'T#org#default', sk: 'GONE#7', ...gone }),
        SequenceNumber: '108',
      },
    } as unknown as DynamoDBRecord;
    expect(await publish([record(7, { ...gone, pk: 'T#org#default', sk: 'GONE#7' }), removed])).toEqual([]);
    expect(onBus.map(({ type }) => type)).toEqual(['connection.deleted']);
    expect(queued).toEqual([]);
  });

  test('are delivered to the webhooks that want them, also while the bus refuses them', async () => {
    const actor = { tenant, actor: 'a', request_id: 'r', now };
    await createWebhook(store, actor, {
      url: 'https://receiver.example/events',
      types: ['connection.created'],
      tags: null,
      description: null,
      enabled: true,
    });
    expect(await publish([record(1)], { put: refuse })).toEqual(['101']);
    const [event] = await readLog();
    expect(deliveries[0]).toMatchObject({ event_id: event?.id, attempt: 1 });
  });

  test('of two tenants have two logs', async () => {
    await publish([record(1), record(2, connection(2, { environment_id: 'staging' }))]);
    expect(await numbersInLog()).toEqual([1]);
    const other = { org: 'org', environment: 'staging' };
    expect((await readEvents(store, other, { after: undefined, limit: 9 })).events.map(numberOf)).toEqual([
      2,
    ]);
  });
});

describe('a change that cannot become an event', () => {
  const poison = (n: number) => record(n, connection(n, { layout: 999, name: 'the-secret-name' }));

  test('is parked with its images and blocks no other', async () => {
    expect(await publish([record(1), poison(2), record(3)])).toEqual([]);
    expect(onBus.map(numberOf)).toEqual([1, 3]);
    expect(parked).toMatchObject([{ id: 'event-2', raw: { eventID: 'event-2' } }]);
    const line = logged
      .map((text) => JSON.parse(text))
      .find(({ message }) => message === 'event conversion failed');
    expect(line).toMatchObject({ level: 'error', event_id: 'event-2', ParkedChanges: 1 });
    expect(logged.join()).not.toContain('the-secret-name');
  });

  test('is delivered again, with all that follow, when it cannot be parked', async () => {
    expect(await publish([record(1), poison(2), record(3)], { park: refuse })).toEqual(['102']);
    expect(onBus.map(numberOf)).toEqual([1]);
    expect(logged.join()).toContain('change parking failed');
  });

  test.each([
    ['has no name', { name: undefined }],
    ['has a status of another release', { status: 'asleep' }],
    ['has no revision', { revision: 'one' }],
  ])('is one that %s', async (_, more) => {
    const { name, ...rest } = connection(2, more);
    const before = connection(2, { revision: 0 });
    expect(await publish([record(2, name === undefined ? rest : { ...rest, name }, before)])).toEqual([]);
    expect([parked.length, onBus.length]).toEqual([1, 0]);
  });

  test('is reported and not parked again when it is replayed', async () => {
    expect(await publish([poison(2)], { replay: true })).toEqual(['102']);
    expect(await publish([record(2)], { replay: true })).toEqual([]);
    expect([parked.length, onBus.map(numberOf)]).toEqual([0, [2]]);
  });

  test('is one without an id, which is parked as it was received', async () => {
    const { eventID: _, ...anonymous } = record(5);
    expect(await publish([anonymous])).toEqual([]);
    expect(parked).toMatchObject([{ id: '105', raw: anonymous }]);
  });
});
