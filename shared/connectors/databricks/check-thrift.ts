import { createBudget, spend, tooLarge, type Allowance } from '../../network/budget.ts';
import { Problem } from '../../problem.ts';

/**
 * Throws `source-too-large` for an answer from which the driver would create too many objects: the driver trusts the lengths of lists, and a
 * struct of one byte takes a hundred bytes of memory. Throws `protocol-mismatch` for a damaged or incomplete answer.
 * https://github.com/apache/thrift/blob/master/doc/specs/thrift-binary-protocol.md
 */
export const checkThrift = (bytes: Buffer): void => {
  const values: Allowance = { left: mostValues, spent: tooMuch };
  const budget = createBudget({ steps: 0, depth: deepest });
  let at = 0;
  const take = (length: number): number => {
    if (length < 0 || length > bytes.length - at) throw foreign();
    at += length;
    return at - length;
  };
  const int32 = () => bytes.readInt32BE(take(4));

  const skip = (type: number): void => {
    spend(values);
    const size = sizes.get(type);
    if (size !== undefined) take(size);
    else if (type === text) take(int32());
    else if (type === structure) budget.descend(skipFields);
    else if (type === map)
      budget.descend(() => skipItems(bytes.readUInt8(take(1)), bytes.readUInt8(take(1))));
    else if (type === set || type === list) budget.descend(() => skipItems(bytes.readUInt8(take(1))));
    else throw foreign();
  };
  const skipFields = () => {
    for (let type = bytes.readUInt8(take(1)); type !== stop; type = bytes.readUInt8(take(1))) {
      take(2);
      skip(type);
    }
  };
  const skipItems = (...types: readonly number[]) => {
    for (let left = int32(); left > 0; left -= 1) for (const type of types) skip(type);
  };

  if (int32() >= 0) throw foreign(); // only the strict form, which every server uses
  take(int32());
  take(4);
  skipFields();
};

/** Bytes by type, for types of a fixed size; a boolean takes one byte. */
const sizes: ReadonlyMap<number, number> = new Map([
  [2, 1],
  [3, 1],
  [4, 8],
  [6, 2],
  [8, 4],
  [10, 8],
]);
const [stop, text, structure, map, set, list] = [0, 11, 12, 13, 14, 15];

/** An answer has at most 10 000 rows of twelve columns. */
const mostValues = 1_000_000;
const deepest = 32;

const tooMuch = () => tooLarge('The server answers with more values than can be read at once');
const foreign = () =>
  new Problem('protocol-mismatch', 'Expected Databricks; the server speaks something else');
