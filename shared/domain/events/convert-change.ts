import type { TestMessage } from '../../ports/queue.ts';
import type { StoreEvent } from '../../ports/store.ts';
import { readConnection } from '../connections/stored-connection.ts';
import { readWebhook } from '../webhooks/webhook-repository.ts';
import type { PublishedConnectionEvent, PublishedEvent } from './event-types.ts';
import { toWebhookEvents } from './webhook-events.ts';
import { toEvents, toTestMessage } from './to-events.ts';

/** What a change of the table becomes. */
export interface ConvertedChange {
  readonly events: readonly PublishedConnectionEvent[];
  readonly test: TestMessage | undefined;
  /** Events for the bus only. */
  readonly busEvents?: readonly PublishedEvent[];
}

const NOTHING: ConvertedChange = { events: [], test: undefined };

/** Converts a change. Most changes (names, usages, catalog blocks) become nothing. Throws if the change is damaged. */
export const convertChange = ({ before, after, damage }: StoreEvent): ConvertedChange => {
  if (damage !== undefined) throw damage;
  if (after?.sk.startsWith('HOOK#'))
    return { ...NOTHING, busEvents: toWebhookEvents(before && readWebhook(before), readWebhook(after)) };
  if (!after || !/^(CONN|GONE)#/.test(after.sk)) return NOTHING;
  const now = readConnection(after);
  const earlier = before && readConnection(before);
  return { events: toEvents(earlier, now), test: toTestMessage(earlier, now) };
};
