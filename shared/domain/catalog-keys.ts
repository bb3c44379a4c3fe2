import { Buffer } from 'node:buffer';

/**
 * Encodes several names as one key that sorts by the bytes of the names. The separator sorts below every other character, so a name sorts
 * before all longer names that start with it.
 */
export const joined = (...names: readonly string[]): string => names.map(escaped).join(separator);

/** The prefix of all keys whose first names are exactly these. */
export const within = (...names: readonly string[]): string => `${joined(...names)}${separator}`;

/** A sort key has at most 1 024 bytes. Longer keys are truncated and numbered, so that keys with the same prefix keep their order. */
export const blockKey = (order: string, first: string, ordinal: number): string => {
  const start = cut(first);
  return start === first
    ? `${order}${first}`
    : `${order}${start}${separator}${separator}${String(ordinal).padStart(10, '0')}`;
};

/**
 * The last block at or before this key is the first that can contain `key`. If the key is truncated, later blocks may also start below it.
 */
export const seekKey = (order: string, key: string): string => `${order}${cut(key)}`;

/** No block after this key contains a key that starts with `beginning`. */
export const endKey = (order: string, beginning: string): string => successor(`${order}${cut(beginning)}`);

/** The lowest key after a block's key: no character in a key is lower than the separator. */
export const afterKey = (sk: string): string => `${sk}${separator}`;

const separator = '\u0001';
/**
 * Keys of this many bytes or more are truncated. With one more whole character, the name of the order and a number, a key stays below 1 024
 * bytes.
 */
const keyBytes = 977;

const escaped = (name: string): string =>
  name
    .replaceAll('\u0002', '\u0002\u0003')
    .replaceAll('\u0001', '\u0002\u0002')
    .replaceAll('\u0000', '\u0002\u0001');

/** Keys with the same first bytes are truncated at the same character, so that truncating never changes the order of two keys. */
const cut = (key: string): string => {
  if (key.length * 3 < keyBytes) return key;
  const bytes = Buffer.from(key);
  if (bytes.length < keyBytes) return key;
  let end = keyBytes;
  while (isContinuation(bytes[end])) end += 1;
  return bytes.toString('utf8', 0, end);
};

const isContinuation = (byte: number | undefined): boolean => byte !== undefined && (byte & 0xc0) === 0x80;

const successor = (text: string): string => {
  const characters = Array.from(text);
  const last = characters.pop()?.codePointAt(0);
  if (last === undefined) throw new RangeError('Nothing follows everything');
  if (last === 0x10ffff) return successor(characters.join(''));
  return `${characters.join('')}${String.fromCodePoint(last === 0xd7ff ? 0xe000 : last + 1)}`;
};
