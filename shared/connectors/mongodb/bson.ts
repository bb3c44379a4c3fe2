import { Problem } from '../../problem.ts';

export const object = 3;
export const array = 4;
const binary = 5;
/** Not a BSON type: stands for binary of subtype 3 or 4. */
export const uuid = 0x105;

export const typeAt = (bytes: Buffer, at: number, valueAt: number): number => {
  const type = bytes.readUInt8(at);
  if (type !== binary || valueAt + 5 > bytes.length) return type;
  const subtype = bytes[valueAt + 4];
  return subtype === 3 || subtype === 4 ? uuid : type;
};

/** Returns the end of the document that begins at `start`, which must not be after `limit`. */
export const endOf = (bytes: Buffer, start: number, within: number): number => {
  if (start + 5 > within) throw foreign();
  const end = start + bytes.readInt32LE(start);
  if (end < start + 5 || end > within || bytes[end - 1] !== 0) throw foreign();
  return end;
};

const fixed: Readonly<Record<number, number>> = {
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
const counted: Readonly<Record<number, number>> = {
  2: 4,
  3: 0,
  4: 0,
  5: 5,
  [uuid]: 5,
  12: 16,
  13: 4,
  14: 4,
  15: 0,
};

export const sizeOf = (bytes: Buffer, type: number, at: number): number => {
  const size = fixed[type];
  if (size !== undefined) return size;
  const besides = counted[type];
  if (besides !== undefined) {
    const length = at + 4 <= bytes.length ? bytes.readInt32LE(at) : -1;
    if (length < 0) throw foreign();
    return besides + length;
  }
  // A regular expression has two strings.
  const second = type === 11 ? bytes.indexOf(0, at) + 1 : 0;
  const end = second === 0 ? 0 : bytes.indexOf(0, second) + 1;
  if (end === 0) throw foreign();
  return end - at;
};

export const foreign = () => new Problem('protocol-mismatch', 'Expected documents in BSON');
