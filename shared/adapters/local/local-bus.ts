import { setTimeout as wait } from 'node:timers/promises';
import type { Bus, ConnectionEvent } from '../../ports/bus.ts';

interface LocalBusOptions {
  /** Handles one event. May be called more than once with the same event. */
  readonly deliver: (event: ConnectionEvent) => Promise<void>;
  /** Handles an event that could not be delivered, like the consumer of a dead-letter queue. */
  readonly undeliverable: (event: ConnectionEvent, error: unknown) => void | Promise<void>;
}

/**
 * The bus, rule and queue of a local server. It delivers all events concurrently and resolves when each is handled or given up, so that the
 * outbox loses no event when the process is killed.
 */
export const createLocalBus = ({ deliver, undeliverable }: LocalBusOptions): Bus => {
  const deliverWithRetry = async (event: ConnectionEvent): Promise<void> => {
    for (let attempt = 1; ; attempt += 1)
      try {
        return await deliver(event);
      } catch (error) {
        if (attempt === MAX_DELIVERY_ATTEMPTS) return await undeliverable(event, error);
        await wait(2 ** attempt * 25);
      }
  };

  return { put: async (events) => void (await Promise.all(events.map(deliverWithRetry))) };
};

/** The same number as on AWS, where a queue delivers a message this often before it becomes a dead letter. */
const MAX_DELIVERY_ATTEMPTS = 3;
