import * as v from 'valibot';
import type { ReadStore } from '../../ports/store.ts';
import type { Tenant } from '../access/tenant.ts';
import { webhookKeys } from './webhook-keys.ts';
import { Delivery, readDelivery, type StoredDelivery } from './delivery.ts';

/** The last sort key of deliveries; what sorts after it belongs to something else. */
export const AFTER_DELIVERIES = 'EVENT#\u{10ffff}';

interface DeliveryRange {
  readonly limit: number;
  /** The position of the last delivery of the page before. */
  readonly after?: string | undefined;
}

/** Lists the deliveries of a webhook, the newest first. A position is the time and the id of an event. */
export const listDeliveries = async (
  store: ReadStore,
  tenant: Tenant,
  webhook: string,
  { limit, after }: DeliveryRange,
): Promise<{ data: readonly StoredDelivery[]; next: string | null }> => {
  const found: StoredDelivery[] = [];
  let to = after === undefined ? AFTER_DELIVERIES : `EVENT#${after}`;
  for (;;) {
    const page = await store.query({
      pk: webhookKeys.webhookPartition(tenant, webhook),
      from: 'EVENT#',
      to,
      backwards: true,
      limit: limit + 2 - found.length,
    });
    found.push(...page.items.filter(({ sk }) => sk !== `EVENT#${after}` && sk !== to).map(readDelivery));
    if (page.next === undefined || found.length > limit) break;
    to = page.next;
  }
  const data = found.slice(0, limit);
  const last = data.at(-1);
  return { data, next: found.length > limit && last ? toDeliveryPosition(last) : null };
};

const toDeliveryPosition = ({ event_at, event_id }: StoredDelivery): string => `${event_at}#${event_id}`;

export const isDeliveryPosition = (text: string): boolean =>
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z#evt_[\w-]{22,64}$/.test(text);

export const presentDelivery = (stored: StoredDelivery): Delivery => v.parse(Delivery, stored);
