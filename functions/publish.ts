import type { DynamoDBStreamEvent } from 'aws-lambda';
import { awsRuntime } from '../shared/adapters/aws.ts';
import { streamEvent } from '../shared/adapters/stream.ts';
import { eventsOf } from '../shared/domain/events.ts';
import type { Uses } from '../shared/ports/ports.ts';

export const uses = { bus: 'put' } as const satisfies Uses;

/** What changed in the table leaves as events on the bus; the stream delivers in order, and again until it succeeds. */
export const handler = async ({ Records: records }: DynamoDBStreamEvent): Promise<void> => {
  const { bus } = await awsRuntime().ports(uses);
  const events = eventsOf(records.map(streamEvent));
  if (events.length > 0) await bus?.put(events);
};
