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
  /** Rows of this object; an estimate if it was not read to its end. */
  readonly rows: number | null;
  /** How much was sampled, if not the whole object. */
  readonly looked?: Pick<Sampled, 'documents' | 'rows'>;
  /** Whether columns beyond the limit were left out. */
  readonly cut?: boolean;
  /** Number of columns whose logical type is unknown. They have their physical type instead. */
  readonly unknownTypes?: number;
}

/** Why the columns of an object could not be read. */
export type Unread = 'unreadable' | 'encrypted' | 'tooLarge' | 'unsupported';

/** The beginning of a text file, and its share of the file (0–1), if known. */
export interface Sample {
  readonly text: string;
  readonly whole: boolean;
  readonly share: number | null;
}

/** Reads columns in the format that the key's extension names; `undefined` for files that are not tables. Reads only small objects whole. */
export const readColumns = async (
  { key, size }: Pick<Listed, 'key' | 'size'>,
  read: RangedRead,
  alone: Runner,
): Promise<Reading | Unread | undefined> => {
  const named = findFormat(key);
  if (!named) return undefined;
  const { format, packing } = named;
  try {
    // A compression in the name of a Parquet file usually refers to the pages inside it.
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

/** Returns `undefined` if the sample holds no complete row. */
type Reader = (sample: Sample) => Reading | undefined;

const texts: Readonly<Record<Exclude<Format, 'parquet' | 'unsupported'>, Reader>> = {
  csv: (sample) => readCsv(sample),
  tsv: (sample) => readCsv(sample, { preferred: '\t' }),
  json: (sample) => readJson(sample),
};

/** Detects compression from the first bytes, not from the name: files are renamed, and some servers decompress them. */
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
  // The first row may be longer than the first sample. Only one such large sample is in memory at a time.
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

/**
 * Decodes UTF-8, UTF-16 (detected by its byte order mark) or, failing that, windows-1252, which Excel writes in Western Europe. Drops the
 * mark, and a character that the end of the sample cuts off.
 */
const decodeText = (bytes: Buffer): string => {
  const decode = (encoding: string) =>
    new TextDecoder(encoding, { fatal: true }).decode(bytes, { stream: true });
  const mark = bytes.subarray(0, 2).toString('hex');
  try {
    return decode(utf16Encodings.get(mark) ?? 'utf-8');
  } catch {
    return new TextDecoder('windows-1252').decode(bytes);
  }
};

/** By byte order mark, in hexadecimal. */
const utf16Encodings: ReadonlyMap<string, string> = new Map([
  ['fffe', 'utf-16le'],
  ['feff', 'utf-16be'],
]);
