import { isTooLargeProblem } from '../../network/budget.ts';
import { limitColumns } from '../reading/limit-columns.ts';
import type { TaskLimiter } from './task-limiter.ts';
import { readCsvColumns } from './csv.ts';
import { readJsonColumns } from './json.ts';
import type { ListedObject } from './list-object-page.ts';
import { detectContent, findFileFormat, type FileFormat } from './formats.ts';
import { readParquetColumns } from './parquet.ts';
import type { ReadRange } from './range-reader.ts';
import { decompressPrefix } from './decompress-prefix.ts';
import type { ObjectColumns, UnreadReason, TextSample } from './object-columns.ts';

/** Reads columns in the format that the key's extension names; `undefined` for files that are not tables. Reads only small objects whole. */
export const readObjectColumns = async (
  { key, size }: Pick<ListedObject, 'key' | 'size'>,
  read: ReadRange,
  runAlone: TaskLimiter,
): Promise<ObjectColumns | UnreadReason | undefined> => {
  const named = findFileFormat(key);
  if (!named) return undefined;
  const { format, packing } = named;
  try {
    // A compression in the name of a Parquet file usually refers to the pages inside it.
    if (format === 'parquet') {
      const reading = await readParquetColumns(size, read, runAlone);
      return reading === 'unreadable' && packing !== undefined ? 'unsupported' : limitObjectColumns(reading);
    }
    if (format === 'unsupported' || packing === 'other') return 'unsupported';
    return limitObjectColumns(await readTextColumns(size, read, runAlone, textReaders[format]));
  } catch (error) {
    if (isTooLargeProblem(error)) return 'tooLarge';
    throw error;
  }
};

const limitObjectColumns = (reading: ObjectColumns | UnreadReason): ObjectColumns | UnreadReason => {
  if (typeof reading === 'string') return reading;
  const { columns, cut } = limitColumns(reading.columns);
  return cut ? { ...reading, columns, cut } : reading;
};

/** Returns `undefined` if the sample holds no complete row. */
type TextReader = (sample: TextSample) => ObjectColumns | undefined;

const textReaders: Readonly<Record<Exclude<FileFormat, 'parquet' | 'unsupported'>, TextReader>> = {
  csv: (sample) => readCsvColumns(sample),
  tsv: (sample) => readCsvColumns(sample, { preferred: '\t' }),
  json: (sample) => readJsonColumns(sample),
};

/** Detects compression from the first bytes, not from the name: files are renamed, and some servers decompress them. */
const readTextColumns = async (
  size: number,
  read: ReadRange,
  runAlone: TaskLimiter,
  reader: TextReader,
): Promise<ObjectColumns | 'unreadable'> => {
  let isCompressed = false;
  const attempt = async (maxBytes: number, maxDecompressedBytes: number) => {
    const bytes = await read(0, maxBytes);
    const content = detectContent(bytes);
    isCompressed = content !== undefined;
    if (content === 'other') return undefined;
    const sample = content
      ? await decompressSample(bytes, { size, maxBytes: maxDecompressedBytes, content })
      : toTextSample(bytes, size);
    return sample && { reading: reader(sample) };
  };
  const first = await attempt(FIRST_SAMPLE_BYTES, 2 ** 21);
  if (first?.reading) return first.reading;
  // The first row may be longer than the first sample. Only one such large sample is in memory at a time.
  if (!first || (size <= FIRST_SAMPLE_BYTES && !isCompressed)) return 'unreadable';
  const second = await runAlone(() => attempt(MAX_TEXT_SAMPLE_BYTES, 2 ** 23));
  return second?.reading ?? 'unreadable';
};

const FIRST_SAMPLE_BYTES = 2 ** 16;
const MAX_TEXT_SAMPLE_BYTES = 2 ** 20;

const toTextSample = (bytes: Buffer, size: number): TextSample => ({
  text: decodeSampleText(bytes),
  whole: bytes.length >= size,
  share: bytes.length / size,
});

const decompressSample = async (
  compressed: Buffer,
  {
    size,
    maxBytes,
    content,
  }: { readonly size: number; readonly maxBytes: number; readonly content: 'gzip' | 'zstd' },
): Promise<TextSample | undefined> => {
  const beginning = await decompressPrefix(compressed, content, maxBytes);
  if (!beginning) return undefined;
  const { bytes, from, whole } = beginning;
  return { text: decodeSampleText(bytes), whole: whole && compressed.length >= size, share: from / size };
};

/**
 * Decodes UTF-8, UTF-16 (detected by its byte order mark) or, failing that, windows-1252, which Excel writes in Western Europe. Drops the
 * mark, and a character that the end of the sample cuts off.
 */
const decodeSampleText = (bytes: Buffer): string => {
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
