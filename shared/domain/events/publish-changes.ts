import { Problem } from '../../problem.ts';
import type { Log } from '../../log.ts';
import { createMetricFields } from '../../metric.ts';
import type { Bus } from '../../ports/bus.ts';
import type { Parking } from '../../ports/parking.ts';
import type { Queue } from '../../ports/queue.ts';
import type { Store, StoreEvent } from '../../ports/store.ts';
import type { Tenant } from '../access/tenant.ts';
import { updateSummary } from '../summary/update-summary.ts';
import { queueDeliveries } from '../webhooks/queue-deliveries.ts';
import { type ConvertedChange, convertChange } from './convert-change.ts';
import { appendEvents, findKnownEvents } from './event-log.ts';
import type { PublishedConnectionEvent } from './event-types.ts';

export interface PublishPorts {
  readonly store: Store;
  readonly bus: Bus;
  readonly queue: Pick<Queue, 'sendTests' | 'sendDeliveries'>;
  /** Without it, a change that cannot become an event is not published, and so are all after it. */
  readonly parking: Parking | undefined;
  readonly now: number;
  readonly log: Log;
}

/**
 * Publishes changes in their order: counts them in the health summary, requests their tests, appends their events to the logs of their
 * tenants, puts them on the bus and queues their deliveries to webhooks. A
 * change that cannot become an event is parked, so that it blocks no other. Returns the index of the first change that was not published,
 * because a port refused; it and all after it must be published again. That repeats events, but with the same ids.
 */
export const publishChanges = async (
  ports: PublishPorts,
  changes: readonly StoreEvent[],
): Promise<number | undefined> => {
  try {
    // Counts each change once, however often it is published.
    await updateSummary(ports.store, changes, ports.now);
  } catch (error) {
    ports.log.error('health summary update failed', error);
    // Only a store that refuses is worth another delivery. Anything else would fail each time and hold back all events.
    if (error instanceof Problem) return 0;
  }
  const converted = await convertOrPark(ports, changes);
  const end = converted.length < changes.length ? converted.length : undefined;
  try {
    await publishConverted(ports, converted);
    return end;
  } catch (error) {
    ports.log.error('event publishing failed', error);
  }
  for (let at = 0; at < converted.length; at += PART_LENGTH) {
    try {
      await publishConverted(ports, converted.slice(at, at + PART_LENGTH));
    } catch {
      return at;
    }
  }
  return end;
};

/** When not all can be published, so many are tried at a time. */
const PART_LENGTH = 10;

/** Stops before a change that can neither be converted nor parked. */
const convertOrPark = async (
  { parking, now, log }: PublishPorts,
  changes: readonly StoreEvent[],
): Promise<readonly ConvertedChange[]> => {
  const converted: ConvertedChange[] = [];
  for (const change of changes) {
    try {
      converted.push(convertChange(change));
      continue;
    } catch (error) {
      log.error('event conversion failed', error, {
        event_id: change.id,
        ...(parking && createMetricFields('ParkedChanges', 1, now)),
      });
    }
    if (!parking) return converted;
    try {
      await parking.park(change);
      converted.push({ events: [], test: undefined });
    } catch (error) {
      log.error('change parking failed', error, { event_id: change.id });
      return converted;
    }
  }
  return converted;
};

const publishConverted = async (
  { store, bus, queue, now }: PublishPorts,
  converted: readonly ConvertedChange[],
): Promise<void> => {
  const byTenant = [...groupByTenant(converted)];
  // A change that is delivered again, because the bus refused it, has requested its test already.
  const known = await Promise.all(
    byTenant.map(async ([, { tenant, events }]) => findKnownEvents(store, tenant, events)),
  );
  const isKnown = ({ events: [event] }: ConvertedChange) =>
    event !== undefined && known.some((ids) => ids.has(event.id));
  const tests = converted.flatMap((each) => (each.test && !isKnown(each) ? [{ message: each.test }] : []));
  if (tests.length > 0) await queue.sendTests(tests);
  await Promise.all(byTenant.map(([, { tenant, events }]) => appendEvents(store, tenant, events, now)));
  const events = converted.flatMap((each) => each.events);
  const all = [...events, ...converted.flatMap((each) => each.busEvents ?? [])];
  if (all.length === 0) return;
  // A bus that refuses does not delay webhooks. A delivery that is queued again is left as it is.
  const outcomes = await Promise.allSettled([bus.put(all), queueDeliveries(store, queue, events, now)]);
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
};

interface TenantEvents {
  readonly tenant: Tenant;
  readonly events: PublishedConnectionEvent[];
}

const groupByTenant = (converted: readonly ConvertedChange[]): ReadonlyMap<string, TenantEvents> => {
  const groups = new Map<string, TenantEvents>();
  for (const event of converted.flatMap(({ events }) => events)) {
    const tenant = { org: event.org_id, environment: event.environment_id };
    const key = `${tenant.org}#${tenant.environment}`;
    const group = groups.get(key) ?? { tenant, events: [] };
    groups.set(key, group);
    group.events.push(event);
  }
  return groups;
};
