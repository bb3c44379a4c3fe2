export interface Key {
  readonly pk: string;
  readonly sk: string;
}

/** What an attribute may hold: what both JSON and DynamoDB can, and bytes. No `undefined`. */
export type Value =
  string | number | boolean | null | Uint8Array | readonly Value[] | { readonly [name: string]: Value };

/** One item of the table, ≤ 400 KB. Its key's attributes are reserved, and so are these two. */
export interface Item extends Key {
  /** Seconds since the epoch; from then on the item counts as absent everywhere. */
  readonly expires?: number;
  /** Where it stands in the `due` index: `pk` a shard, `sk` an ISO time. Absent: not in the index. */
  readonly due?: Key;
  readonly [attribute: string]: unknown;
}

/** The item is not there (or expired), is there, or is there with exactly these attributes. */
export type Condition = 'absent' | 'present' | Readonly<Record<string, string | number | boolean | null>>;

export type Change =
  | { readonly put: Item; readonly if?: Condition }
  | { readonly remove: Key; readonly if?: Condition }
  | { readonly check: Key; readonly if: Condition };

/** Sort keys from `from` to `to`, both inclusive, in order of their UTF-8 bytes. */
export interface Range {
  readonly pk: string;
  readonly from?: string;
  readonly to?: string;
  readonly limit: number;
  readonly backwards?: boolean;
  readonly index?: 'due';
}

export interface ReadStore {
  get(key: Key): Promise<Item | undefined>;
  /** `items` may be fewer than `limit` although more follow (a page ends at 1 MB): then `next` is the sort key of the last. */
  query(range: Range): Promise<{ items: Item[]; next?: string }>;
}

/** A table of items and no more; what they mean is said in `domain/`. */
export interface Store extends ReadStore {
  /** All or nothing, ≤ 100 changes; throws `Conflict` naming the change whose condition failed. */
  write(changes: readonly Change[]): Promise<void>;
  /** Adds one and answers the sum; the item expires at `expires` (seconds since the epoch). */
  count(key: Key, expires: number): Promise<number>;
  /** Names the table itself, not its content: a restored one has another. Absent where there is no such name. */
  identity?(): Promise<string>;
}

/** What changed in the table, as the stream (or the outbox) tells it. */
export interface StoreEvent {
  /** Unique per change, the same at every delivery. */
  readonly id: string;
  readonly before?: Item;
  readonly after?: Item;
  /** Why it cannot be read; it has neither `before` nor `after` then. */
  readonly damage?: unknown;
}

/** A condition did not hold; nothing was written. */
export class Conflict extends Error {
  /** The index of the first change whose condition failed. */
  readonly change: number;

  constructor(change: number) {
    super(`The condition of change ${change} did not hold`);
    this.name = 'Conflict';
    this.change = change;
  }
}
