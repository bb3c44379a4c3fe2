import type { DynamoDBBatchResponse, DynamoDBRecord, DynamoDBStreamEvent } from 'aws-lambda';
import { getAwsRuntime } from '../shared/runtime/aws-runtime.ts';
import type { Runtime } from '../shared/runtime/runtime.ts';
import { toStoreEvent } from '../shared/adapters/aws/stream-record.ts';
import { publishChanges } from '../shared/domain/events/publish-changes.ts';
import { createLog } from '../shared/log.ts';
import type { PortsFor, Uses } from '../shared/ports/ports.ts';
import type { StoreEvent } from '../shared/ports/store.ts';

export const uses = {
  store: 'write',
  bus: 'put',
  queue: 'tests deliveries',
  parking: 'put',
} as const satisfies Uses;

/** A batch of the table's stream, or one that `npm run replay` sends again. */
export interface PublishEvent extends DynamoDBStreamEvent {
  /** Whether the records were parked before. One that still cannot become an event is then reported, and not parked again. */
  readonly replay?: boolean;
}

/** Publishes a batch of the table's stream. Lambda delivers again from the first record that was not published. */
export const publishRecords = async (
  { Records: records, replay = false }: PublishEvent,
  { ports, clock, writeLog }: Pick<Runtime, 'ports' | 'clock' | 'writeLog'>,
): Promise<DynamoDBBatchResponse> => {
  const { store, bus, queue, parking }: Partial<PortsFor<typeof uses>> = await ports(uses);
  if (!store || !bus || !queue || !parking)
    throw new Error('The publisher was given no store, bus, queue or parking');
  const log = createLog({ function: 'publish' }, writeLog);
  const refused = await publishChanges(
    { store, bus, queue, parking: replay ? undefined : parking, now: clock(), log },
    records.map(readRecord),
  );
  if (refused === undefined) return { batchItemFailures: [] };
  const itemIdentifier = records[refused]?.dynamodb?.SequenceNumber;
  if (itemIdentifier === undefined) throw new Error('A record of a stream has no sequence number');
  return { batchItemFailures: [{ itemIdentifier }] };
};

const readRecord = (record: DynamoDBRecord): StoreEvent => {
  try {
    return { ...toStoreEvent(record), raw: record };
  } catch (damage) {
    return { id: record.eventID ?? record.dynamodb?.SequenceNumber ?? 'unknown', damage, raw: record };
  }
};

export const handler = (event: PublishEvent): Promise<DynamoDBBatchResponse> =>
  publishRecords(event, getAwsRuntime());
