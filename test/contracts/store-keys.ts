import type { Store } from '../../shared/ports/store.ts';

/** What a store of the contract is tested with; each test works under partition keys of its own. */
export interface StoreUnderTest {
  readonly store: Store;
  /** Puts the store's clock forward. */
  readonly pass: (seconds: number) => void;
  readonly now: () => number;
}

let made = 0;

export const key = () => {
  made += 1;
  return { pk: `P#${process.pid}#${Date.now()}#${made}`, sk: `S#${made}` };
};

export const numbers = (count: number) => Array.from({ length: count }, (_, n) => n);

export const padded = (n: number) => String(n).padStart(4, '0');
