import { deserialize } from 'node:v8';
import type { SQLOutputValue } from 'node:sqlite';
import type { Item, ItemKey, StoreEvent } from '../../ports/store.ts';

export type SqliteRow = Record<string, SQLOutputValue>;

export const requireBytes = (value: SQLOutputValue | undefined) => {
  if (value instanceof Uint8Array) return value;
  throw new TypeError('The store: expected bytes');
};

export const toItemKey = ({ pk, sk }: SqliteRow): ItemKey => ({ pk: String(pk), sk: String(sk) });

/** Only `normalizeChanges` lets values in, so a stored value is an `Item`. This is the only cast. */
export const decodeItem = (body: Uint8Array) => deserialize(body) as Item;

/** A damaged event must not block the events after it. */
export const decodeStoreEvent = ({ id, before, after }: SqliteRow): StoreEvent => {
  try {
    return {
      id: String(id),
      ...(before && { before: decodeItem(requireBytes(before)) }),
      ...(after && { after: decodeItem(requireBytes(after)) }),
    };
  } catch (damage) {
    return { id: String(id), damage, raw: { before, after } };
  }
};
