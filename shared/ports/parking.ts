import type { StoreEvent } from './store.ts';

/** Keeps the changes that could not become events, until `npm run replay` publishes them. */
export interface Parking {
  /** Keeps a change with its images. A change that is parked again replaces itself. */
  park(change: StoreEvent): Promise<void>;
}
