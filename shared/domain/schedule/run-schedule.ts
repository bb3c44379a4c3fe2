import { createHash } from 'node:crypto';
import type { Log } from '../../log.ts';
import type { Clock } from '../../ports/clock.ts';
import type { DeliveryMessage, Queue, QueuedMessage, TestMessage } from '../../ports/queue.ts';
import type { Store } from '../../ports/store.ts';
import { createConcurrencyLimit } from '../concurrency-limit.ts';
import { parseDeliveryRef } from '../webhooks/delivery-ref.ts';
import { type Claim, finishClaim, releaseClaim, takeClaim } from './claims.ts';
import { type DueSlot, listDueSlots } from './due-slots.ts';
import { MINUTE_MS, SLOT_SHARDS } from './slots.ts';

interface ScheduleDependencies {
  readonly store: Store;
  readonly queue: Queue;
  readonly clock: Clock;
  readonly log: Log;
}

/** How much one run has sent. */
export interface ScheduleRun {
  /** How many minutes it covered: more than 1 after a gap, 0 if another run has covered this one. */
  readonly minutes: number;
  readonly tests: number;
  readonly deliveries: number;
}

/**
 * Sends everything that is due in this minute, and in earlier ones that no run has sent. A slot may be sent twice, if a run ends in the
 * middle; the probe makes a test once per due time. Slots for one time are removed after they are sent.
 */
export const runSchedule = async (
  { store, queue, clock, log }: ScheduleDependencies,
  time: number,
): Promise<ScheduleRun> => {
  const minute = Math.floor(time / MINUTE_MS);
  const shards = Array.from({ length: SLOT_SHARDS }, (_, shard) => shard);
  const taken = await Promise.allSettled(
    shards.map((shard) => takeClaim(store, { shard, minute, now: clock() })),
  );
  const claims = taken.flatMap((each) => (each.status === 'fulfilled' ? (each.value ?? []) : []));
  try {
    // Without every shard, nothing is sent: the next run takes all of them.
    for (const each of taken) if (each.status === 'rejected') throw each.reason;
    const slots = await listDueSlots(store, claims);
    const minutes = Math.max(0, ...claims.map(countMinutes));
    const { tests, deliveries } = toMessages(slots, { minute, minutes, log });
    await Promise.all([
      tests.length > 0 && queue.sendTests(tests),
      deliveries.length > 0 && queue.sendDeliveries(deliveries),
    ]);
    await removeOneOffSlots(store, slots);
    await Promise.all(claims.map((claim) => finishClaim(store, claim, clock())));
    return { minutes, tests: tests.length, deliveries: deliveries.length };
  } catch (error) {
    // If this fails too, the lease ends by itself.
    await Promise.allSettled(claims.map((claim) => releaseClaim(store, claim, clock())));
    throw error;
  }
};

const countMinutes = ({ from, to }: Claim) => to - from + 1;

interface RunContext {
  readonly minute: number;
  readonly minutes: number;
  readonly log: Log;
}

interface DueMessages {
  readonly tests: QueuedMessage<TestMessage>[];
  readonly deliveries: QueuedMessage<DeliveryMessage>[];
}

const toMessages = (slots: readonly DueSlot[], run: RunContext): DueMessages => {
  const due: DueMessages = { tests: [], deliveries: [] };
  const ignored = new Map<string, number>();
  for (const slot of slots) {
    const delivery = slot.kind === 'webhook' ? parseDeliveryRef(slot, slot.ref) : undefined;
    const message = toTestMessage(slot);
    if (delivery) due.deliveries.push({ message: delivery });
    else if (message) due.tests.push({ message, delaySeconds: chooseDelay(slot, run) });
    else ignored.set(String(slot.kind), (ignored.get(String(slot.kind)) ?? 0) + 1);
  }
  for (const [kind, count] of ignored) run.log.info('slots ignored', { kind, count });
  return due;
};

const toTestMessage = ({ kind, tenant, id, minute, interval, seq }: DueSlot): TestMessage | undefined => {
  const common = {
    org_id: tenant.org,
    environment_id: tenant.environment,
    connection_id: id,
    request_id: `schedule-${minute}`,
  };
  const due = minute * MINUTE_MS;
  if (interval !== undefined) return { ...common, trigger: 'schedule', due, interval };
  if (kind === 'retry') return { ...common, trigger: 'schedule', due, ...(seq !== undefined && { seq }) };
  return kind === 'test' ? { ...common, trigger: 'event' } : undefined;
};

/** Of a minute without a gap. The rest of the minute is for the tests themselves. */
const MINUTE_SPREAD_SECONDS = 50;

/** The longest delay of a message in SQS. */
const GAP_SPREAD_SECONDS = 900;

/** Spreads the tests of a run by a hash of the connection, so that they do not all start at once. */
const chooseDelay = ({ id, interval, minute }: DueSlot, run: RunContext): number => {
  const share = createHash('sha256').update(id).digest().readUInt32BE(8) / 2 ** 32;
  if (run.minutes <= 1) return Math.floor(share * MINUTE_SPREAD_SECONDS);
  // A test that waits longer than its interval is skipped.
  const left = interval === undefined ? GAP_SPREAD_SECONDS : (interval - (run.minute - minute)) * 60 - 60;
  return Math.floor(share * Math.max(0, Math.min(GAP_SPREAD_SECONDS, left)));
};

const MAX_PARALLEL_REMOVALS = 25;

/** Single writes: a transaction costs twice as much. */
const removeOneOffSlots = async (store: Store, slots: readonly DueSlot[]): Promise<void> => {
  const removals = createConcurrencyLimit(MAX_PARALLEL_REMOVALS);
  for (const { key, interval } of slots)
    if (interval === undefined) await removals.start(() => store.write([{ remove: key }]));
  await removals.done();
};
