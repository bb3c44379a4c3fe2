import { setTimeout as wait } from 'node:timers/promises';
import type { Bus, ConnectionEvent } from '../ports/bus.ts';

interface Options {
  /** Handles one event; may be called more than once with the same. */
  readonly deliver: (event: ConnectionEvent) => Promise<void>;
  /** Takes an event that could not be delivered, as the consumer of a dead letter queue would. */
  readonly undeliverable: (event: ConnectionEvent, error: unknown) => void | Promise<void>;
}

/**
 * The bus, rule and queue of one process: delivers all at the same time and answers when each was handled or given up, so that an
 * outbox forgets nothing that a kill would lose.
 */
export const localBus = ({ deliver, undeliverable }: Options): Bus => {
  const deliverSurely = async (event: ConnectionEvent): Promise<void> => {
    for (let attempt = 1; ; attempt += 1)
      try {
        return await deliver(event);
      } catch (error) {
        if (attempt === attempts) return await undeliverable(event, error);
        await wait(2 ** attempt * 25);
      }
  };

  return { put: async (events) => void (await Promise.all(events.map(deliverSurely))) };
};

/** As often as the queue on AWS hands a message out before it counts as dead. */
const attempts = 3;
