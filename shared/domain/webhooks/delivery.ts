import * as v from 'valibot';
import type { DeliveryMessage } from '../../ports/queue.ts';
import type { Item, ReadStore, StoreChange } from '../../ports/store.ts';
import type { Tenant } from '../access/tenant.ts';
import { resolveCurrentLayout, upgradeItem } from '../stored-item.ts';
import { webhookKeys } from './webhook-keys.ts';

/** Why an attempt failed. Says no more about a host than that, so that webhooks do not help to scan a network. */
export const deliveryFailures = ['unreachable', 'timeout', 'tls', 'status'] as const;
export type DeliveryFailure = (typeof deliveryFailures)[number];

/** `skipped`: the attempt was not made, because the receiver was failing. `disabled`: the webhook was disabled. */
const deliveryOutcomes = ['delivered', ...deliveryFailures, 'skipped', 'disabled'] as const;
export type DeliveryOutcome = (typeof deliveryOutcomes)[number];

/** A delivery as the API returns it. */
export const Delivery = v.object({
  event_id: v.string(),
  event_type: v.string(),
  event_at: v.string(),
  connection_id: v.nullable(v.string()),
  state: v.picklist(['pending', 'delivered', 'failed']),
  /** How many attempts have ended. */
  attempts: v.number(),
  last_attempt_at: v.nullable(v.string()),
  next_attempt_at: v.nullable(v.string()),
  /** Of the last attempt. */
  outcome: v.nullable(v.picklist(deliveryOutcomes)),
});
export type Delivery = v.InferOutput<typeof Delivery>;

/** The delivery of one event to one webhook, as the store keeps it. */
export interface StoredDelivery extends Delivery {
  readonly org_id: string;
  readonly environment_id: string;
  readonly webhook_id: string;
  /** The bytes that are sent, the same at each attempt. */
  readonly body: string;
  /** The connection's internal id, or the webhook's for an event without a connection: what keeps the order. */
  readonly order_id: string;
  /** The number of attempts before the last replay: the schedule begins again after it. */
  readonly base: number;
  /** Until when an attempt may be running, in milliseconds; 0 if none is. */
  readonly lease: number;
  /** Incremented by each write. */
  readonly revision: number;
  /** Seconds. */
  readonly expires: number;
}

export const DELIVERY_RETENTION_SECONDS = 7 * 86_400;

export const readDelivery = (item: Item): StoredDelivery => {
  const { pk: _, sk: __, layout: ___, ...stored } = upgradeItem('delivery', item);
  return { base: 0, lease: 0, ...stored } as unknown as StoredDelivery; // written by `buildDeliveryPut`
};

export const findDelivery = async (
  store: ReadStore,
  { org_id: org, environment_id: environment, webhook_id, event_at, event_id }: DeliveryMessage,
): Promise<StoredDelivery | undefined> => {
  const item = await store.get(webhookKeys.delivery({ org, environment }, webhook_id, event_at, event_id));
  return item && readDelivery(item);
};

export const toDeliveryTenant = ({ org_id, environment_id }: StoredDelivery): Tenant => ({
  org: org_id,
  environment: environment_id,
});

/** The write of a delivery: of a new one, or on condition that its revision is still the one that was read. */
export const buildDeliveryPut = (next: StoredDelivery, read?: StoredDelivery): StoreChange => ({
  put: {
    ...next,
    ...webhookKeys.delivery(toDeliveryTenant(next), next.webhook_id, next.event_at, next.event_id),
    layout: resolveCurrentLayout('delivery'),
  },
  if: read ? { revision: read.revision } : 'absent',
});

/** The message that requests an attempt of a delivery. */
export const toDeliveryMessage = (
  { org_id, environment_id, webhook_id, order_id, event_id, event_at }: StoredDelivery,
  attempt: number,
): DeliveryMessage => ({
  org_id,
  environment_id,
  webhook_id,
  connection_id: order_id,
  event_id,
  event_at,
  attempt,
});

const Message = v.object({
  org_id: v.string(),
  environment_id: v.string(),
  webhook_id: v.string(),
  connection_id: v.string(),
  event_id: v.string(),
  event_at: v.string(),
  attempt: v.number(),
});

/** Parses a message of a delivery queue. Returns `undefined` if it holds no attempt. */
export const parseDeliveryMessage = (value: unknown): DeliveryMessage | undefined => {
  const parsed = v.safeParse(Message, value);
  return parsed.success ? parsed.output : undefined;
};
