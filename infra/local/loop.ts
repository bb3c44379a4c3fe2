import type { Bus, ConnectionEvent } from '../../shared/ports/bus.ts';
import type { StoreEvent } from '../../shared/ports/store.ts';
import { eventsOf } from '../../shared/domain/events.ts';

/** What the store keeps of changes until they are acknowledged. */
export interface Outbox {
  events(after: string | undefined, limit: number): StoreEvent[];
  ack(id: string): void;
  onEvents(wake: () => void): () => void;
}

interface Options {
  readonly outbox: Outbox;
  readonly bus: Bus;
  /** Told of whatever failed; the loop goes on. */
  readonly failed: (error: unknown) => void;
  /**
   * How many deliveries may be under way; who delivers has them take turns. Tests over their quota are among them: with fewer places the
   * backlog of one organisation would hold up the tests of all others.
   */
  readonly mostAtOnce?: number;
}

/**
 * Does what the stream and `publish` do on AWS. A change is acknowledged when it and all before it were delivered: what a kill
 * interrupts is delivered at the next start. Disposing waits for nothing that runs.
 */
export const followOutbox = ({ outbox, bus, failed, mostAtOnce = 100_000 }: Options): Disposable => {
  const begun = new Map<string, 'running' | 'done'>();
  let last: string | undefined;
  let stopped = false;
  let running = 0;

  const acknowledge = () => {
    let upTo: string | undefined;
    for (const [id, state] of begun) {
      if (state === 'running') break;
      upTo = id;
      begun.delete(id);
    }
    if (upTo !== undefined) outbox.ack(upTo);
  };

  /** Is given no change: what waits for long keeps only its events in memory. */
  const deliver = async (id: string, events: readonly ConnectionEvent[]) => {
    try {
      // Awaited in any case: whoever began this one is to begin the others of its batch before the next batch is read.
      await (events.length > 0 ? bus.put(events) : undefined);
    } catch (error) {
      failed(error);
    }
    running -= 1;
    if (stopped) return;
    begun.set(id, 'done');
    pump(acknowledge);
  };

  const readEvents = (change: StoreEvent): readonly ConnectionEvent[] => {
    try {
      return eventsOf([change]);
    } catch (error) {
      failed(error);
      return [];
    }
  };

  /** Begins what may begin now, a few at a time: requests come in between. */
  const fill = () => {
    const room = Math.min(mostAtOnce - running, batch);
    if (stopped || room <= 0) return;
    const changes = outbox.events(last, room);
    for (const change of changes) {
      last = change.id;
      running += 1;
      begun.set(change.id, 'running');
      void deliver(change.id, readEvents(change));
    }
    if (changes.length === room) setImmediate(() => pump());
  };

  const pump = (first: () => void = () => undefined) => {
    try {
      first();
      fill();
    } catch (error) {
      failed(error);
      if (!stopped) setTimeout(pump, 1000).unref();
    }
  };

  const stop = outbox.onEvents(() => setImmediate(() => pump()));
  pump();
  return {
    [Symbol.dispose]: () => {
      stopped = true;
      stop();
    },
  };
};

const batch = 50;
