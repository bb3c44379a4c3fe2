import { createBudget, spend, tooLarge, type Allowance } from '../../network/budget.ts';
import { Problem } from '../../problem.ts';

/**
 * Throws `source-too-large` for an answer that the driver would make too many objects of: it believes the lengths of lists, and a structure of
 * one byte takes a hundred. What is not there yet is for the driver to find out.
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

  if (int32() >= 0) throw foreign(); // the strict form alone, which every server speaks
  take(int32());
  take(4);
  skipFields();
};

/** By type; a boolean is a byte. */
const sizes: ReadonlyMap<number, number> = new Map([
  [2, 1],
  [3, 1],
  [4, 8],
  [6, 2],
  [8, 4],
  [10, 8],
]);
const [stop, text, structure, map, set, list] = [0, 11, 12, 13, 14, 15];

/** Ten thousand rows have twelve columns of them at most. */
const mostValues = 1_000_000;
const deepest = 32;

const tooMuch = () => tooLarge('The server answers with more values than can be read at once');
const foreign = () =>
  new Problem('protocol-mismatch', 'Expected Databricks; the server speaks something else');
