import type { Connection, Request } from 'tedious';
import { Problem } from '../../problem.ts';
import { foreign } from './prelogin.ts';

export type Row = readonly unknown[];

/**
 * Runs statements in one round trip. Passes on each row with the number of its statement among those that return columns. The answer may have
 * `maxBytes`. A `false` from the callback ends the batch with a problem.
 */
export type Batch = (
  sql: string,
  most: number,
  take: (row: Row, set: number) => boolean | void,
) => Promise<void>;

/** A connection runs one batch at a time, as the protocol requires. */
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
        // The driver creates every claimed column anew for each row, and a row of nulls alone takes only a few bytes.
        if (set >= mostSets || Object.keys(Object(columns)).length > mostColumns) refuse();
      });
      const refuse = () => {
        reject(foreign());
        allow(0); // refuses all further packets
      };
      request.on('row', (columns: readonly { readonly value: unknown }[]) => {
        const row: unknown[] = [];
        for (const { value } of columns) row.push(value);
        if (take(row, set) === false) refuse();
      });
      connection.execSqlBatch(request);
    });

/** Statements in a batch, and columns of a statement. Mooring's queries have far fewer. */
const mostSets = 100;
const mostColumns = 1024;
/** Rows of a short answer. */
const mostRows = 100_000;

/** Keeps the rows of each statement: for short answers. */
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

/** Finds a problem that a socket ended with: the driver wraps it in errors of its own. */
export const problemIn = (error: unknown, depth = 0): Problem | undefined => {
  if (error instanceof Problem) return error;
  const { cause }: { readonly cause?: unknown } = Object(error);
  return cause === undefined || depth > 8 ? undefined : problemIn(cause, depth + 1);
};
