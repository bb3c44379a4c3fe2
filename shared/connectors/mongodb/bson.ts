import { Problem } from '../../problem.ts';

export const BSON_OBJECT = 3;
export const BSON_ARRAY = 4;
const BSON_BINARY = 5;
/** Not a BSON type: stands for binary of subtype 3 or 4. */
export const BSON_UUID = 0x105;

export const readBsonType = (bytes: Buffer, at: number, valueAt: number): number => {
  const type = bytes.readUInt8(at);
  if (type !== BSON_BINARY || valueAt + 5 > bytes.length) return type;
  const subtype = bytes[valueAt + 4];
  return subtype === 3 || subtype === 4 ? BSON_UUID : type;
};

/** Returns the end of the document that begins at `start`, which must not be after `limit`. */
export const findBsonDocumentEnd = (bytes: Buffer, start: number, limit: number): number => {
  if (start + 5 > limit) throw createNotBsonProblem();
  const end = start + bytes.readInt32LE(start);
  if (end < start + 5 || end > limit || bytes[end - 1] !== 0) throw createNotBsonProblem();
  return end;
};

const bsonFixedSizes: Readonly<Record<number, number>> = {
  1: 8,
  6: 0,
  7: 12,
  8: 1,
  9: 8,
  10: 0,
  16: 4,
  17: 8,
  18: 8,
  19: 16,
  127: 0,
  255: 0,
};

/** Bytes to add to the length prefix of types that have one. */
const bsonLengthOverheads: Readonly<Record<number, number>> = {
  2: 4,
  3: 0,
  4: 0,
  5: 5,
  [BSON_UUID]: 5,
  12: 16,
  13: 4,
  14: 4,
  15: 0,
};

export const measureBsonValue = (bytes: Buffer, type: number, at: number): number => {
  const size = bsonFixedSizes[type];
  if (size !== undefined) return size;
  const overhead = bsonLengthOverheads[type];
  if (overhead !== undefined) {
    const length = at + 4 <= bytes.length ? bytes.readInt32LE(at) : -1;
    if (length < 0) throw createNotBsonProblem();
    return overhead + length;
  }
  // A regular expression has two strings.
  const second = type === 11 ? bytes.indexOf(0, at) + 1 : 0;
  const end = second === 0 ? 0 : bytes.indexOf(0, second) + 1;
  if (end === 0) throw createNotBsonProblem();
  return end - at;
};

export const createNotBsonProblem = () => new Problem('protocol-mismatch', 'Expected BSON documents');
