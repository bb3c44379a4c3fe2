import type { Item } from '../../ports/store.ts';
import { upgradeItem } from '../stored-item.ts';

/** What the scheduler and the probe need of a connection's health item. */
export interface HealthState {
  /** Incremented by each write; used for optimistic locking. 0 if the connection has no health item yet. */
  readonly seq: number;
  /** The due time of the last scheduled test, in milliseconds. */
  readonly last_due: number | null;
  /** When the pending retry is due, in milliseconds. While it is in the future, the regular slot is skipped. */
  readonly retry_at: number | null;
}

/** Reads the health item of any release. `undefined` means that the connection was never tested. */
export const readHealthState = (item: Item | undefined): HealthState => {
  const stored: Partial<Item> = item ? upgradeItem('health', item) : {};
  const { seq, last_due: lastDue, retry_at: retryAt } = stored;
  return {
    seq: Number(seq ?? 0),
    last_due: typeof lastDue === 'number' ? lastDue : null,
    retry_at: typeof retryAt === 'number' ? retryAt : null,
  };
};
