import { isTooLargeProblem, createTooLargeProblem } from '../../network/budget.ts';
import type { TaskLimiter } from './task-limiter.ts';
import type { ObjectColumns } from './object-columns.ts';
import { readParquetElements } from './parquet-elements.ts';
import { readParquetFooter } from './parquet-footer.ts';
import { parseGeoParquet } from './geo-parquet.ts';
import { buildParquetColumns } from './parquet-columns.ts';
import type { ReadRange } from './range-reader.ts';

/** Reads only the footer, whose last eight bytes hold its length. https://parquet.apache.org/docs/file-format/ */
export const readParquetColumns = async (
  size: number,
  read: ReadRange,
  runAlone: TaskLimiter,
): Promise<ObjectColumns | 'unreadable' | 'encrypted'> => {
  if (size < 12) return 'unreadable';
  const end = await read(Math.max(0, size - FOOTER_GUESS_BYTES), size);
  const tail = end.subarray(-8);
  const mark = tail.toString('latin1', 4);
  if (mark === encryptedFooterMark) return 'encrypted';
  if (tail.length < 8 || mark !== 'PAR1') return 'unreadable';
  const length = tail.readUInt32LE(0) + 8;
  if (length > size) return 'unreadable';
  if (length > MAX_FOOTER_BYTES) throw createTooLargeProblem();
  if (length <= end.length) return parseParquetFooter(end.subarray(-length));
  return runAlone(async () =>
    parseParquetFooter(Buffer.concat([await read(size - length, size - end.length), end])),
  );
};

const parseParquetFooter = async (bytes: Buffer): Promise<ObjectColumns | 'unreadable'> => {
  try {
    const { schema, rows, geo } = readParquetFooter(bytes);
    const elements = await readParquetElements(schema);
    const geoTypes = geo === undefined ? new Map<string, undefined>() : parseGeoParquet(geo);
    if (geoTypes !== 'unknown') return { ...buildParquetColumns(elements, geoTypes), rows };
    const { columns, unknownTypes = 0 } = buildParquetColumns(elements);
    return { columns, unknownTypes: unknownTypes + 1, rows };
  } catch (error) {
    if (isTooLargeProblem(error)) throw error;
    return 'unreadable';
  }
};

/** Most footers fit into this, and a small file is read in one request. */
const FOOTER_GUESS_BYTES = 2 ** 16;
const MAX_FOOTER_BYTES = 8 * 2 ** 20;
/** Ends a file whose footer is encrypted: https://github.com/apache/parquet-format/blob/master/Encryption.md */
const encryptedFooterMark = 'PARE';
