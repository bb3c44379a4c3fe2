import { createBudget, spend, tooLarge, type Allowance } from '../../network/budget.ts';
import { array, endOf, foreign, object, sizeOf, typeAt } from './bson.ts';

/**
 * Throws `source-too-large` for a document from which the driver would create too many objects: a null without a name takes two bytes on the
 * wire and about a hundred in memory. Skips the documents in the array named `batch`, which the driver leaves undecoded.
 */
export const checkDocument = (bytes: Buffer, batch?: string): void => {
  const values: Allowance = { left: mostValues, spent: tooMuch };
  const budget = createBudget({ steps: 0, depth: deepest });
  const raw = batch === undefined ? undefined : Buffer.from(batch);

  const walk = (start: number, level: number, passOver: boolean): void => {
    const end = endOf(bytes, start, bytes.length);
    for (let at = start + 4; bytes[at] !== 0;) {
      spend(values);
      const valueAt = bytes.indexOf(0, at + 1) + 1;
      if (valueAt === 0 || valueAt > end) throw foreign();
      const type = typeAt(bytes, at, valueAt);
      const next = valueAt + sizeOf(bytes, type, valueAt);
      if (next >= end) throw foreign();
      const inner = type === code ? scopeOf(bytes, valueAt, next) : valueAt;
      if ((type === object || type === array || type === code) && !passOver) {
        const isBatch =
          level === 1 &&
          type === array &&
          raw !== undefined &&
          bytes.subarray(at + 1, valueAt - 1).equals(raw);
        budget.descend(() => walk(inner, level + 1, isBatch));
      }
      at = next;
    }
  };
  walk(0, 0, false);
};

/** JavaScript with scope: a total length, a string, and a document. */
const code = 15;
const scopeOf = (bytes: Buffer, at: number, end: number): number => {
  const length = at + 8 <= end ? bytes.readInt32LE(at + 4) : -1;
  if (length < 0 || at + 8 + length > end) throw foreign();
  return at + 8 + length;
};

/** The largest list of collections that fits an answer has fewer. */
const mostValues = 1_000_000;
/** MongoDB stores documents of at most 100 levels. */
const deepest = 200;

const tooMuch = () => tooLarge('The server answers with more values than can be read at once');
