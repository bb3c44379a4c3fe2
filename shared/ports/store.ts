export interface Key {
  readonly pk: string;
  readonly sk: string;
}

/** The value of an attribute: what both JSON and DynamoDB can hold, and bytes. Never `undefined`. */
export type Value =
  string | number | boolean | null | Uint8Array | readonly Value[] | { readonly [name: string]: Value };

/** One item of the table, at most 400 KB. The attributes of its key are reserved, and so are these two. */
export interface Item extends Key {
  /** Seconds since the epoch. From this time on, every operation treats the item as absent. */
  readonly expires?: number;
  /** Its key in the `due` index: `pk` is a shard, `sk` an ISO time. If absent, the item is not in the index. */
  readonly due?: Key;
  readonly [attribute: string]: unknown;
}

/** The item is absent (or expired), is present, or has exactly these attribute values. */
export type Condition = 'absent' | 'present' | Readonly<Record<string, string | number | boolean | null>>;

export type Change =
  | { readonly put: Item; readonly if?: Condition }
  | { readonly remove: Key; readonly if?: Condition }
  | { readonly check: Key; readonly if: Condition };

/** Sort keys from `from` to `to`, both inclusive, ordered by their UTF-8 bytes. */
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
  /** May return fewer items than `limit` although more follow (a page ends at 1 MB); `next` is then the sort key of the last one. */
  query(range: Range): Promise<{ items: Item[]; next?: string }>;
}

/** A table of items. `domain/` defines what they mean. */
export interface Store extends ReadStore {
  /** Writes all changes, at most 100, or none. Throws `Conflict` with the index of the change whose condition failed. */
  write(changes: readonly Change[]): Promise<void>;
  /** Increments a counter and returns the new value. The item expires at `expires` (seconds since the epoch). */
  count(key: Key, expires: number): Promise<number>;
  /** Returns the identity of the table itself, not of its content: a table restored from a backup has another. Not every store has one. */
  identity?(): Promise<string>;
}

/** One change of the table, from the stream (or the outbox). */
export interface StoreEvent {
  /** Unique per change, and the same for every delivery. */
  readonly id: string;
  readonly before?: Item;
  readonly after?: Item;
  /** The error, if the change cannot be read; `before` and `after` are then absent. */
  readonly damage?: unknown;
}

/** Thrown when a condition does not hold; nothing is written. */
export class Conflict extends Error {
  /** The index of the first change whose condition failed. */
  readonly change: number;

  constructor(change: number) {
    super(`The condition of change ${change} did not hold`);
    this.name = 'Conflict';
    this.change = change;
  }
}
