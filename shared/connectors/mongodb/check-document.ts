import { createBudget, spend, tooLarge, type Allowance } from '../../network/budget.ts';
import { array, endOf, foreign, object, sizeOf, typeAt } from './bson.ts';

/**
 * Throws `source-too-large` for a document that the driver would make too many objects of: a null without a name takes two bytes, and a
 * hundred of memory. The documents of the batch of that name stay bytes, and are passed over.
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

/** JavaScript with a document of its own, after the length of all and the text. */
const code = 15;
const scopeOf = (bytes: Buffer, at: number, end: number): number => {
  const length = at + 8 <= end ? bytes.readInt32LE(at + 4) : -1;
  if (length < 0 || at + 8 + length > end) throw foreign();
  return at + 8 + length;
};

/** A list of as many collections as fit an answer has fewer. */
const mostValues = 1_000_000;
/** MongoDB itself keeps no document that is nested more than a hundred times. */
const deepest = 200;

const tooMuch = () => tooLarge('The server answers with more values than can be read at once');
