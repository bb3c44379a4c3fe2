import type { Queue } from '../../ports/queue.ts';
import { Conflict, type Store } from '../../ports/store.ts';
import { Problem } from '../../problem.ts';
import type { Tenant } from '../access/tenant.ts';
import {
  buildDeliveryPut,
  findDelivery,
  readDelivery,
  type StoredDelivery,
  toDeliveryMessage,
} from './delivery.ts';
import { AFTER_DELIVERIES, listDeliveries } from './list-deliveries.ts';
import { webhookKeys } from './webhook-keys.ts';

interface ReplayPorts {
  readonly store: Store;
  readonly queue: Pick<Queue, 'sendDeliveries'>;
}

/** How many deliveries one request replays at most. */
export const MAX_REPLAYED = 500;

const PAGE = 100;

/** How long a replayed delivery is kept at least: longer than its attempts take. */
const REPLAY_RETENTION_SECONDS = 2 * 86_400;

/** Sends one event of the last 7 days again, with the same id. Throws `not-found` if the webhook did not get it. */
export const replayDelivery = async (
  ports: ReplayPorts,
  tenant: Tenant,
  webhook: string,
  { event, now }: { readonly event: string; readonly now: number },
): Promise<StoredDelivery> => {
  for await (const page of readPages(ports, tenant, webhook)) {
    const found = page.find(({ event_id: id }) => id === event);
    if (found) return await replay(ports, found, now);
  }
  throw new Problem('not-found', 'No delivery of this event to this webhook exists');
};

/**
 * Sends the events since a time again, the oldest first. Returns how many, and, if there are more than one request replays, the time from
 * which the next request continues.
 */
export const replayDeliveriesSince = async (
  ports: ReplayPorts,
  tenant: Tenant,
  webhook: string,
  { since, now }: { readonly since: string; readonly now: number },
): Promise<{ replayed: number; continue_since: string | null }> => {
  const oldest = await listOldestDeliveries(ports.store, tenant, webhook, since);
  const replayed = oldest.slice(0, MAX_REPLAYED);
  for (const delivery of replayed) await replay(ports, delivery, now);
  return { replayed: replayed.length, continue_since: oldest[MAX_REPLAYED]?.event_at ?? null };
};

/** The oldest deliveries since a time, one more than a request replays. */
const listOldestDeliveries = async (
  store: Store,
  tenant: Tenant,
  webhook: string,
  since: string,
): Promise<readonly StoredDelivery[]> => {
  const found: StoredDelivery[] = [];
  let from = `EVENT#${since}`;
  for (;;) {
    const { items, next } = await store.query({
      pk: webhookKeys.webhookPartition(tenant, webhook),
      from,
      to: AFTER_DELIVERIES,
      limit: MAX_REPLAYED + 1 - found.length,
    });
    found.push(...items.map(readDelivery));
    if (next === undefined || found.length > MAX_REPLAYED) return found;
    from = `${next}\0`;
  }
};

async function* readPages({ store }: ReplayPorts, tenant: Tenant, webhook: string) {
  let after: string | undefined;
  do {
    const { data, next } = await listDeliveries(store, tenant, webhook, { limit: PAGE, after });
    yield data;
    after = next ?? undefined;
  } while (after !== undefined);
}

/** Begins the schedule of a delivery again. A first attempt that waits in the queue is left there. */
const replay = async (
  { store, queue }: ReplayPorts,
  first: StoredDelivery,
  now: number,
): Promise<StoredDelivery> => {
  let read = first;
  for (;;) {
    const next: StoredDelivery = {
      ...read,
      state: 'pending',
      base: read.attempts,
      next_attempt_at: new Date(now).toISOString(),
      revision: read.revision + 1,
      expires: Math.max(read.expires, Math.floor(now / 1000) + REPLAY_RETENTION_SECONDS),
    };
    const message = toDeliveryMessage(next, next.attempts + 1);
    try {
      await store.write([buildDeliveryPut(next, read)]);
    } catch (error) {
      if (!(error instanceof Conflict)) throw error;
      const found = await findDelivery(store, message);
      if (!found) throw new Problem('not-found', 'The delivery is kept no longer');
      read = found;
      continue;
    }
    await queue.sendDeliveries([{ message }]);
    return next;
  }
};
