import type { Client, Connection } from 'pg';
import { tooLarge } from '../../network/budget.ts';
import { Problem } from '../../problem.ts';

/** One statement of a flight. Its rows come as text, as they arrive; no column of it may be null. */
export interface Statement {
  readonly sql: string;
  readonly row?: (fields: readonly string[]) => void;
}

/** Runs statements in one transaction and one flight, within bounds that hold whatever the server does. */
export const transact = async (
  client: Client,
  opening: readonly string[],
  statements: readonly Statement[],
  timeoutMs: number,
): Promise<void> => {
  try {
    await fly(client, [...opening.map((sql) => ({ sql })), ...statements, { sql: 'commit' }], timeoutMs);
  } catch (error) {
    // For a pooler's sake, and whoever asks again; the failure that counts is the first.
    await fly(client, [{ sql: 'rollback' }], patienceMs).catch(() => undefined);
    throw error;
  }
};

/** A server that does not even end its transaction is left. */
const patienceMs = 1000;

/** What may come over the wire in one flight: some 250 000 tables, and what a hostile server gets to send. */
const maxBytes = 256 << 20;
/** The same in rows: of each table there are six sets at most, and a row that is kept takes far more than its bytes. */
const maxRows = 1_500_000;

/**
 * Runs all statements as one simple query: one round trip, nothing prepared, so that poolers let it pass, and no row kept
 * here. The submittable's methods are those that `pg` calls: https://github.com/brianc/node-postgres/blob/master/packages/pg-cursor/index.js
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
      if (abandoned) return; // what was sent before still comes
      abandoned = true;
      fail(error);
      client.on('error', ignore);
      stream?.destroy();
    };
    const weigh = (chunk: Uint8Array) => {
      if ((received += chunk.byteLength) > maxBytes) abandon(tooMuch());
    };
    // The server has the same limit, and a second to say so itself.
    const timer = setTimeout(() => abandon(tooLate()), timeoutMs + 1_000);
    client.query({
      submit: (connection: Connection) => {
        stream = connection.stream.on('data', weigh);
        connection.query(statements.map(({ sql }) => sql).join(';\n'));
      },
      handleRowDescription: ignore,
      // A throw in here would be nobody's: pg calls from the socket's own event.
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
