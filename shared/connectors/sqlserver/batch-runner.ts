import type { Connection, Request } from 'tedious';
import { Problem } from '../../problem.ts';
import { createNotSqlserverProblem } from './prelogin.ts';

export type SqlserverRow = readonly unknown[];

/**
 * Runs statements in one round trip. Passes on each row with the number of its statement among those that return columns. The answer may have
 * `maxBytes`. A `false` from the callback ends the batch with a problem.
 */
export type SqlserverBatchRunner = (
  sql: string,
  maxBytes: number,
  onRow: (row: SqlserverRow, set: number) => boolean | void,
) => Promise<void>;

/** A connection runs one batch at a time, as the protocol requires. */
export const createSqlserverBatchRunner =
  (connection: Connection, Driver: typeof Request, allow: (bytes: number) => void): SqlserverBatchRunner =>
  (sql, maxBytes, onRow) =>
    new Promise((resolve, reject) => {
      let set = -1;
      allow(maxBytes);
      const request = new Driver(sql, (error) => {
        if (error) reject(findCausingProblem(error) ?? error);
        else resolve();
      });
      request.on('columnMetadata', (columns: unknown) => {
        set += 1;
        // The driver creates every claimed column anew for each row, and a row of nulls alone takes only a few bytes.
        if (set >= MAX_SQLSERVER_SETS || Object.keys(Object(columns)).length > MAX_SQLSERVER_COLUMNS)
          refuse();
      });
      const refuse = () => {
        reject(createNotSqlserverProblem());
        allow(0); // refuses all further packets
      };
      request.on('row', (columns: readonly { readonly value: unknown }[]) => {
        const row: unknown[] = [];
        for (const { value } of columns) row.push(value);
        if (onRow(row, set) === false) refuse();
      });
      connection.execSqlBatch(request);
    });

/** Statements in a batch, and columns of a statement. Mooring's queries have far fewer. */
const MAX_SQLSERVER_SETS = 100;
const MAX_SQLSERVER_COLUMNS = 1024;
/** Rows of a short answer. */
const MAX_SQLSERVER_ROWS = 100_000;

/** Keeps the rows of each statement: for short answers. */
export const readSqlserverSets = async (
  runBatch: SqlserverBatchRunner,
  sql: string,
  maxBytes: number,
): Promise<readonly (readonly SqlserverRow[])[]> => {
  const sets: SqlserverRow[][] = [];
  let rowsLeft = MAX_SQLSERVER_ROWS;
  await runBatch(sql, maxBytes, (row, set) => {
    while (sets.length <= set) sets.push([]);
    sets[set]?.push(row);
    rowsLeft -= 1;
    return rowsLeft > 0;
  });
  return sets;
};

/** Finds a problem that a socket ended with: the driver wraps it in errors of its own. */
export const findCausingProblem = (error: unknown, depth = 0): Problem | undefined => {
  if (error instanceof Problem) return error;
  const { cause }: { readonly cause?: unknown } = Object(error);
  return cause === undefined || depth > 8 ? undefined : findCausingProblem(cause, depth + 1);
};
