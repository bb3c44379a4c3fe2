import { withTimeout } from '../reading/with-timeout.ts';
import { databricksTimeoutRemediation } from './failures.ts';
import { retryDatabricksRequest } from './retry-request.ts';

/** A row as the driver returns it, by the names of columns in the query. */
export type DatabricksRow = Readonly<Record<string, unknown>>;
export type DatabricksQuery = (sql: string, row: (row: DatabricksRow) => void) => Promise<void>;
/** Reads tables or columns by the protocol's own metadata, for catalogs without information_schema. */
export type DatabricksMetadata = (
  of: 'tables' | 'columns',
  catalog: string,
  schema: string | undefined,
  row: (row: DatabricksRow) => void,
) => Promise<void>;

/** The part of the driver's session that is used. */
export interface DatabricksDriverSession {
  executeStatement(sql: string, options: object): Promise<DatabricksOperation>;
  getTables(request: object): Promise<DatabricksOperation>;
  getColumns(request: object): Promise<DatabricksOperation>;
}
interface DatabricksOperation {
  fetchChunk(options: object): Promise<readonly object[]>;
  hasMoreRows(): Promise<boolean>;
  close(): Promise<unknown>;
}

export const createDatabricksQueries = (
  session: DatabricksDriverSession,
  limitMs: number,
): { query: DatabricksQuery; metadata: DatabricksMetadata } => {
  const bounds = { limit: limitMs, remediation: databricksTimeoutRemediation };
  const readAllRows = async (
    open: () => Promise<DatabricksOperation>,
    row: (row: DatabricksRow) => void,
    signal: AbortSignal,
  ) => {
    const operation = await retryDatabricksRequest(open, signal);
    do {
      const rows = await operation.fetchChunk({ maxRows: DATABRICKS_ROWS_PER_PAGE });
      signal.throwIfAborted(); // the caller no longer waits
      for (const one of rows) row(one as DatabricksRow); // its columns are those of the query
    } while (await operation.hasMoreRows());
    await operation.close();
  };
  return {
    query: (sql, row) =>
      withTimeout(bounds, (signal) =>
        readAllRows(
          () =>
            session.executeStatement(sql, {
              maxRows: DATABRICKS_ROWS_PER_PAGE,
              useCloudFetch: false,
              useLZ4Compression: false,
              queryTimeout: Math.ceil(limitMs / 1000),
            }),
          row,
          signal,
        ),
      ),
    metadata: async (of, catalog, schema, row) => {
      const request = {
        catalogName: catalog,
        ...(schema !== undefined && { schemaName: escapeDatabricksPattern(schema) }),
      };
      const open = () =>
        of === 'tables'
          ? session.getTables({ ...request, maxRows: DATABRICKS_ROWS_PER_PAGE })
          : session.getColumns({ ...request, maxRows: DATABRICKS_ROWS_PER_PAGE });
      await withTimeout(bounds, (signal) => readAllRows(open, row, signal));
    },
  };
};

const DATABRICKS_ROWS_PER_PAGE = 10_000;

/** Names in metadata requests are patterns. */
const escapeDatabricksPattern = (name: string) => name.replace(/[_%\\]/g, String.raw`\$&`);
