import type { PublishedEvent } from '../domain/events/event-types.ts';

/** Publishes events to whoever listens. */
export interface Bus {
  /** Puts all events, or throws; some may then be on the bus. Consumers recognise repeated events by their id. */
  put(events: readonly PublishedEvent[]): Promise<void>;
}
