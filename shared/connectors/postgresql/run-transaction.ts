import type { Client, Connection } from 'pg';
import { createTooLargeProblem } from '../../network/budget.ts';
import { Problem } from '../../problem.ts';

/** One statement of a batch. `row` receives each row as text on arrival; no column may be null. */
export interface BatchStatement {
  readonly sql: string;
  readonly row?: (fields: readonly string[]) => void;
}

/** Runs the statements as one transaction in one batch, with limits that hold even for a hostile server. */
export const runPostgresqlTransaction = async (
  client: Client,
  opening: readonly string[],
  statements: readonly BatchStatement[],
  timeoutMs: number,
): Promise<void> => {
  try {
    await runPostgresqlBatch(
      client,
      [...opening.map((sql) => ({ sql })), ...statements, { sql: 'commit' }],
      timeoutMs,
    );
  } catch (error) {
    // A pooler reuses the connection, and the caller may retry on it. The first error is the one to report.
    await runPostgresqlBatch(client, [{ sql: 'rollback' }], ROLLBACK_TIMEOUT_MS).catch(() => undefined);
    throw error;
  }
};

/** After this time the rollback is abandoned. */
const ROLLBACK_TIMEOUT_MS = 1000;

/** The bytes that a server may send in one batch: enough for about 250,000 tables. */
const MAX_POSTGRESQL_BATCH_BYTES = 256 << 20;
/** The rows of one batch: a table has at most six rows, and a stored row takes far more memory than its bytes. */
const MAX_POSTGRESQL_BATCH_ROWS = 1_500_000;

/**
 * Runs all statements as one simple query: one round trip, without prepared statements, so that poolers accept it. It stores no rows.
 * `pg` calls the methods of the submitted object: https://github.com/brianc/node-postgres/blob/master/packages/pg-cursor/index.js
 */
const runPostgresqlBatch = (
  client: Client,
  statements: readonly BatchStatement[],
  timeoutMs: number,
): Promise<void> =>
  new Promise((resolve, reject) => {
    let current = 0;
    let received = 0;
    let rows = 0;
    let stream: Connection['stream'] | undefined;
    let abandoned = false;
    const cleanUp = () => {
      clearTimeout(timer);
      stream?.off('data', countBytes);
    };
    const fail = (error: unknown) => {
      cleanUp();
      reject(error);
    };
    const abandon = (error: unknown) => {
      if (abandoned) return; // messages already received still arrive here
      abandoned = true;
      fail(error);
      client.on('error', ignoreMessage);
      stream?.destroy();
    };
    const countBytes = (chunk: Uint8Array) => {
      if ((received += chunk.byteLength) > MAX_POSTGRESQL_BATCH_BYTES) abandon(createBatchTooLargeProblem());
    };
    // The server has the same limit, and one more second to report it.
    const timer = setTimeout(() => abandon(createCatalogTimeoutProblem()), timeoutMs + 1_000);
    client.query({
      submit: (connection: Connection) => {
        stream = connection.stream.on('data', countBytes);
        connection.query(statements.map(({ sql }) => sql).join(';\n'));
      },
      handleRowDescription: ignoreMessage,
      // An error thrown here would be uncaught, because pg calls this in an event handler of the socket.
      handleDataRow: ({ fields }: { readonly fields: readonly (string | null)[] }) => {
        if ((rows += 1) > MAX_POSTGRESQL_BATCH_ROWS) return abandon(createBatchTooLargeProblem());
        try {
          if (hasNoNulls(fields)) statements[current]?.row?.(fields);
          else abandon(createUnexpectedRowsProblem());
        } catch (error) {
          abandon(createUnexpectedRowsProblem(error));
        }
      },
      handleCommandComplete: () => void current++,
      handleEmptyQuery: ignoreMessage,
      handlePortalSuspended: ignoreMessage,
      handleCopyInResponse: () => abandon(createUnexpectedRowsProblem()),
      handleCopyData: () => abandon(createUnexpectedRowsProblem()),
      handleReadyForQuery: () => {
        if (current < statements.length) return abandon(createUnexpectedRowsProblem());
        cleanUp();
        resolve();
      },
      handleError: fail,
    });
  });

const hasNoNulls = (fields: readonly (string | null)[]): fields is readonly string[] =>
  !fields.includes(null);

const ignoreMessage = () => {};

const createCatalogTimeoutProblem = () =>
  new Problem('timeout', 'The catalog did not arrive within the query timeout');

const createBatchTooLargeProblem = () =>
  createTooLargeProblem(
    `The catalog is larger than ${MAX_POSTGRESQL_BATCH_BYTES >> 20} MB or ${MAX_POSTGRESQL_BATCH_ROWS} rows`,
    'List only the schemas that you need in config.schemas.',
  );

const createUnexpectedRowsProblem = (cause?: unknown) =>
  new Problem('protocol-mismatch', 'Expected the rows of each statement, in the order of the statements', {
    cause,
  });
