import type { Queue } from '../../ports/queue.ts';
import { Conflict, type Store } from '../../ports/store.ts';
import type { Tenant } from '../access/tenant.ts';
import { createConcurrencyLimit } from '../concurrency-limit.ts';
import {
  buildDeliveryPut,
  DELIVERY_RETENTION_SECONDS,
  type StoredDelivery,
  toDeliveryMessage,
} from './delivery.ts';
import { listWebhooks } from './webhook-repository.ts';
import type { StoredWebhook } from './webhook.ts';

/** What deliveries need of an event. It is sent as it is, as JSON. */
export interface DeliverableEvent {
  /** `evt_…`. */
  readonly id: string;
  readonly type: string;
  /** ISO 8601. */
  readonly timestamp: string;
  readonly org_id: string;
  readonly environment_id: string;
  readonly data: {
    readonly connection?: { readonly id: string; readonly tags: readonly string[] };
    readonly [field: string]: unknown;
  };
}

const MAX_PARALLEL_WRITES = 20;

/**
 * Records a delivery for each event and each enabled webhook that wants it, and sends the first attempts in the order of the events. May be
 * repeated: a delivery that exists is left as it is, and a second message of an attempt makes no second attempt.
 */
export const queueDeliveries = async (
  store: Store,
  queue: Pick<Queue, 'sendDeliveries'>,
  events: readonly DeliverableEvent[],
  now = 0,
): Promise<void> => {
  const webhooks = new Map<string, Promise<StoredWebhook[]>>();
  const listOnce = ({ org_id: org, environment_id: environment }: DeliverableEvent) => {
    const tenant: Tenant = { org, environment };
    const key = JSON.stringify([org, environment]);
    const known = webhooks.get(key) ?? listWebhooks(store, tenant);
    webhooks.set(key, known);
    return known;
  };
  const found = await Promise.all(
    events.map(async (event) =>
      (await listOnce(event))
        .filter((webhook) => wantsEvent(webhook, event))
        .map((webhook) => createDelivery(webhook, event, now)),
    ),
  );
  const deliveries = found.flat();
  if (deliveries.length === 0) return;
  const writes = createConcurrencyLimit(MAX_PARALLEL_WRITES);
  for (const delivery of deliveries) await writes.start(() => writeNewDelivery(store, delivery));
  await writes.done();
  await queue.sendDeliveries(
    deliveries.map((delivery) => ({ message: toDeliveryMessage(delivery, delivery.attempts + 1) })),
  );
};

/** Whether a webhook gets an event: by its type, and by the connection's tags, of which one is enough. */
export const wantsEvent = (
  { enabled, types, tags }: StoredWebhook,
  { type, data }: Pick<DeliverableEvent, 'type' | 'data'>,
): boolean => {
  if (!enabled || !(types.includes('*') || types.includes(type))) return false;
  return tags === null || (data.connection?.tags.some((tag) => tags.includes(tag)) ?? false);
};

/** A delivery whose first attempt is due at once. */
export const createDelivery = (
  { id, org_id, environment_id }: StoredWebhook,
  event: DeliverableEvent,
  now = 0,
): StoredDelivery => ({
  org_id,
  environment_id,
  webhook_id: id,
  event_id: event.id,
  event_type: event.type,
  event_at: event.timestamp,
  connection_id: event.data.connection?.id ?? null,
  order_id: event.data.connection?.id.replace(/^conn_/, '') ?? id,
  body: JSON.stringify(event),
  state: 'pending',
  attempts: 0,
  last_attempt_at: null,
  next_attempt_at: event.timestamp,
  outcome: null,
  base: 0,
  lease: 0,
  revision: 1,
  // A parked change may be published after more than the retention.
  expires: Math.floor(Math.max(Date.parse(event.timestamp), now) / 1000) + DELIVERY_RETENTION_SECONDS,
});

/** Does nothing if the delivery exists. */
export const writeNewDelivery = async (store: Store, delivery: StoredDelivery): Promise<void> => {
  try {
    await store.write([buildDeliveryPut(delivery)]);
  } catch (error) {
    if (!(error instanceof Conflict)) throw error;
  }
};
