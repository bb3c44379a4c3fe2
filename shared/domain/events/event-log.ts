import { Conflict, type Item, type ReadStore, type Store, type StoreChange } from '../../ports/store.ts';
import { Problem } from '../../problem.ts';
import type { Tenant } from '../access/tenant.ts';
import { resolveCurrentLayout, upgradeItem } from '../stored-item.ts';
import { eventKeys } from './event-keys.ts';
import type { PublishedConnectionEvent } from './event-types.ts';

const EVENT_RETENTION_SECONDS = 7 * 86_400;

/** An event is two items, and each write moves the tenant's last position: 99 of the 100 changes of a transaction. */
const MAX_APPENDED_EVENTS = 49;

const MAX_APPEND_ATTEMPTS = 20;

/** The ids of the given events that the log of the tenant already has. */
export const findKnownEvents = async (
  store: ReadStore,
  tenant: Tenant,
  events: readonly PublishedConnectionEvent[],
): Promise<ReadonlySet<string>> => {
  const items = await store.getMany(events.map(({ id }) => eventKeys.position(tenant, id)));
  return new Set(events.flatMap(({ id }, at) => (items[at] ? [id] : [])));
};

/**
 * Appends events to the log of a tenant, which keeps them for 7 days. Each gets the next position in the transaction that moves the last
 * position, so that a reader who has seen one position never misses an earlier one. Events that the log already has are left out.
 */
export const appendEvents = async (
  store: Store,
  tenant: Tenant,
  events: readonly PublishedConnectionEvent[],
  now: number,
): Promise<void> => {
  for (let at = 0; at < events.length; at += MAX_APPENDED_EVENTS)
    await appendChunk(store, tenant, events.slice(at, at + MAX_APPENDED_EVENTS), now);
};

const appendChunk = async (
  store: Store,
  tenant: Tenant,
  chunk: readonly PublishedConnectionEvent[],
  now: number,
): Promise<void> => {
  const unique = [...new Map(chunk.map((event) => [event.id, event])).values()];
  for (let attempt = 1; ; attempt += 1) {
    const [last, ...known] = await store.getMany([
      eventKeys.lastPosition(tenant),
      ...unique.map(({ id }) => eventKeys.position(tenant, id)),
    ]);
    const fresh = unique.filter((_, at) => known[at] === undefined);
    if (fresh.length === 0) return;
    try {
      return await store.write(buildAppend(tenant, fresh, readPosition(last), now));
    } catch (error) {
      // Another batch of this tenant's events came first.
      if (!(error instanceof Conflict)) throw error;
      if (attempt === MAX_APPEND_ATTEMPTS)
        throw new Problem('unavailable', 'Too many events of one tenant at the same time', { cause: error });
    }
  }
};

const buildAppend = (
  tenant: Tenant,
  fresh: readonly PublishedConnectionEvent[],
  last: number,
  now: number,
): readonly StoreChange[] => {
  const layout = resolveCurrentLayout('event');
  const expires = Math.floor(now / 1000) + EVENT_RETENTION_SECONDS;
  return [
    {
      put: { ...eventKeys.lastPosition(tenant), layout, position: last + fresh.length },
      if: last === 0 ? 'absent' : { position: last },
    },
    ...fresh.flatMap((event, at): StoreChange[] => {
      const position = last + at + 1;
      return [
        { put: { ...eventKeys.event(tenant, position), layout, position, event, expires } },
        { put: { ...eventKeys.position(tenant, event.id), layout, position, expires }, if: 'absent' },
      ];
    }),
  ];
};

/** The position in an item of the log; 0 if there is none yet. */
const readPosition = (item: Item | undefined): number =>
  item ? Number(upgradeItem('event', item)['position']) : 0;

const readEventItem = (item: Item): PublishedConnectionEvent =>
  upgradeItem('event', item)['event'] as PublishedConnectionEvent; // `appendEvents` wrote it

/** Finds an event of the last 7 days by its id. */
export const findEvent = async (
  store: ReadStore,
  tenant: Tenant,
  id: string,
): Promise<PublishedConnectionEvent | undefined> => {
  const found = await store.get(eventKeys.position(tenant, id));
  const item = found && (await store.get(eventKeys.event(tenant, readPosition(found))));
  return item && readEventItem(item);
};

/** Finds the position of an event of the last 7 days. */
export const findEventPosition = async (
  store: ReadStore,
  tenant: Tenant,
  id: string,
): Promise<number | undefined> => {
  const found = await store.get(eventKeys.position(tenant, id));
  return found && readPosition(found);
};

export interface EventPage {
  readonly events: readonly PublishedConnectionEvent[];
  /** The position after which the next page begins. */
  readonly next: number;
}

/**
 * Reads the events after a position, in the order of their publication; without a position, from the oldest that is kept. Throws
 * `events-expired` if the event that follows the position is kept no longer.
 */
export const readEvents = async (
  store: ReadStore,
  tenant: Tenant,
  { after, limit }: { readonly after: number | undefined; readonly limit: number },
): Promise<EventPage> => {
  // Read before the events, so that the query sees all events up to it.
  const last = readPosition(await store.get(eventKeys.lastPosition(tenant)));
  if (last === (after ?? 0)) return { events: [], next: last };
  const items = await queryEvents(store, tenant, after ?? 0, limit);
  // Positions have no gaps: if the one that follows is missing, it is kept no longer, or `after` is of another store.
  if (after !== undefined && readPosition(items[0]) !== after + 1) throw createExpiredProblem();
  return { events: items.map(readEventItem), next: items.length > 0 ? readPosition(items.at(-1)) : last };
};

export const createExpiredProblem = () =>
  new Problem('events-expired', 'after: expected an event or a position of the last 7 days');

/** Items that have expired but are not deleted yet can fill a page that has no others. */
const queryEvents = async (
  store: ReadStore,
  tenant: Tenant,
  after: number,
  limit: number,
): Promise<readonly Item[]> => {
  let from: string | undefined = eventKeys.event(tenant, after + 1).sk;
  while (from !== undefined) {
    const page = await store.query({ pk: eventKeys.partition(tenant), from, to: 'AT#~', limit });
    if (page.items.length > 0) return page.items;
    from = page.next === undefined ? undefined : `${page.next}\u0001`;
  }
  return [];
};
