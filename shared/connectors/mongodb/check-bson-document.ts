import {
  createBudget,
  spendAllowance,
  createTooLargeProblem,
  type ReadAllowance,
} from '../../network/budget.ts';
import {
  BSON_ARRAY,
  findBsonDocumentEnd,
  createNotBsonProblem,
  BSON_OBJECT,
  measureBsonValue,
  readBsonType,
} from './bson.ts';

/**
 * Throws `source-too-large` for a document from which the driver would create too many objects: a null without a name takes two bytes on the
 * wire and about a hundred in memory. Skips the documents in the array named `batch`, which the driver leaves undecoded.
 */
export const checkBsonDocument = (bytes: Buffer, batch?: string): void => {
  const values: ReadAllowance = { left: MAX_BSON_VALUES, spent: createTooManyBsonValuesProblem };
  const budget = createBudget({ steps: 0, depth: MAX_BSON_DEPTH });
  const raw = batch === undefined ? undefined : Buffer.from(batch);

  const walk = (start: number, level: number, isPassedOver: boolean): void => {
    const end = findBsonDocumentEnd(bytes, start, bytes.length);
    for (let at = start + 4; bytes[at] !== 0;) {
      spendAllowance(values);
      const valueAt = bytes.indexOf(0, at + 1) + 1;
      if (valueAt === 0 || valueAt > end) throw createNotBsonProblem();
      const type = readBsonType(bytes, at, valueAt);
      const next = valueAt + measureBsonValue(bytes, type, valueAt);
      if (next >= end) throw createNotBsonProblem();
      const inner = type === BSON_CODE_WITH_SCOPE ? findCodeScope(bytes, valueAt, next) : valueAt;
      if ((type === BSON_OBJECT || type === BSON_ARRAY || type === BSON_CODE_WITH_SCOPE) && !isPassedOver) {
        const isBatch =
          level === 1 &&
          type === BSON_ARRAY &&
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
const BSON_CODE_WITH_SCOPE = 15;
const findCodeScope = (bytes: Buffer, at: number, end: number): number => {
  const length = at + 8 <= end ? bytes.readInt32LE(at + 4) : -1;
  if (length < 0 || at + 8 + length > end) throw createNotBsonProblem();
  return at + 8 + length;
};

/** The largest list of collections that fits an answer has fewer. */
const MAX_BSON_VALUES = 1_000_000;
/** MongoDB stores documents of at most 100 levels. */
const MAX_BSON_DEPTH = 200;

const createTooManyBsonValuesProblem = () =>
  createTooLargeProblem('The answer has more values than can be read at once');
