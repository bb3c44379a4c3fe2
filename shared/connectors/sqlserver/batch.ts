import type { Connection, Request } from 'tedious';
import { Problem } from '../../problem.ts';
import { foreign } from './prelogin.ts';

export type Row = readonly unknown[];

/** Runs statements in one round trip and hands on each row, with the number of its statement among those that have columns; `most` bytes may come; who answers `false` wants no more. */
export type Batch = (
  sql: string,
  most: number,
  take: (row: Row, set: number) => boolean | void,
) => Promise<void>;

/** One batch at a time, as the protocol has it. */
export const createBatch =
  (connection: Connection, Driver: typeof Request, allow: (bytes: number) => void): Batch =>
  (sql, most, take) =>
    new Promise((resolve, reject) => {
      let set = -1;
      allow(most);
      const request = new Driver(sql, (error) => {
        if (error) reject(problemIn(error) ?? error);
        else resolve();
      });
      request.on('columnMetadata', (columns: unknown) => {
        set += 1;
        // As many as are claimed would be made anew for each row, which may say of all in a few bytes that they are null.
        if (set >= mostSets || Object.keys(Object(columns)).length > mostColumns) refuse();
      });
      const refuse = () => {
        reject(foreign());
        allow(0); // no packet more is read
      };
      request.on('row', (columns: readonly { readonly value: unknown }[]) => {
        const row: unknown[] = [];
        for (const { value } of columns) row.push(value);
        if (take(row, set) === false) refuse();
      });
      connection.execSqlBatch(request);
    });

/** Statements of one batch, and columns of one statement; ours have far fewer. */
const mostSets = 100;
const mostColumns = 1024;
/** Of a short answer. */
const mostRows = 100_000;

/** The rows of each statement, for answers that are short. */
export const rowsOf = async (
  batch: Batch,
  sql: string,
  most: number,
): Promise<readonly (readonly Row[])[]> => {
  const sets: Row[][] = [];
  let left = mostRows;
  await batch(sql, most, (row, set) => {
    while (sets.length <= set) sets.push([]);
    sets[set]?.push(row);
    left -= 1;
    return left > 0;
  });
  return sets;
};

/** What our own sockets threw is inside of what the driver throws. */
export const problemIn = (error: unknown, depth = 0): Problem | undefined => {
  if (error instanceof Problem) return error;
  const { cause }: { readonly cause?: unknown } = Object(error);
  return cause === undefined || depth > 8 ? undefined : problemIn(cause, depth + 1);
};
