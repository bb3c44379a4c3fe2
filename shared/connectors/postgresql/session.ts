import type { Client, ClientConfig } from 'pg';
import type { Socket } from 'node:net';
import type { Dialer } from '../../network/dialer.ts';
import { Problem } from '../../problem.ts';
import type { Session, Target } from '../connector.ts';
import { seenAtLogin, failure } from './failures.ts';
import { guard } from './guard.ts';
import { loginFor } from './logins.ts';
import type { PostgresLogins } from './logins.ts';
import { privilegeQueries } from './privilege-queries.ts';
import { privilegesOf } from './privileges.ts';
import { requestTls } from './request-tls.ts';
import { beginReading as beginReadingRedshift } from '../redshift/session-state.ts';
import { beginReading, questionSettings } from './session-state.ts';

export type Flavor = 'postgresql' | 'redshift';

/** The config fields that PostgreSQL and Redshift share. */
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

export const open = (target: PostgresTarget, dialer: Dialer): Promise<Session> => openSession(target, dialer);

export interface Login {
  readonly username: string;
  readonly password: string;
}

interface Way {
  readonly flavor?: Flavor;
  readonly logins?: PostgresLogins;
  /** Resolves the login to use, and passes it to `logInAs`. */
  readonly become?: <T>(encrypted: boolean, logInAs: (login: Login) => Promise<T>) => Promise<T>;
}

export const openSession = async (
  { config, credentials, options, role, hide }: PostgresTarget,
  dialer: Dialer,
  { flavor = 'postgresql', logins, become }: Way = {},
): Promise<Session> => {
  await import('pg'); // before any step, because loading would count as network time
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

  /** Runs one batch per question: poolers refuse a statement timeout at login, and assign a server session only for one transaction. */
  const flight = async (...statements: readonly string[]): Promise<readonly Rows[]> => {
    const time = Math.min(limit, longestFlight);
    const opening = flavor === 'redshift' ? beginReadingRedshift(time) : beginReading(time, questionSettings);
    allow(mostPerFlight);
    try {
      const results = await client.query([...opening, ...statements, 'commit'].join(';\n'));
      return rowsOf(results, flavor).slice(opening.length, -1);
    } catch (error) {
      await client.query('rollback').catch(() => {}); // the first error is the one to report
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
      allow(Infinity); // introspection has its own limits
      return introspect(client, scope, sink, { queryTimeoutMs: limit });
    },
    [Symbol.asyncDispose]: () => close(client, socket),
  };
};

/** Limits of a ping or of reading privileges: time on the server, and bytes that it may send. */
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
    ssl: false, // the dialer has already upgraded the socket
    // A function prevents the driver from reading passwords from the environment and ~/.pgpass.
    password: async () => {
      passwordAsked = true;
      const password = await passwordOf(credentials, config);
      hide?.([password]);
      return password;
    },
    stream: () => connected(socket),
  } satisfies ClientConfig);
  // The pending query or connect() reports the error; without a listener it would crash the process.
  client.on('error', () => {});
  // Prevents startup parameters from the environment, such as PGOPTIONS, which poolers refuse.
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

/** Called only if the server requests a password. */
const passwordOf = async (credentials: PostgresTarget['credentials'], config: Settings): Promise<string> => {
  if (credentials.auth_method === 'iam')
    return (await import('./iam-token.ts')).iamToken(credentials, config);
  if (credentials.password) return credentials.password;
  throw new Problem('authentication-failed', undefined, {
    remediation:
      'The server asks this account for a password: send one, or have pg_hba.conf take the certificate alone.',
  });
};

/** The driver calls connect() itself, so the open socket gets a connect() that only emits the event. */
const connected = (socket: Socket): Socket =>
  Object.assign(socket, {
    connect: () => {
      process.nextTick(() => {
        socket.emit('connect');
        socket.resume(); // after the driver has added its listeners
      });
      return socket;
    },
  });

/** Destroys the socket if the server does not close it within 200 ms after the termination message. */
const close = async (client: Client, socket: Socket) => {
  if (!socket.destroyed) {
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    const patience = setTimeout(() => socket.destroy(), 200);
    void client.end().catch(() => {});
    await closed;
    clearTimeout(patience);
  }
};

/** The driver returns one result for each statement of a batch; its types declare a single result. */
const rowsOf = (results: unknown, flavor: Flavor): readonly Rows[] =>
  (Array.isArray(results) ? results : []).map(({ rows }: { readonly rows: Rows }) =>
    flavor === 'redshift' ? rows.map(withLowerNames) : rows,
  );

/** With `describe_field_name_in_uppercase`, Redshift returns column names in upper case. */
const withLowerNames = (row: Rows[number]): Rows[number] =>
  Object.fromEntries(Object.entries(row).map(([name, value]) => [name.toLowerCase(), value]));

/** `16.4 (Debian 16.4-1.pgdg120+2)` → `PostgreSQL 16.4`. The text of Redshift starts with PostgreSQL 8.0.2. */
const versionIn = (text: string, flavor: Flavor) =>
  flavor === 'redshift'
    ? `Redshift ${/Redshift ([\d.]{1,40})/.exec(text)?.[1] ?? 'of unknown version'}`
    : `PostgreSQL ${/^[\w.+-]{1,40}/.exec(text)?.[0] ?? 'of unknown version'}`;

export const postgresqlSessionModule = { open, failure };
