import { PutEventsCommand, type EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { setTimeout as wait } from 'node:timers/promises';
import type { PublishedEvent } from '../../domain/events/event-types.ts';
import type { Bus } from '../../ports/bus.ts';
import { Problem } from '../../problem.ts';
import { callAws } from './aws-fault.ts';

interface EventBridgeBusOptions {
  readonly client: EventBridgeClient;
  readonly busName: string;
}

/** The bus on Amazon EventBridge. A retry may put an event twice; consumers recognise duplicates by their id. */
export const createEventBridgeBus = ({ client, busName }: EventBridgeBusOptions): Bus => {
  /** Returns the events that the bus did not accept. */
  const putBatch = async (events: readonly PublishedEvent[]): Promise<readonly PublishedEvent[]> => {
    const command = new PutEventsCommand({
      Entries: events.map((event) => ({
        EventBusName: busName,
        Source: 'mooring',
        DetailType: event.type,
        Detail: JSON.stringify(event),
      })),
    });
    const { Entries = [] } = await callAws('EventBridge', client.send(command));
    return events.filter((_, n) => Entries[n]?.EventId === undefined);
  };

  return {
    put: async (events) => {
      let left = events;
      for (let attempt = 1; left.length > 0; attempt += 1) {
        if (attempt > MAX_PUT_ATTEMPTS) throw new Problem('unavailable', 'The bus did not take every event');
        if (attempt > 1) await wait(2 ** attempt * 25 * (0.5 + Math.random()));
        left = (await Promise.all(splitIntoBatches(left).map(putBatch))).flat();
      }
    },
  };
};

const MAX_PUT_ATTEMPTS = 4;

/** https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html: at most ten entries per call. */
const MAX_BATCH_ENTRIES = 10;

/** Below the limit of 256 KB per call, which counts more than the body: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html */
const MAX_BATCH_BYTES = 200_000;

const splitIntoBatches = (events: readonly PublishedEvent[]): readonly (readonly PublishedEvent[])[] => {
  const batches: PublishedEvent[][] = [];
  let bytes = 0;
  for (const event of events) {
    const size = Buffer.byteLength(JSON.stringify(event));
    const last = batches.at(-1);
    if (last && last.length < MAX_BATCH_ENTRIES && bytes + size <= MAX_BATCH_BYTES) {
      last.push(event);
      bytes += size;
    } else {
      batches.push([event]);
      bytes = size;
    }
  }
  return batches;
};
