import type { Bus, ConnectionEvent } from '../../shared/ports/bus.ts';
import type { StoreEvent } from '../../shared/ports/store.ts';
import { toConnectionEvents } from '../../shared/domain/events/connection-events.ts';

/** The changes that the store keeps until they are acknowledged. */
export interface Outbox {
  events(after: string | undefined, limit: number): StoreEvent[];
  ack(id: string): void;
  onEvents(wake: () => void): () => void;
}

interface FollowOutboxOptions {
  readonly outbox: Outbox;
  readonly bus: Bus;
  /** Called with every change, before it is delivered. */
  readonly onChange?: (change: StoreEvent) => void;
  /** Called with every error. The loop continues. */
  readonly failed: (error: unknown) => void;
  /**
   * The limit of concurrent deliveries; the deliveries themselves take turns. They include tests that exceed their quota: with a lower
   * limit, the backlog of one organisation would delay the tests of all others.
   */
  readonly mostAtOnce?: number;
  /** The default is the event loop and its timers. */
  readonly schedule?: ScheduleWork;
}

/** Runs the work in a later turn of the event loop, at the earliest after `delayMs`. */
export type ScheduleWork = (work: () => void, delayMs: number) => void;

export const scheduleOnEventLoop: ScheduleWork = (work, delayMs) => {
  if (delayMs === 0) setImmediate(work);
  else setTimeout(work, delayMs).unref();
};

/**
 * Does the work of the stream and of `publish`. A change is acknowledged once it and all earlier ones are delivered; what a kill interrupts
 * is delivered at the next start. Disposing does not wait for running deliveries.
 */
export const followOutbox = ({
  outbox,
  bus,
  onChange = () => undefined,
  failed,
  mostAtOnce = 100_000,
  schedule = scheduleOnEventLoop,
}: FollowOutboxOptions): Disposable => {
  const deliveries = new Map<string, 'running' | 'done'>();
  let last: string | undefined;
  let stopped = false;
  let running = 0;

  const acknowledge = () => {
    let upTo: string | undefined;
    for (const [id, state] of deliveries) {
      if (state === 'running') break;
      upTo = id;
      deliveries.delete(id);
    }
    if (upTo !== undefined) outbox.ack(upTo);
  };

  /** Takes only the events and not the change, so that a long wait keeps little in memory. */
  const deliver = async (id: string, events: readonly ConnectionEvent[]) => {
    try {
      // Always awaits, so that all changes of a batch are started before the next batch is read.
      await (events.length > 0 ? bus.put(events) : undefined);
    } catch (error) {
      failed(error);
    }
    running -= 1;
    if (stopped) return;
    deliveries.set(id, 'done');
    continueDelivery(acknowledge);
  };

  const readEvents = (change: StoreEvent): readonly ConnectionEvent[] => {
    try {
      onChange(change);
      return toConnectionEvents([change]);
    } catch (error) {
      failed(error);
      return [];
    }
  };

  /** Starts as many deliveries as the limit allows, a few at a time, so that requests are served in between. */
  const startDeliveries = () => {
    const room = Math.min(mostAtOnce - running, MAX_OUTBOX_BATCH);
    if (stopped || room <= 0) return;
    const changes = outbox.events(last, room);
    for (const change of changes) {
      last = change.id;
      running += 1;
      deliveries.set(change.id, 'running');
      void deliver(change.id, readEvents(change));
    }
    if (changes.length === room) schedule(continueDelivery, 0);
  };

  const continueDelivery = (first: () => void = () => undefined) => {
    try {
      first();
      startDeliveries();
    } catch (error) {
      failed(error);
      if (!stopped) schedule(continueDelivery, RETRY_DELAY_MS);
    }
  };

  const unsubscribe = outbox.onEvents(() => schedule(continueDelivery, 0));
  continueDelivery();
  return {
    [Symbol.dispose]: () => {
      stopped = true;
      unsubscribe();
    },
  };
};

const MAX_OUTBOX_BATCH = 50;

const RETRY_DELAY_MS = 1000;
