import type { Client, ClientConfig } from 'pg';
import type { Socket } from 'node:net';
import type { Dialer } from '../../network/dialer.ts';
import { Problem } from '../../problem.ts';
import type { Session, Target } from '../connector.ts';
import { seenAtLogin } from './failures.ts';
import { guard } from './guard.ts';
import { loginFor } from './logins.ts';
import type { PostgresLogins } from './logins.ts';
import { privilegeQueries } from './privilege-queries.ts';
import { privilegesOf } from './privileges.ts';
import { requestTls } from './request-tls.ts';
import { beginReading as beginReadingRedshift } from '../redshift/session-state.ts';
import { beginReading, questionSettings } from './session-state.ts';

export type Flavor = 'postgresql' | 'redshift';

/** What both connectors' schemas have in common. */
export interface Settings {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly username: string;
  readonly schemas?: readonly string[] | undefined;
}
type Secrets = Readonly<
  Partial<Record<'password' | 'access_key_id' | 'secret_access_key' | 'session_token' | 'region', string>>
>;

export type PostgresTarget = Target<Settings, Secrets>;

export { failure } from './failures.ts';

export const open = (target: PostgresTarget, dialer: Dialer): Promise<Session> => openSession(target, dialer);

export interface Login {
  readonly username: string;
  readonly password: string;
}

interface Way {
  readonly flavor?: Flavor;
  readonly logins?: PostgresLogins;
  /** Finds out who to log in as, and does it. */
  readonly become?: <T>(encrypted: boolean, logInAs: (login: Login) => Promise<T>) => Promise<T>;
}

export const openSession = async (
  { config, credentials, options, role, hide }: PostgresTarget,
  dialer: Dialer,
  { flavor = 'postgresql', logins, become }: Way = {},
): Promise<Session> => {
  await import('pg'); // before any step: it takes long enough for a network to seem slow
  const socket = await dialer.tls(await dialer.tcp(config), config, requestTls);
  const { client, allow } = await dialer.step('authenticate', () =>
    become
      ? become('encrypted' in socket, ({ username, password }) =>
          logIn(
            socket,
            { ...config, username },
            { auth_method: 'password', password },
            { dialer, logins, hide },
          ),
        )
      : logIn(socket, config, credentials, { dialer, logins, hide }),
  );
  const limit = Math.round(options.query_timeout_seconds * 1000);

  /** One flight: poolers refuse the limit at login, and a session of theirs is ours for a transaction only. */
  const flight = async (...statements: readonly string[]): Promise<readonly Rows[]> => {
    const time = Math.min(limit, longestFlight);
    const opening = flavor === 'redshift' ? beginReadingRedshift(time) : beginReading(time, questionSettings);
    allow(mostPerFlight);
    try {
      const results = await client.query([...opening, ...statements, 'commit'].join(';\n'));
      return rowsOf(results, flavor).slice(opening.length, -1);
    } catch (error) {
      await client.query('rollback').catch(() => {}); // the first error is the one to tell
      throw error;
    }
  };

  return {
    ping: async () => {
      const [rows] = await flight(flavor === 'redshift' ? 'select version()' : 'show server_version');
      const [version] = Object.values(rows?.[0] ?? {});
      if (typeof version !== 'string')
        throw new Problem('protocol-mismatch', 'Expected the version of the server');
      return versionIn(version, flavor);
    },
    privileges: async () => {
      const asking = {
        schemas: config.schemas,
        role,
        flavor,
        literal: (text: string) => client.escapeLiteral(text),
      };
      const [[account, ...roles] = [], schemas = []] = await flight(...privilegeQueries(asking));
      return privilegesOf({ ...account, member_of: roles.map(({ name }) => name) }, schemas, asking);
    },
    introspect: async (scope, sink) => {
      const { introspect } =
        flavor === 'redshift' ? await import('../redshift/introspect.ts') : await import('./introspect.ts');
      allow(Infinity); // it has bounds of its own
      return introspect(client, scope, sink, { queryTimeoutMs: limit });
    },
    [Symbol.asyncDispose]: () => close(client, socket),
  };
};

/** What a ping or a look at privileges may take of the server's time and of our memory. */
const longestFlight = 10_000;
const mostPerFlight = 8 * 2 ** 20;

interface LoginOptions {
  readonly hide: PostgresTarget['hide'];
  readonly dialer: Dialer;
  readonly logins: PostgresLogins | undefined;
}

type Rows = readonly Readonly<Record<string, unknown>>[];

const logIn = async (
  socket: Socket,
  config: Settings,
  credentials: PostgresTarget['credentials'],
  { dialer, logins, hide }: LoginOptions,
) => {
  const { Client } = (await import('pg')).default;
  const encrypted = 'encrypted' in socket;
  const { allow } = guard(socket, (asked) =>
    dialer.permitLogin(loginFor(asked, credentials, logins), { encrypted }),
  );
  let passwordAsked = false;
  const client = new Client({
    user: config.username,
    database: config.database,
    host: config.host,
    port: config.port,
    application_name: 'mooring',
    ssl: false, // is done already
    // A function keeps the driver from looking for passwords of its own, in the environment and in ~/.pgpass.
    password: async () => {
      passwordAsked = true;
      const password = await passwordOf(credentials, config);
      hide?.([password]);
      return password;
    },
    stream: () => connected(socket),
  } satisfies ClientConfig);
  // Said by a query that waits for it or by connect(); without a listener it would end the process.
  client.on('error', () => {});
  // And no startup parameters out of the environment (PGOPTIONS and its like), which poolers refuse.
  Object.assign(client, {
    getStartupConf: () => ({ user: config.username, database: config.database, application_name: 'mooring' }),
  });
  try {
    await client.connect();
  } catch (error) {
    await close(client, socket);
    throw seenAtLogin(error, { encrypted, passwordAsked, token: credentials.auth_method === 'iam' });
  }
  return { client, allow };
};

/** Asked for only when the server wants one. */
const passwordOf = async (credentials: PostgresTarget['credentials'], config: Settings): Promise<string> => {
  if (credentials.auth_method === 'iam')
    return (await import('./iam-token.ts')).iamToken(credentials, config);
  if (credentials.password) return credentials.password;
  throw new Problem('authentication-failed', undefined, {
    remediation:
      'The server asks this account for a password: send one, or have pg_hba.conf take the certificate alone.',
  });
};

/** The driver wants to connect by itself; it is told that it has. */
const connected = (socket: Socket): Socket =>
  Object.assign(socket, {
    connect: () => {
      process.nextTick(() => {
        socket.emit('connect');
        socket.resume(); // after its listeners are there
      });
      return socket;
    },
  });

/** A server that does not hang up when it is told goodbye is left. */
const close = async (client: Client, socket: Socket) => {
  if (!socket.destroyed) {
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    const patience = setTimeout(() => socket.destroy(), 200);
    void client.end().catch(() => {});
    await closed;
    clearTimeout(patience);
  }
};

/** The driver answers a flight with a result for each statement; its types know of one. */
const rowsOf = (results: unknown, flavor: Flavor): readonly Rows[] =>
  (Array.isArray(results) ? results : []).map(({ rows }: { readonly rows: Rows }) =>
    flavor === 'redshift' ? rows.map(withLowerNames) : rows,
  );

/** `describe_field_name_in_uppercase` has Redshift name columns otherwise than they were asked for. */
const withLowerNames = (row: Rows[number]): Rows[number] =>
  Object.fromEntries(Object.entries(row).map(([name, value]) => [name.toLowerCase(), value]));

/** `16.4 (Debian 16.4-1.pgdg120+2)` → `PostgreSQL 16.4`; Redshift calls itself PostgreSQL 8.0.2 first. */
const versionIn = (text: string, flavor: Flavor) =>
  flavor === 'redshift'
    ? `Redshift ${/Redshift ([\d.]{1,40})/.exec(text)?.[1] ?? 'of unknown version'}`
    : `PostgreSQL ${/^[\w.+-]{1,40}/.exec(text)?.[0] ?? 'of unknown version'}`;
