import { Buffer } from 'node:buffer';

/**
 * Encodes several names as one key that sorts by the bytes of the names. The separator sorts below every other character, so a name sorts
 * before all longer names that start with it.
 */
export const encodeNameKey = (...names: readonly string[]): string =>
  names.map(escapeKeyName).join(NAME_SEPARATOR);

/** The prefix of all keys whose first names are exactly these. */
export const encodeNamePrefix = (...names: readonly string[]): string =>
  `${encodeNameKey(...names)}${NAME_SEPARATOR}`;

/** A sort key has at most 1 024 bytes. Longer keys are truncated and numbered, so that keys with the same prefix keep their order. */
export const toBlockKey = (order: string, first: string, ordinal: number): string => {
  const start = truncateKey(first);
  return start === first
    ? `${order}${first}`
    : `${order}${start}${NAME_SEPARATOR}${NAME_SEPARATOR}${String(ordinal).padStart(10, '0')}`;
};

/**
 * The last block at or before this key is the first that can contain `key`. If the key is truncated, later blocks may also start below it.
 */
export const toSeekKey = (order: string, key: string): string => `${order}${truncateKey(key)}`;

/** No block after this key contains a key that starts with `beginning`. */
export const toEndKey = (order: string, beginning: string): string =>
  toSuccessor(`${order}${truncateKey(beginning)}`);

/** The lowest key after a block's key: no character in a key is lower than the separator. */
export const toKeyAfter = (sk: string): string => `${sk}${NAME_SEPARATOR}`;

const NAME_SEPARATOR = '\u0001';
/**
 * Keys of this many bytes or more are truncated. With one more whole character, the name of the order and a number, a key stays below 1 024
 * bytes.
 */
const MAX_BLOCK_KEY_BYTES = 977;

const escapeKeyName = (name: string): string =>
  name
    .replaceAll('\u0002', '\u0002\u0003')
    .replaceAll('\u0001', '\u0002\u0002')
    .replaceAll('\u0000', '\u0002\u0001');

/** Keys with the same first bytes are truncated at the same character, so that truncating never changes the order of two keys. */
const truncateKey = (key: string): string => {
  if (key.length * 3 < MAX_BLOCK_KEY_BYTES) return key;
  const bytes = Buffer.from(key);
  if (bytes.length < MAX_BLOCK_KEY_BYTES) return key;
  let end = MAX_BLOCK_KEY_BYTES;
  while (isContinuationByte(bytes[end])) end += 1;
  return bytes.toString('utf8', 0, end);
};

const isContinuationByte = (byte: number | undefined): boolean =>
  byte !== undefined && (byte & 0xc0) === 0x80;

const toSuccessor = (text: string): string => {
  const characters = Array.from(text);
  const last = characters.pop()?.codePointAt(0);
  if (last === undefined) throw new RangeError('Nothing follows everything');
  if (last === 0x10ffff) return toSuccessor(characters.join(''));
  return `${characters.join('')}${String.fromCodePoint(last === 0xd7ff ? 0xe000 : last + 1)}`;
};
