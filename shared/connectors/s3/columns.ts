import { isTooLarge } from '../../network/budget.ts';
import { boundColumns } from '../bound-columns.ts';
import type { Column, Sampled } from '../catalog.ts';
import type { Runner } from './at-most.ts';
import { readCsv } from './csv.ts';
import { readJson } from './json.ts';
import type { Listed } from './list.ts';
import { findContent, findFormat, type Format } from './formats.ts';
import { readParquet } from './parquet.ts';
import type { RangedRead } from './ranges.ts';
import { unpack } from './unpack.ts';

export interface Reading {
  readonly columns: readonly Column[];
  /** Of this object; an estimate where it was not read to its end. */
  readonly rows: number | null;
  /** How much was looked at, where it was not all. */
  readonly looked?: Pick<Sampled, 'documents' | 'rows'>;
  /** There are more columns than are told. */
  readonly cut?: boolean;
  /** How many of the columns have a type that is not understood, and are told by how they are stored. */
  readonly unknownTypes?: number;
}

/** Why an object that has columns has none to tell. */
export type Unread = 'unreadable' | 'encrypted' | 'tooLarge' | 'unsupported';

/** The beginning of a text, and what share of the whole it is where that is known. */
export interface Sample {
  readonly text: string;
  readonly whole: boolean;
  readonly share: number | null;
}

/** By the extension; nothing for what is no table. Never a whole object, unless it is a small one. */
export const readColumns = async (
  { key, size }: Pick<Listed, 'key' | 'size'>,
  read: RangedRead,
  alone: Runner,
): Promise<Reading | Unread | undefined> => {
  const named = findFormat(key);
  if (!named) return undefined;
  const { format, packing } = named;
  try {
    // A way of packing in the name of a Parquet is most often that of the pages within.
    if (format === 'parquet') {
      const reading = await readParquet(size, read, alone);
      return reading === 'unreadable' && packing !== undefined ? 'unsupported' : bounded(reading);
    }
    if (format === 'unsupported' || packing === 'other') return 'unsupported';
    return bounded(await readText(size, read, alone, texts[format]));
  } catch (error) {
    if (isTooLarge(error)) return 'tooLarge';
    throw error;
  }
};

const bounded = (reading: Reading | Unread): Reading | Unread => {
  if (typeof reading === 'string') return reading;
  const { columns, cut } = boundColumns(reading.columns);
  return cut ? { ...reading, columns, cut } : reading;
};

/** Columns, or nothing where not even one row is whole. */
type Reader = (sample: Sample) => Reading | undefined;

const texts: Readonly<Record<Exclude<Format, 'parquet' | 'unsupported'>, Reader>> = {
  csv: (sample) => readCsv(sample),
  tsv: (sample) => readCsv(sample, { preferred: '\t' }),
  json: (sample) => readJson(sample),
};

/** Whether a text is packed is told by its first bytes: names are changed, and servers unpack. */
const readText = async (
  size: number,
  read: RangedRead,
  alone: Runner,
  reader: Reader,
): Promise<Reading | 'unreadable'> => {
  let isPacked = false;
  const attempt = async (most: number, mostUnpacked: number) => {
    const bytes = await read(0, most);
    const content = findContent(bytes);
    isPacked = content !== undefined;
    if (content === 'other') return undefined;
    const sample = content
      ? await unpacked(bytes, { size, most: mostUnpacked, content })
      : plain(bytes, size);
    return sample && { reading: reader(sample) };
  };
  const first = await attempt(firstBytes, 2 ** 21);
  if (first?.reading) return first.reading;
  // A first row may be long. Of such texts one at a time is in memory.
  if (!first || (size <= firstBytes && !isPacked)) return 'unreadable';
  const second = await alone(() => attempt(mostBytes, 2 ** 23));
  return second?.reading ?? 'unreadable';
};

const firstBytes = 2 ** 16;
const mostBytes = 2 ** 20;

const plain = (bytes: Buffer, size: number): Sample => ({
  text: decodeText(bytes),
  whole: bytes.length >= size,
  share: bytes.length / size,
});

const unpacked = async (
  packed: Buffer,
  {
    size,
    most,
    content,
  }: { readonly size: number; readonly most: number; readonly content: 'gzip' | 'zstd' },
): Promise<Sample | undefined> => {
  const beginning = await unpack(packed, content, most);
  if (!beginning) return undefined;
  const { bytes, from, whole } = beginning;
  return { text: decodeText(bytes), whole: whole && packed.length >= size, share: from / size };
};

/** UTF-8, UTF-16 by its byte order mark, or else what Excel writes in Western Europe. The mark is taken off; a character that is cut is left out. */
const decodeText = (bytes: Buffer): string => {
  const decode = (encoding: string) =>
    new TextDecoder(encoding, { fatal: true }).decode(bytes, { stream: true });
  const mark = bytes.subarray(0, 2).toString('hex');
  try {
    return decode(mark === 'fffe' ? 'utf-16le' : mark === 'feff' ? 'utf-16be' : 'utf-8');
  } catch {
    return new TextDecoder('windows-1252').decode(bytes);
  }
};
