import bson from 'mongodb/lib/bson.js';
import { sizeOf, typeAt, uuid } from './bson.ts';

/** The types of `_id` that map to integers in MongoDB's sort order. */
export type IdKind = 'objectId' | 'uuid' | 'number' | 'date';

export interface Id {
  readonly kind: IdKind;
  /** The `_id` as an integer. */
  readonly at: bigint;
}

/** Reads the `_id` of an undecoded document; `undefined` for other types of `_id`. */
export const readId = (document: Uint8Array): Id | undefined => {
  const bytes = Buffer.from(document.buffer, document.byteOffset, document.byteLength);
  for (let at = 4; bytes[at] !== 0 && at < bytes.length;) {
    const valueAt = bytes.indexOf(0, at + 1) + 1;
    if (valueAt === 0) return undefined;
    const type = typeAt(bytes, at, valueAt);
    if (bytes.toString('latin1', at + 1, valueAt - 1) === '_id') return parseId(bytes, type, valueAt);
    at = valueAt + sizeOf(bytes, type, valueAt);
  }
  return undefined;
};

const parseId = (bytes: Buffer, type: number, at: number): Id | undefined => {
  const unsigned = (from: number, length: number) =>
    BigInt(`0x${bytes.toString('hex', from, from + length)}`);
  switch (type) {
    case 7:
      return { kind: 'objectId', at: unsigned(at, 12) };
    case uuid: {
      const isWhole = bytes.readInt32LE(at) === 16 && bytes[at + 4] === 4;
      return isWhole ? { kind: 'uuid', at: unsigned(at + 5, 16) } : undefined;
    }
    case 9:
      return { kind: 'date', at: bytes.readBigInt64LE(at) };
    case 16:
      return { kind: 'number', at: BigInt(bytes.readInt32LE(at)) };
    case 18:
      return { kind: 'number', at: bytes.readBigInt64LE(at) };
    case 1: {
      const value = Math.trunc(bytes.readDoubleLE(at));
      return Number.isSafeInteger(value) ? { kind: 'number', at: BigInt(value) } : undefined;
    }
    default:
      return undefined;
  }
};

/** Converts to the value that a filter takes. */
export const toFilterValue = ({ kind, at }: Id): unknown => {
  const bytes = (length: number) => Buffer.from(at.toString(16).padStart(2 * length, '0'), 'hex');
  switch (kind) {
    case 'objectId':
      return new bson.ObjectId(bytes(12));
    case 'uuid':
      return new bson.Binary(bytes(16), 4);
    case 'date':
      return new Date(Number(at));
    case 'number':
      return at;
  }
};
