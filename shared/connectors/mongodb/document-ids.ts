import bson from 'mongodb/lib/bson.js';
import { measureBsonValue, readBsonType, BSON_UUID } from './bson.ts';

/** The types of `_id` that map to integers in MongoDB's sort order. */
export type DocumentIdKind = 'objectId' | 'uuid' | 'number' | 'date';

export interface DocumentId {
  readonly kind: DocumentIdKind;
  /** The `_id` as an integer. */
  readonly at: bigint;
}

/** Reads the `_id` of an undecoded document; `undefined` for other types of `_id`. */
export const readDocumentId = (document: Uint8Array): DocumentId | undefined => {
  const bytes = Buffer.from(document.buffer, document.byteOffset, document.byteLength);
  for (let at = 4; bytes[at] !== 0 && at < bytes.length;) {
    const valueAt = bytes.indexOf(0, at + 1) + 1;
    if (valueAt === 0) return undefined;
    const type = readBsonType(bytes, at, valueAt);
    if (bytes.toString('latin1', at + 1, valueAt - 1) === '_id') return parseDocumentId(bytes, type, valueAt);
    at = valueAt + measureBsonValue(bytes, type, valueAt);
  }
  return undefined;
};

const parseDocumentId = (bytes: Buffer, type: number, at: number): DocumentId | undefined => {
  const readUnsigned = (from: number, length: number) =>
    BigInt(`0x${bytes.toString('hex', from, from + length)}`);
  switch (type) {
    case 7:
      return { kind: 'objectId', at: readUnsigned(at, 12) };
    case BSON_UUID: {
      const isWhole = bytes.readInt32LE(at) === 16 && bytes[at + 4] === 4;
      return isWhole ? { kind: 'uuid', at: readUnsigned(at + 5, 16) } : undefined;
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
export const toFilterValue = ({ kind, at }: DocumentId): unknown => {
  const toBytes = (length: number) => Buffer.from(at.toString(16).padStart(2 * length, '0'), 'hex');
  switch (kind) {
    case 'objectId':
      return new bson.ObjectId(toBytes(12));
    case 'uuid':
      return new bson.Binary(toBytes(16), 4);
    case 'date':
      return new Date(Number(at));
    case 'number':
      return at;
  }
};
