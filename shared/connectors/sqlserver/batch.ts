import type { Connection, Request } from 'tedious';
import { Problem } from '../../problem.ts';

export type Row = readonly unknown[];

/** Runs statements in one round trip and answers the rows of each that has any columns; `most` bytes may come. */
export type Batch = (sql: string, most: number) => Promise<readonly (readonly Row[])[]>;

/** One batch at a time, as the protocol has it. */
export const createBatch =
  (connection: Connection, Driver: typeof Request, allow: (bytes: number) => void): Batch =>
  (sql, most) =>
    new Promise((resolve, reject) => {
      const sets: Row[][] = [];
      allow(most);
      const request = new Driver(sql, (error) => {
        if (error) reject(problemIn(error) ?? error);
        else resolve(sets);
      });
      request.on('columnMetadata', () => void sets.push([]));
      request.on('row', (columns: readonly { readonly value: unknown }[]) => {
        const row: unknown[] = [];
        for (const { value } of columns) row.push(value);
        sets.at(-1)?.push(row);
      });
      connection.execSqlBatch(request);
    });

/** What our own sockets threw is inside of what the driver throws. */
export const problemIn = (error: unknown, depth = 0): Problem | undefined => {
  if (error instanceof Problem) return error;
  const { cause }: { readonly cause?: unknown } = Object(error);
  return cause === undefined || depth > 8 ? undefined : problemIn(cause, depth + 1);
};
