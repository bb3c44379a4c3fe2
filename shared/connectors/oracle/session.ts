import type { Connection } from 'oracledb';
import type { Dialer } from '../../network/dialer.ts';
import { Problem } from '../../problem.ts';
import type { Session, Target } from '../connector.ts';
import type { Query, Read, Row, Run } from './queries.ts';
import { faultOf } from './guard.ts';
import { hangUp, logIn } from './log-in.ts';
import { beginReading } from './session-state.ts';
import { reach } from './transport.ts';
import type { Way } from './transport.ts';
import { failure } from './failures.ts';

export interface Settings {
  readonly host: string;
  readonly port: number;
  readonly service_name?: string | undefined;
  readonly sid?: string | undefined;
  readonly username: string;
  readonly schemas?: readonly string[] | undefined;
}
type OracleTarget = Target<Settings, Readonly<Partial<Record<'password', string>>>>;

export const open = async (
  { config, credentials, options, role }: OracleTarget,
  dialer: Dialer,
): Promise<Session> => {
  await import('oracledb'); // before the first step, whose duration must not include the load time
  const first = await reach(config, dialer);
  const { connection, way } = await dialer.step('authenticate', () =>
    logIn(first, config, credentials.password ?? '', dialer),
  );
  const limit = Math.round(options.query_timeout_seconds * 1000);
  connection.callTimeout = limit;
  const bounded = <T>(most: number, work: () => Promise<T>) => within({ way, limit, most }, work);
  /** Gives several queries one consistent view of the dictionary. After a failure the transaction stays open, so the session must be closed. */
  const readOnly = async <T>(most: number, work: (read: Read) => Promise<T>): Promise<T> => {
    await bounded(mostPerAnswer, () => connection.execute(beginReading));
    const result = await work((query, row) => bounded(most, () => readRows(connection, query, row)));
    await bounded(mostPerAnswer, () => connection.rollback());
    return result;
  };
  return {
    ping: async () => {
      await bounded(mostPerAnswer, () => connection.ping());
      return `Oracle Database ${/^[\d.]{1,40}/.exec(connection.oracleServerVersionString)?.[0] ?? 'of unknown version'}`;
    },
    privileges: async () => {
      const { privileges } = await import('./privileges.ts');
      const { username, schemas } = config;
      return readOnly(mostPerAnswer, (read) => privileges(keeping(read), { username, schemas, role }));
    },
    introspect: async (scope, sink) => {
      const { introspect } = await import('./introspect.ts');
      return readOnly(mostPerCatalog, (read) => introspect(read, scope, sink, config.username));
    },
    [Symbol.asyncDispose]: async () => {
      await connection.close({ drop: true }).catch(() => {});
    },
  };
};

const mostPerAnswer = 8 * 2 ** 20;
/** The columns of 100 000 tables take half of this. */
const mostPerCatalog = 512 * 2 ** 20;

interface Bounds {
  readonly way: Way;
  readonly limit: number;
  readonly most: number;
}

/** The driver has the same limit, but then waits without a limit until the server confirms the cancellation. */
const within = async <T>({ way, limit, most }: Bounds, work: () => Promise<T>): Promise<T> => {
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    hangUp(way);
  }, limit + 1000);
  way.allow(most);
  try {
    return await work();
  } catch (error) {
    throw late ? new Problem('timeout', undefined, { cause: error }) : (faultOf(way.socket) ?? error);
  } finally {
    clearTimeout(timer);
  }
};

const perFetch = 2000;

const readRows = async (connection: Connection, { sql, binds = {} }: Query, take: (row: Row) => void) => {
  const { resultSet } = await connection.execute(sql, binds, {
    resultSet: true,
    fetchArraySize: perFetch,
    prefetchRows: perFetch,
    outFormat: 4001, // OUT_FORMAT_ARRAY
  });
  for (;;) {
    const some = await resultSet.getRows(perFetch);
    if (some.length === 0) break; // a batch that is not full need not be the last
    for (const row of some) take(row);
  }
  await resultSet.close();
};

/** Keeps all rows: for short answers. */
const keeping =
  (read: Read): Run =>
  async (query) => {
    const rows: Row[] = [];
    await read(query, (row) => void rows.push(row));
    return rows;
  };

export const oracleSessionModule = { open, failure };
