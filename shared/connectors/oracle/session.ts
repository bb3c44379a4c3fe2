import { isIP } from 'node:net';
import type { Connection } from 'oracledb';
import type { Dialer } from '../../network/dialer.ts';
import { Problem } from '../../problem.ts';
import type { Session, Target } from '../connector.ts';
import type { Query, Row } from './queries.ts';
import { dialling, faultOf, reach, takeOver } from './transport.ts';
import type { Way } from './transport.ts';

export interface Settings {
  readonly host: string;
  readonly port: number;
  readonly service_name?: string | undefined;
  readonly sid?: string | undefined;
  readonly username: string;
  readonly schemas?: readonly string[] | undefined;
}
type OracleTarget = Target<Settings, Readonly<Partial<Record<'password', string>>>>;

export { failure } from './failures.ts';

export const open = async (
  { config, credentials, options, role }: OracleTarget,
  dialer: Dialer,
): Promise<Session> => {
  if (config.service_name === undefined && config.sid === undefined) {
    throw new Problem('database-not-found', 'Expected service_name or sid', {
      remediation: 'Name the database by config.service_name or config.sid.',
    });
  }
  const way = await reach(config, dialer);
  const connection = await dialer.step('authenticate', () =>
    logIn(way, config, credentials.password ?? '', dialer),
  );
  connection.callTimeout = Math.round(options.query_timeout_seconds * 1000);
  const run = (query: Query) => rowsOf(connection, query);
  return {
    ping: async () => {
      await connection.ping();
      return `Oracle Database ${/^[\d.]{1,40}/.exec(connection.oracleServerVersionString)?.[0] ?? 'of unknown version'}`;
    },
    privileges: async () => {
      const { privileges } = await import('./privileges.ts');
      return privileges(run, { username: config.username, schemas: config.schemas, role });
    },
    introspect: async (scope, sink) => {
      const { introspect } = await import('./introspect.ts');
      return introspect(run, scope, sink, config.username);
    },
    [Symbol.asyncDispose]: async () => {
      await connection.close({ drop: true }).catch(() => {});
    },
  };
};

/** How often a listener may send us on; each address is judged as the first was. */
const mostRedirects = 3;

const logIn = async (first: Way, config: Settings, password: string, dialer: Dialer): Promise<Connection> => {
  const oracledb = (await import('oracledb')).default;
  await takeOver();
  let way = first;
  let dialled = 0;
  let fault: unknown;
  const kept = async (work: () => Promise<Way>): Promise<Way> => {
    try {
      way = await work();
      return way;
    } catch (error) {
      fault ??= error;
      throw error;
    }
  };
  const address = first.raw.remoteAddress ?? config.host;
  const host = isIP(address) === 6 ? `[${address}]` : address; // a literal: the driver has nothing to look up
  const data =
    config.service_name === undefined ? `(SID=${config.sid ?? ''})` : `(SERVICE_NAME=${config.service_name})`;
  try {
    return await dialling.run(
      {
        next: (to) =>
          kept(async () => {
            if (dialled++ === 0) return first;
            if (dialled > mostRedirects + 1)
              throw new Problem(
                'protocol-mismatch',
                'Expected a server, not one that sends on again and again',
              );
            return reach(to, dialer);
          }),
        again: (raw) => kept(async () => ({ raw, socket: await dialer.tls(raw, config) })),
      },
      () =>
        oracledb.getConnection({
          user: config.username,
          password,
          connectString: `(DESCRIPTION=(ADDRESS=(PROTOCOL=tcp)(HOST=${host})(PORT=${config.port}))(CONNECT_DATA=${data}))`,
          program: 'mooring',
          machine: 'mooring', // else the name of this machine
          osUser: 'mooring',
          terminal: 'mooring',
          connectTimeout: 300, // the step's own limit is nearer
          transportConnectTimeout: 300,
        }),
    );
  } catch (error) {
    const ours = fault ?? faultOf(way.socket);
    way.socket.destroy();
    way.raw.destroy();
    throw ours ?? error;
  }
};

const perFetch = 2000;

const rowsOf = async (connection: Connection, { sql, binds = {} }: Query): Promise<readonly Row[]> => {
  const { resultSet } = await connection.execute(sql, binds, {
    resultSet: true,
    fetchArraySize: perFetch,
    prefetchRows: perFetch,
    outFormat: 4001, // OUT_FORMAT_ARRAY
  });
  const rows: Row[] = [];
  for (;;) {
    const some = await resultSet.getRows(perFetch);
    for (const row of some) rows.push(row);
    if (some.length < perFetch) break;
  }
  await resultSet.close();
  return rows;
};
