import { within } from '../within.ts';
import { tooSlow } from './failures.ts';
import { retry } from './retry.ts';

/** A row as the driver returns it, by the names of columns in the query. */
export type Row = Readonly<Record<string, unknown>>;
export type Query = (sql: string, row: (row: Row) => void) => Promise<void>;
/** Reads tables or columns by the protocol's own metadata, for catalogs without information_schema. */
export type Metadata = (
  of: 'tables' | 'columns',
  catalog: string,
  schema: string | undefined,
  row: (row: Row) => void,
) => Promise<void>;

/** The part of the driver's session that is used. */
export interface DriverSession {
  executeStatement(sql: string, options: object): Promise<Operation>;
  getTables(request: object): Promise<Operation>;
  getColumns(request: object): Promise<Operation>;
}
interface Operation {
  fetchChunk(options: object): Promise<readonly object[]>;
  hasMoreRows(): Promise<boolean>;
  close(): Promise<unknown>;
}

export const queriesOf = (session: DriverSession, limitMs: number): { query: Query; metadata: Metadata } => {
  const bounds = { limit: limitMs, remediation: tooSlow };
  const drain = async (open: () => Promise<Operation>, row: (row: Row) => void, signal: AbortSignal) => {
    const operation = await retry(open, signal);
    do {
      const rows = await operation.fetchChunk({ maxRows: rowsPerPage });
      signal.throwIfAborted(); // the caller no longer waits
      for (const one of rows) row(one as Row); // its columns are those of the query
    } while (await operation.hasMoreRows());
    await operation.close();
  };
  return {
    query: (sql, row) =>
      within(bounds, (signal) =>
        drain(
          () =>
            session.executeStatement(sql, {
              maxRows: rowsPerPage,
              useCloudFetch: false,
              useLZ4Compression: false,
              queryTimeout: Math.ceil(limitMs / 1000),
            }),
          row,
          signal,
        ),
      ),
    metadata: async (of, catalog, schema, row) => {
      const request = { catalogName: catalog, ...(schema !== undefined && { schemaName: escaped(schema) }) };
      const open = () =>
        of === 'tables'
          ? session.getTables({ ...request, maxRows: rowsPerPage })
          : session.getColumns({ ...request, maxRows: rowsPerPage });
      await within(bounds, (signal) => drain(open, row, signal));
    },
  };
};

const rowsPerPage = 10_000;

/** Names in metadata requests are patterns. */
const escaped = (name: string) => name.replace(/[_%\\]/g, String.raw`\$&`);
