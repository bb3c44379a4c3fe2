import { describe, expect, test } from '@jest/globals';
import type { DynamoDBRecord, DynamoDBStreamEvent } from 'aws-lambda';
import { publishChanges } from '../../functions/publish.ts';
import { toItemAttributes } from '../../shared/adapters/aws/dynamo-attributes.ts';
import type { ConnectionEvent } from '../../shared/ports/bus.ts';

/** A record as a DynamoDB stream delivers it, of a connection or of another item. */
const record = (n: number, item: object = connection(n)): DynamoDBRecord =>
  ({
    eventID: `event-${n}`,
    eventName: 'INSERT',
    dynamodb: {
      Keys: { pk: { S: 'T#org#default' }, sk: { S: `CONN#${n}` } },
      NewImage: toItemAttributes({ pk: 'T#org#default', sk: `CONN#${n}`, ...item }),
      SequenceNumber: String(100 + n),
    },
  }) as unknown as DynamoDBRecord; // nothing reads the other fields of a stream record

const connection = (n: number) => ({
  layout: 1,
  id: String(n).padStart(32, '0'),
  org_id: 'org',
  environment_id: 'default',
  type: 'postgresql',
  cause: 'created',
  options: {},
  version: 1,
  revision: 1,
  status: 'testing',
  awaits_test: 1,
  updated_at: '2026-01-01T00:00:00.000Z',
});

const publish = async (
  records: readonly DynamoDBRecord[],
  put: (events: readonly ConnectionEvent[]) => Promise<void>,
  bury: (letter: object) => Promise<void> = () => Promise.reject(new Error('no letter was expected')),
) => {
  const logged: string[] = [];
  const event: DynamoDBStreamEvent = { Records: [...records] };
  const runtime = {
    ports: () => Promise.resolve({ bus: { put } }),
    writeLog: (line: string) => void logged.push(line),
  };
  const { batchItemFailures } = await publishChanges(event, runtime, bury);
  return { failures: batchItemFailures.map(({ itemIdentifier }) => itemIdentifier), logged };
};

const ids = (events: readonly ConnectionEvent[]) =>
  events.map(({ connection_id: id }) => Number(id.slice(-3)));

describe('changes of the table', () => {
  test('are published as events in one call', async () => {
    const calls: number[][] = [];
    const { failures } = await publish([record(1), record(2)], async (events) => {
      calls.push(ids(events));
    });
    expect([calls, failures]).toEqual([[[1, 2]], []]);
  });

  test('are delivered again from the first event that the bus rejected', async () => {
    const taken = new Set<number>();
    const records = Array.from({ length: 25 }, (_, n) => record(n));
    const { failures } = await publish(records, async (events) => {
      if (ids(events).some((id) => id >= 10)) throw new Error('refused');
      for (const id of ids(events)) taken.add(id);
    });
    expect(failures).toEqual(['110']);
    expect([...taken]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test('are all delivered again while the bus rejects everything', async () => {
    const { failures, logged } = await publish([record(1), record(2)], () =>
      Promise.reject(new Error('down')),
    );
    expect(failures).toEqual(['101']);
    expect(logged.join()).toContain('event publishing failed');
  });

  test('that cannot become events do not block the others and are written as dead letters', async () => {
    const letters: object[] = [];
    const put: number[] = [];
    const poison = record(2, { ...connection(2), layout: 999 });
    const { failures } = await publish(
      [record(1), poison, record(3)],
      async (events) => void put.push(...ids(events)),
      async (letter) => void letters.push(letter),
    );
    expect([put, failures]).toEqual([[1, 3], []]);
    expect(letters).toMatchObject([{ event_id: 'event-2', keys: { sk: { S: 'CONN#2' } } }]);
  });

  test('that can become neither events nor dead letters are delivered again', async () => {
    const poison = record(1, { ...connection(1), layout: 999 });
    await expect(publish([poison], async () => undefined)).rejects.toThrow('no letter was expected');
  });
});
