import { Buffer } from 'node:buffer';

/** One key of several names, in the order of the names' bytes: a name ends below whatever could go on in its place. */
export const joined = (...names: readonly string[]): string => names.map(escaped).join(separator);

/** What keys begin with whose first names are exactly these. */
export const within = (...names: readonly string[]): string => `${joined(...names)}${separator}`;

/** A sort key has 1 024 bytes at most: long ones are cut, and numbered so that those with one beginning keep their order. */
export const blockKey = (order: string, first: string, ordinal: number): string => {
  const start = cut(first);
  return start === first
    ? `${order}${first}`
    : `${order}${start}${separator}${separator}${String(ordinal).padStart(10, '0')}`;
};

/** The last block up to here is the first that can hold the key; where the key is cut, blocks after it may begin below the key too. */
export const seekKey = (order: string, key: string): string => `${order}${cut(key)}`;

/** No block that holds a key with this beginning comes after it. */
export const endKey = (order: string, beginning: string): string => successor(`${order}${cut(beginning)}`);

/** The least that follows a block's key: nothing lower than the separator is ever in one. */
export const afterKey = (sk: string): string => `${sk}${separator}`;

const separator = '\u0001';
/** From this many bytes on a key is cut; with a whole character, the order's name and a number it stays below 1 024. */
const keyBytes = 977;

const escaped = (name: string): string =>
  name
    .replaceAll('\u0002', '\u0002\u0003')
    .replaceAll('\u0001', '\u0002\u0002')
    .replaceAll('\u0000', '\u0002\u0001');

/** Always up to the same character for one beginning, so that cutting never swaps two keys. */
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
