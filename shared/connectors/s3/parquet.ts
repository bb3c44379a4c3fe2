import { isTooLarge, tooLarge } from '../../network/budget.ts';
import type { Runner } from './at-most.ts';
import type { Reading } from './columns.ts';
import { readElements } from './elements.ts';
import { readFooter } from './footer.ts';
import { readGeo } from './geo.ts';
import { buildColumns } from './parquet-columns.ts';
import type { RangedRead } from './ranges.ts';

/** Reads only the footer, whose last eight bytes hold its length. https://parquet.apache.org/docs/file-format/ */
export const readParquet = async (
  size: number,
  read: RangedRead,
  alone: Runner,
): Promise<Reading | 'unreadable' | 'encrypted'> => {
  if (size < 12) return 'unreadable';
  const end = await read(Math.max(0, size - firstGuess), size);
  const tail = end.subarray(-8);
  const mark = tail.toString('latin1', 4);
  if (mark === encryptedMark) return 'encrypted';
  if (tail.length < 8 || mark !== 'PAR1') return 'unreadable';
  const length = tail.readUInt32LE(0) + 8;
  if (length > size) return 'unreadable';
  if (length > mostOfAFooter) throw tooLarge();
  if (length <= end.length) return parse(end.subarray(-length));
  return alone(async () => parse(Buffer.concat([await read(size - length, size - end.length), end])));
};

const parse = async (bytes: Buffer): Promise<Reading | 'unreadable'> => {
  try {
    const { schema, rows, geo } = readFooter(bytes);
    const elements = await readElements(schema);
    const places = geo === undefined ? new Map<string, undefined>() : readGeo(geo);
    if (places !== 'unknown') return { ...buildColumns(elements, places), rows };
    const { columns, unknownTypes = 0 } = buildColumns(elements);
    return { columns, unknownTypes: unknownTypes + 1, rows };
  } catch (error) {
    if (isTooLarge(error)) throw error;
    return 'unreadable';
  }
};

/** Most footers fit into this, and a small file is read in one request. */
const firstGuess = 2 ** 16;
const mostOfAFooter = 8 * 2 ** 20;
/** Ends a file whose footer is encrypted: https://github.com/apache/parquet-format/blob/master/Encryption.md */
const encryptedMark = 'PARE';
