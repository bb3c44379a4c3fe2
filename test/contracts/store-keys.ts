import type { Store } from '../../shared/ports/store.ts';

/** A store with its clock. Each test uses its own partition keys. */
export interface StoreUnderTest {
  readonly store: Store;
  /** Advances the store's clock. */
  readonly pass: (seconds: number) => void;
  readonly now: () => number;
}

let made = 0;

export const createItemKey = () => {
  made += 1;
  return { pk: `P#${process.pid}#${Date.now()}#${made}`, sk: `S#${made}` };
};

export const listNumbers = (count: number) => Array.from({ length: count }, (_, n) => n);

export const padNumber = (n: number) => String(n).padStart(4, '0');
