import { promisify } from 'node:util';
import { gunzip, constants } from 'node:zlib';
import type { Column } from '../catalog.ts';
import type { Runner } from './at-most.ts';
import { readCsv } from './csv.ts';
import { readJson } from './json.ts';
import type { Listed } from './list.ts';
import { readParquet } from './parquet.ts';
import type { RangedRead } from './ranges.ts';

export interface Reading {
  readonly columns: readonly Column[];
  /** Of this object; an estimate where it was not read to its end. */
  readonly rows: number | null;
}

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
): Promise<Reading | 'unreadable' | undefined> => {
  const [, extension = '', packed] = /\.([a-z0-9]{2,8})(\.gz)?$/i.exec(key) ?? [];
  const kind = extension.toLowerCase();
  if (kind === 'parquet' || kind === 'pq') return packed ? undefined : readParquet(size, read, alone);
  const reader = Object.hasOwn(texts, kind) ? texts[kind] : undefined;
  if (!reader) return undefined;
  // A first row may be long.
  for (const most of [2 ** 16, 2 ** 20]) {
    const bytes = await read(0, most);
    const sample = packed ? await unpacked(bytes, size) : plain(bytes, size);
    const reading = sample && reader(sample);
    if (reading) return reading;
    if (!sample || size <= most) break;
  }
  return 'unreadable';
};

/** Columns, or nothing where not even one row is whole. */
type Reader = (sample: Sample) => Reading | undefined;

const texts: Readonly<Record<string, Reader>> = {
  csv: readCsv,
  tsv: readCsv,
  json: readJson,
  jsonl: readJson,
  ndjson: readJson,
};

const plain = (bytes: Buffer, size: number): Sample => ({
  text: textOf(bytes),
  whole: bytes.length >= size,
  share: bytes.length / size,
});

/** As much as the beginning holds, and never more than a bomb's first megabytes. */
const unpacked = async (bytes: Buffer, size: number): Promise<Sample | undefined> => {
  try {
    const options = { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: mostUnpacked };
    const text = textOf(await promisify(gunzip)(bytes, options));
    return { text, whole: bytes.length >= size, share: bytes.length / size };
  } catch {
    return undefined;
  }
};

const mostUnpacked = 32 * 2 ** 20;

const textOf = (bytes: Buffer) => new TextDecoder('utf-8').decode(bytes); // which takes a byte order mark off
