import type { Connection } from 'oracledb';
import type { Dialer } from '../../network/dialer.ts';
import { Problem } from '../../problem.ts';
import type { Session } from '../connector.ts';
import type { OracleQuery, OracleRowReader, OracleRow, OracleQueryRunner } from './queries.ts';
import { findOracleSocketProblem } from './guard.ts';
import { destroyOracleTransport, logInToOracle } from './log-in.ts';
import { oracleBeginStatement } from './session-state.ts';
import { openOracleTransport } from './transport.ts';
import type { OracleTransport } from './transport.ts';
import { classifyOracleError, oracleTimeoutRemediation } from './failures.ts';
import type { OracleTarget } from './config.ts';

export const openOracleSession = async (
  { config, credentials, options, role }: OracleTarget,
  dialer: Dialer,
): Promise<Session> => {
  await import('oracledb'); // before the first step, whose duration must not include the load time
  const first = await openOracleTransport(config, dialer);
  const { connection, transport } = await dialer.step('authenticate', () =>
    logInToOracle(first, config, credentials.password ?? '', dialer),
  );
  const timeoutMs = Math.round(options.query_timeout_seconds * 1000);
  connection.callTimeout = timeoutMs;
  const runBounded = <T>(maxBytes: number, work: () => Promise<T>) =>
    withOracleTimeout({ transport, timeoutMs, maxBytes }, work);
  /** Gives several queries one consistent view of the dictionary. After a failure the transaction stays open, so the session must be closed. */
  const runReadOnly = async <T>(
    maxBytes: number,
    work: (read: OracleRowReader) => Promise<T>,
  ): Promise<T> => {
    await runBounded(MAX_ORACLE_ANSWER_BYTES, () => connection.execute(oracleBeginStatement));
    const result = await work((query, row) =>
      runBounded(maxBytes, () => readOracleRows(connection, query, row)),
    );
    await runBounded(MAX_ORACLE_ANSWER_BYTES, () => connection.rollback());
    return result;
  };
  return {
    ping: async () => {
      await runBounded(MAX_ORACLE_ANSWER_BYTES, () => connection.ping());
      return `Oracle Database ${/^[\d.]{1,40}/.exec(connection.oracleServerVersionString)?.[0] ?? 'of unknown version'}`;
    },
    privileges: async () => {
      const { readOraclePrivileges } = await import('./privileges.ts');
      const { username, schemas } = config;
      return runReadOnly(MAX_ORACLE_ANSWER_BYTES, (read) =>
        readOraclePrivileges(createOracleQueryRunner(read), { username, schemas, role }),
      );
    },
    introspect: async (scope, sink) => {
      const { introspectOracle } = await import('./introspect.ts');
      return runReadOnly(MAX_ORACLE_CATALOG_BYTES, (read) =>
        introspectOracle(read, scope, sink, config.username),
      );
    },
    [Symbol.asyncDispose]: async () => {
      await connection.close({ drop: true }).catch(() => {});
    },
  };
};

const MAX_ORACLE_ANSWER_BYTES = 8 * 2 ** 20;
/** The columns of 100 000 tables take half of this. */
const MAX_ORACLE_CATALOG_BYTES = 512 * 2 ** 20;

interface OracleCallBounds {
  readonly transport: OracleTransport;
  readonly timeoutMs: number;
  readonly maxBytes: number;
}

/** The driver has the same limit, but then waits without a limit until the server confirms the cancellation. */
const withOracleTimeout = async <T>(
  { transport, timeoutMs, maxBytes }: OracleCallBounds,
  work: () => Promise<T>,
): Promise<T> => {
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    destroyOracleTransport(transport);
  }, timeoutMs + 1000);
  transport.allow(maxBytes);
  try {
    return await work();
  } catch (error) {
    throw isLate
      ? new Problem('timeout', undefined, { cause: error, remediation: oracleTimeoutRemediation })
      : (findOracleSocketProblem(transport.socket) ?? error);
  } finally {
    clearTimeout(timer);
  }
};

const ORACLE_ROWS_PER_FETCH = 2000;

const readOracleRows = async (
  connection: Connection,
  { sql, binds = {} }: OracleQuery,
  onRow: (row: OracleRow) => void,
) => {
  const { resultSet } = await connection.execute(sql, binds, {
    resultSet: true,
    fetchArraySize: ORACLE_ROWS_PER_FETCH,
    prefetchRows: ORACLE_ROWS_PER_FETCH,
    outFormat: 4001, // OUT_FORMAT_ARRAY
  });
  for (;;) {
    const rows = await resultSet.getRows(ORACLE_ROWS_PER_FETCH);
    if (rows.length === 0) break; // a batch that is not full need not be the last
    for (const row of rows) onRow(row);
  }
  await resultSet.close();
};

/** Keeps all rows: for short answers. */
const createOracleQueryRunner =
  (read: OracleRowReader): OracleQueryRunner =>
  async (query) => {
    const rows: OracleRow[] = [];
    await read(query, (row) => void rows.push(row));
    return rows;
  };

export const oracleSessionModule = { open: openOracleSession, failure: classifyOracleError };
