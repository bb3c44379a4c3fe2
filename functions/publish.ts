import type { DynamoDBBatchResponse, DynamoDBRecord, DynamoDBStreamEvent } from 'aws-lambda';
import { getAwsRuntime } from '../shared/runtime/aws-runtime.ts';
import type { Runtime } from '../shared/runtime/runtime.ts';
import { toStoreEvent } from '../shared/adapters/aws/stream-record.ts';
import { toConnectionEvents } from '../shared/domain/events/connection-events.ts';
import { createLog } from '../shared/log.ts';
import type { Bus, ConnectionEvent } from '../shared/ports/bus.ts';
import type { PortsFor, Uses } from '../shared/ports/ports.ts';

export const uses = { bus: 'put' } as const satisfies Uses;

interface RecordEvents {
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
  sendDeadLetter: (letter: object) => Promise<void>,
): Promise<DynamoDBBatchResponse> => {
  const { bus }: Partial<PortsFor<typeof uses>> = await ports(uses);
  if (!bus) throw new Error('The publisher was given no bus');
  const log = createLog({ function: 'publish' }, writeLog);
  const batch: RecordEvents[] = [];
  for (const record of records) {
    try {
      batch.push({ record, events: toConnectionEvents([toStoreEvent(record)]) });
    } catch (error) {
      const letter = {
        event_id: record.eventID,
        keys: record.dynamodb?.Keys,
        at: record.dynamodb?.ApproximateCreationDateTime,
      };
      log.error('event conversion failed', error, { event_id: record.eventID });
      await sendDeadLetter(letter);
    }
  }
  const refused = await putBatch(bus, batch, (error) => log.error('event publishing failed', error));
  const itemIdentifier = refused?.dynamodb?.SequenceNumber;
  if (refused && itemIdentifier === undefined) throw new Error('A record of a stream has no sequence number');
  return { batchItemFailures: itemIdentifier === undefined ? [] : [{ itemIdentifier }] };
};

/** Publishes all at once. If that fails, publishes in order, ten records at a time; returns the first record of the first refused part. */
const putBatch = async (
  bus: Bus,
  batch: readonly RecordEvents[],
  logFailure: (error: unknown) => void,
): Promise<DynamoDBRecord | undefined> => {
  try {
    await putEvents(bus, batch);
    return undefined;
  } catch (error) {
    logFailure(error);
  }
  for (let at = 0; at < batch.length; at += 10) {
    const part = batch.slice(at, at + 10);
    try {
      await putEvents(bus, part);
    } catch {
      return part[0]?.record;
    }
  }
  return undefined;
};

const putEvents = async (bus: Bus, batch: readonly RecordEvents[]): Promise<void> => {
  const events = batch.flatMap((each) => each.events);
  if (events.length > 0) await bus.put(events);
};

export const handler = (event: DynamoDBStreamEvent): Promise<DynamoDBBatchResponse> =>
  publishChanges(event, getAwsRuntime(), async (letter) => {
    const { sendDeadEvent } = await import('../shared/adapters/aws/send-dead-event.ts');
    await sendDeadEvent(letter);
  });
