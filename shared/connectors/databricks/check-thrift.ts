import {
  createBudget,
  spendAllowance,
  createTooLargeProblem,
  type ReadAllowance,
} from '../../network/budget.ts';
import { Problem } from '../../problem.ts';

/**
 * Throws `source-too-large` for an answer from which the driver would create too many objects: the driver trusts the lengths of lists, and a
 * struct of one byte takes a hundred bytes of memory. Throws `protocol-mismatch` for a damaged or incomplete answer.
 * https://github.com/apache/thrift/blob/master/doc/specs/thrift-binary-protocol.md
 */
export const checkThrift = (bytes: Buffer): void => {
  const values: ReadAllowance = { left: MAX_THRIFT_VALUES, spent: createThriftLimitProblem };
  const budget = createBudget({ steps: 0, depth: MAX_THRIFT_DEPTH });
  let at = 0;
  const advance = (length: number): number => {
    if (length < 0 || length > bytes.length - at) throw createNotThriftProblem();
    at += length;
    return at - length;
  };
  const readInt32 = () => bytes.readInt32BE(advance(4));

  const skip = (type: number): void => {
    spendAllowance(values);
    const size = thriftTypeSizes.get(type);
    if (size !== undefined) advance(size);
    else if (type === THRIFT_STRING) advance(readInt32());
    else if (type === THRIFT_STRUCT) budget.descend(skipFields);
    else if (type === THRIFT_MAP)
      budget.descend(() => skipItems(bytes.readUInt8(advance(1)), bytes.readUInt8(advance(1))));
    else if (type === THRIFT_SET || type === THRIFT_LIST)
      budget.descend(() => skipItems(bytes.readUInt8(advance(1))));
    else throw createNotThriftProblem();
  };
  const skipFields = () => {
    for (let type = bytes.readUInt8(advance(1)); type !== THRIFT_STOP; type = bytes.readUInt8(advance(1))) {
      advance(2);
      skip(type);
    }
  };
  const skipItems = (...types: readonly number[]) => {
    for (let left = readInt32(); left > 0; left -= 1) for (const type of types) skip(type);
  };

  if (readInt32() >= 0) throw createNotThriftProblem(); // only the strict form, which every server uses
  advance(readInt32());
  advance(4);
  skipFields();
};

/** Bytes by type, for types of a fixed size; a boolean takes one byte. */
const thriftTypeSizes: ReadonlyMap<number, number> = new Map([
  [2, 1],
  [3, 1],
  [4, 8],
  [6, 2],
  [8, 4],
  [10, 8],
]);
const [THRIFT_STOP, THRIFT_STRING, THRIFT_STRUCT, THRIFT_MAP, THRIFT_SET, THRIFT_LIST] = [
  0, 11, 12, 13, 14, 15,
];

/** An answer has at most 10 000 rows of twelve columns. */
const MAX_THRIFT_VALUES = 1_000_000;
const MAX_THRIFT_DEPTH = 32;

const createThriftLimitProblem = () =>
  createTooLargeProblem('The answer contains more values than Mooring reads at once');
const createNotThriftProblem = () =>
  new Problem('protocol-mismatch', 'Expected the Thrift protocol of Databricks');
