import type { Client, Connection } from 'pg';
import { tooLarge } from '../../network/budget.ts';
import { Problem } from '../../problem.ts';

/** One statement of a batch. `row` receives each row as text on arrival; no column may be null. */
export interface Statement {
  readonly sql: string;
  readonly row?: (fields: readonly string[]) => void;
}

/** Runs the statements as one transaction in one batch, with limits that hold even for a hostile server. */
export const transact = async (
  client: Client,
  opening: readonly string[],
  statements: readonly Statement[],
  timeoutMs: number,
): Promise<void> => {
  try {
    await fly(client, [...opening.map((sql) => ({ sql })), ...statements, { sql: 'commit' }], timeoutMs);
  } catch (error) {
    // A pooler reuses the connection, and the caller may retry on it. The first error is the one to report.
    await fly(client, [{ sql: 'rollback' }], patienceMs).catch(() => undefined);
    throw error;
  }
};

/** After this time the rollback is abandoned. */
const patienceMs = 1000;

/** The bytes that a server may send in one batch: enough for about 250,000 tables. */
const maxBytes = 256 << 20;
/** The rows of one batch: a table has at most six rows, and a stored row takes far more memory than its bytes. */
const maxRows = 1_500_000;

/**
 * Runs all statements as one simple query: one round trip, without prepared statements, so that poolers accept it. It stores no rows.
 * `pg` calls the methods of the submitted object: https://github.com/brianc/node-postgres/blob/master/packages/pg-cursor/index.js
 */
const fly = (client: Client, statements: readonly Statement[], timeoutMs: number): Promise<void> =>
  new Promise((resolve, reject) => {
    let current = 0;
    let received = 0;
    let rows = 0;
    let stream: Connection['stream'] | undefined;
    let abandoned = false;
    const land = () => {
      clearTimeout(timer);
      stream?.off('data', weigh);
    };
    const fail = (error: unknown) => {
      land();
      reject(error);
    };
    const abandon = (error: unknown) => {
      if (abandoned) return; // messages already received still arrive here
      abandoned = true;
      fail(error);
      client.on('error', ignore);
      stream?.destroy();
    };
    const weigh = (chunk: Uint8Array) => {
      if ((received += chunk.byteLength) > maxBytes) abandon(tooMuch());
    };
    // The server has the same limit, and one more second to report it.
    const timer = setTimeout(() => abandon(tooLate()), timeoutMs + 1_000);
    client.query({
      submit: (connection: Connection) => {
        stream = connection.stream.on('data', weigh);
        connection.query(statements.map(({ sql }) => sql).join(';\n'));
      },
      handleRowDescription: ignore,
      // An error thrown here would be uncaught, because pg calls this in an event handler of the socket.
      handleDataRow: ({ fields }: { readonly fields: readonly (string | null)[] }) => {
        if ((rows += 1) > maxRows) return abandon(tooMuch());
        try {
          if (isWhole(fields)) statements[current]?.row?.(fields);
          else abandon(notAsked());
        } catch (error) {
          abandon(notAsked(error));
        }
      },
      handleCommandComplete: () => void current++,
      handleEmptyQuery: ignore,
      handlePortalSuspended: ignore,
      handleCopyInResponse: () => abandon(notAsked()),
      handleCopyData: () => abandon(notAsked()),
      handleReadyForQuery: () => {
        if (current < statements.length) return abandon(notAsked());
        land();
        resolve();
      },
      handleError: fail,
    });
  });

const isWhole = (fields: readonly (string | null)[]): fields is readonly string[] => !fields.includes(null);

const ignore = () => {};

const tooLate = () => new Problem('timeout', 'The catalog did not arrive within the query timeout');

const tooMuch = () =>
  tooLarge(
    `The catalog is larger than ${maxBytes >> 20} MB or ${maxRows} rows`,
    'Name the schemas that are needed in config.schemas.',
  );

const notAsked = (cause?: unknown) =>
  new Problem('protocol-mismatch', 'Expected the rows of each statement, in order', { cause });
