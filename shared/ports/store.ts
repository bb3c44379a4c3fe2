export interface ItemKey {
  readonly pk: string;
  readonly sk: string;
}

/** The value of an attribute: what both JSON and DynamoDB can hold, and bytes. Never `undefined`. */
export type ItemValue =
  | string
  | number
  | boolean
  | null
  | Uint8Array
  | readonly ItemValue[]
  | { readonly [name: string]: ItemValue };

/** One item of the table, at most 400 KB. The attributes of its key are reserved, and so is this one. */
export interface Item extends ItemKey {
  /** Seconds since the epoch. From this time on, every operation treats the item as absent. */
  readonly expires?: number;
  readonly [attribute: string]: unknown;
}

/** The item is absent (or expired), is present, or has exactly these attribute values. */
export type StoreCondition =
  'absent' | 'present' | Readonly<Record<string, string | number | boolean | null>>;

export type StoreChange =
  | { readonly put: Item; readonly if?: StoreCondition }
  | { readonly remove: ItemKey; readonly if?: StoreCondition }
  | { readonly check: ItemKey; readonly if: StoreCondition };

/** Sort keys from `from` to `to`, both inclusive, ordered by their UTF-8 bytes. */
export interface KeyRange {
  readonly pk: string;
  readonly from?: string;
  readonly to?: string;
  readonly limit: number;
  readonly backwards?: boolean;
}

export interface ReadStore {
  get(key: ItemKey): Promise<Item | undefined>;
  /** Returns an entry per key, in their order: `undefined` where there is no item. Any number of keys; DynamoDB reads 100 per call. */
  getMany(keys: readonly ItemKey[]): Promise<(Item | undefined)[]>;
  /** May return fewer items than `limit` although more follow (a page ends at 1 MB); `next` is then the sort key of the last one. */
  query(range: KeyRange): Promise<{ items: Item[]; next?: string }>;
}

/** A table of items. `domain/` defines what they mean. */
export interface Store extends ReadStore {
  /** Writes all changes, at most 100, or none. Throws `Conflict` with the index of the change whose condition failed. */
  write(changes: readonly StoreChange[]): Promise<void>;
  /** Increments a counter and returns the new value. The item expires at `expires` (seconds since the epoch). */
  count(key: ItemKey, expires: number): Promise<number>;
  /** Returns the identity of the table itself, not of its content: a table restored from a backup has another. Not every store has one. */
  identity?(): Promise<string>;
  /** Reads the whole table in parts. Only `uses.store: 'scan'` gives the right to it. */
  readonly scan?: ScanTable;
}

/** A part of the whole table, for work that must see every item once. */
export interface ScanRange {
  readonly segment: number;
  /** Into how many parts the table is divided. */
  readonly segments: number;
  /** Only items whose sort key begins with it are returned. */
  readonly prefix: string;
  /** How many items are read, also of those that are not returned. */
  readonly limit: number;
  readonly after?: ItemKey;
}

/** Returns a page in no particular order. `next` is where the next one begins. */
export type ScanTable = (range: ScanRange) => Promise<{ items: Item[]; next?: ItemKey }>;

/** One change of the table, from the stream (or the outbox). */
export interface StoreEvent {
  /** Unique per change, and the same for every delivery. */
  readonly id: string;
  readonly before?: Item;
  readonly after?: Item;
  /** The error, if the change cannot be read; `before` and `after` are then absent. */
  readonly damage?: unknown;
  /** The change as it was received, if it cannot be read. */
  readonly raw?: unknown;
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
