import type { DynamoDBBatchResponse, DynamoDBRecord, DynamoDBStreamEvent } from 'aws-lambda';
import { awsRuntime } from '../shared/adapters/aws.ts';
import type { Runtime } from '../shared/adapters/runtime.ts';
import { streamEvent } from '../shared/adapters/stream.ts';
import { eventsOf } from '../shared/domain/events.ts';
import { createLog } from '../shared/log.ts';
import type { Bus, ConnectionEvent } from '../shared/ports/bus.ts';
import type { PortsFor, Uses } from '../shared/ports/ports.ts';

export const uses = { bus: 'put' } as const satisfies Uses;

interface Published {
  readonly record: DynamoDBRecord;
  readonly events: readonly ConnectionEvent[];
}

/**
 * Publishes the changes of the table on the bus. Sends a record that cannot be converted to the dead letters, so that it does not block the
 * stream. If the bus refuses events, the stream delivers again from the first refused record.
 */
export const publishChanges = async (
  { Records: records }: DynamoDBStreamEvent,
  { ports, writeLog }: Pick<Runtime, 'ports' | 'writeLog'>,
  bury: (letter: object) => Promise<void>,
): Promise<DynamoDBBatchResponse> => {
  const { bus }: Partial<PortsFor<typeof uses>> = await ports(uses);
  if (!bus) throw new Error('The publisher was given no bus');
  const log = createLog({ function: 'publish' }, writeLog);
  const published: Published[] = [];
  for (const record of records) {
    try {
      published.push({ record, events: eventsOf([streamEvent(record)]) });
    } catch (error) {
      const letter = {
        event_id: record.eventID,
        keys: record.dynamodb?.Keys,
        at: record.dynamodb?.ApproximateCreationDateTime,
      };
      log.error('a change of the table could not be made an event', error, { event_id: record.eventID });
      await bury(letter);
    }
  }
  const refused = await putAll(bus, published, (error) => log.error('the bus did not take events', error));
  const itemIdentifier = refused?.dynamodb?.SequenceNumber;
  if (refused && itemIdentifier === undefined) throw new Error('A record of a stream has no sequence number');
  return { batchItemFailures: itemIdentifier === undefined ? [] : [{ itemIdentifier }] };
};

/** Publishes all at once. If that fails, publishes in order, ten records at a time; returns the first record of the first refused part. */
const putAll = async (
  bus: Bus,
  published: readonly Published[],
  failed: (error: unknown) => void,
): Promise<DynamoDBRecord | undefined> => {
  try {
    await putEvents(bus, published);
    return undefined;
  } catch (error) {
    failed(error);
  }
  for (let at = 0; at < published.length; at += 10) {
    const some = published.slice(at, at + 10);
    try {
      await putEvents(bus, some);
    } catch {
      return some[0]?.record;
    }
  }
  return undefined;
};

const putEvents = async (bus: Bus, published: readonly Published[]): Promise<void> => {
  const events = published.flatMap((each) => each.events);
  if (events.length > 0) await bus.put(events);
};

export const handler = (event: DynamoDBStreamEvent): Promise<DynamoDBBatchResponse> =>
  publishChanges(event, awsRuntime(), async (letter) => {
    const { sendDeadEvent } = await import('../shared/adapters/dead-letter.ts');
    await sendDeadEvent(letter);
  });
