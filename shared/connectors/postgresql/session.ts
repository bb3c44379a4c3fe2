import type { Client, ClientConfig } from 'pg';
import type { Socket } from 'node:net';
import type { Dialer } from '../../network/dialer.ts';
import { Problem } from '../../problem.ts';
import type { Session } from '../connector.ts';
import { classifyPostgresqlError } from './failures.ts';
import { addPostgresqlLoginProgress } from './login-failures.ts';
import { guardPostgresqlSocket } from './guard.ts';
import { resolvePostgresqlLogin } from './logins.ts';
import type { PostgresqlLogins } from './logins.ts';
import type { introspectPostgresql } from './introspect.ts';
import { buildPrivilegeQueries } from './privilege-queries.ts';
import { readPostgresqlPrivileges } from './privileges.ts';
import { requestPostgresqlTls } from './request-tls.ts';
import { buildPostgresqlBegin, postgresqlQuestionSettings } from './session-state.ts';
import type { PostgresqlTarget } from './config.ts';

/** How a server that speaks PostgreSQL's protocol differs from PostgreSQL. */
export interface ProtocolFlavor {
  readonly name: 'postgresql' | 'redshift';
  /** The statements that begin a transaction of at most so many milliseconds. */
  readonly buildBegin: (timeoutMs: number) => readonly string[];
  readonly versionQuery: string;
  readonly renderVersion: (text: string) => string;
  readonly loadIntrospect: () => Promise<typeof introspectPostgresql>;
  readonly mapRow?: (row: PostgresqlRow) => PostgresqlRow;
}

const postgresqlFlavor: ProtocolFlavor = {
  name: 'postgresql',
  buildBegin: (timeoutMs) => buildPostgresqlBegin(timeoutMs, postgresqlQuestionSettings),
  versionQuery: 'show server_version',
  renderVersion: (text) => `PostgreSQL ${/^[\w.+-]{1,40}/.exec(text)?.[0] ?? 'of unknown version'}`,
  loadIntrospect: async () => (await import('./introspect.ts')).introspectPostgresql,
};

export const openPostgresqlSession = (target: PostgresqlTarget, dialer: Dialer): Promise<Session> =>
  openProtocolSession(target, dialer);

export interface PostgresqlPasswordLogin {
  readonly username: string;
  readonly password: string;
}

interface PostgresqlSessionOptions {
  readonly flavor?: ProtocolFlavor;
  readonly logins?: PostgresqlLogins;
  /** Resolves the login to use, and passes it to `logInAs`. */
  readonly resolveLogin?: <T>(
    encrypted: boolean,
    logInAs: (login: PostgresqlPasswordLogin) => Promise<T>,
  ) => Promise<T>;
}

export const openProtocolSession = async (
  { config, credentials, options, role, hide }: PostgresqlTarget,
  dialer: Dialer,
  { flavor = postgresqlFlavor, logins, resolveLogin }: PostgresqlSessionOptions = {},
): Promise<Session> => {
  await import('pg'); // before any step, because loading would count as network time
  const socket = await dialer.tls(await dialer.tcp(config), config, requestPostgresqlTls);
  const { client, allow } = await dialer.step('authenticate', () =>
    resolveLogin
      ? resolveLogin('encrypted' in socket, ({ username, password }) =>
          logInToPostgresql(
            socket,
            { ...config, username },
            { auth_method: 'password', password },
            { dialer, logins, hide },
          ),
        )
      : logInToPostgresql(socket, config, credentials, { dialer, logins, hide }),
  );
  const limit = Math.round(options.query_timeout_seconds * 1000);

  /** Runs one batch per question: poolers refuse a statement timeout at login, and assign a server session only for one transaction. */
  const runQuestion = async (...statements: readonly string[]): Promise<readonly PostgresqlRows[]> => {
    const opening = flavor.buildBegin(Math.min(limit, MAX_QUESTION_MS));
    allow(MAX_QUESTION_BYTES);
    try {
      const results = await client.query([...opening, ...statements, 'commit'].join(';\n'));
      return readResultRows(results, flavor).slice(opening.length, -1);
    } catch (error) {
      await client.query('rollback').catch(() => {}); // the first error is the one to report
      throw error;
    }
  };

  return {
    ping: async () => {
      const [rows] = await runQuestion(flavor.versionQuery);
      const [version] = Object.values(rows?.[0] ?? {});
      if (typeof version !== 'string')
        throw new Problem('protocol-mismatch', 'Expected the version of the server');
      return flavor.renderVersion(version);
    },
    privileges: async () => {
      const input = {
        schemas: config.schemas,
        role,
        flavor: flavor.name,
        literal: (text: string) => client.escapeLiteral(text),
      };
      const [[account, ...roles] = [], schemas = []] = await runQuestion(...buildPrivilegeQueries(input));
      return readPostgresqlPrivileges(
        { ...account, member_of: roles.map(({ name }) => name) },
        schemas,
        input,
      );
    },
    introspect: async (scope, sink) => {
      const introspect = await flavor.loadIntrospect();
      allow(Infinity); // introspection has its own limits
      return introspect(client, scope, sink, { queryTimeoutMs: limit });
    },
    [Symbol.asyncDispose]: () => closePostgresqlClient(client, socket),
  };
};

/** Limits of a ping or of reading privileges: time on the server, and bytes that it may send. */
const MAX_QUESTION_MS = 10_000;
const MAX_QUESTION_BYTES = 8 * 2 ** 20;

interface PostgresqlLoginOptions {
  readonly hide: PostgresqlTarget['hide'];
  readonly dialer: Dialer;
  readonly logins: PostgresqlLogins | undefined;
}

type PostgresqlRow = Readonly<Record<string, unknown>>;
type PostgresqlRows = readonly PostgresqlRow[];

const logInToPostgresql = async (
  socket: Socket,
  config: PostgresqlTarget['config'],
  credentials: PostgresqlTarget['credentials'],
  { dialer, logins, hide }: PostgresqlLoginOptions,
) => {
  const { Client } = (await import('pg')).default;
  const encrypted = 'encrypted' in socket;
  const { allow } = guardPostgresqlSocket(socket, (asked) =>
    dialer.permitLogin(resolvePostgresqlLogin(asked, credentials, logins), { encrypted }),
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
      const password = await resolvePostgresqlPassword(credentials, config);
      hide?.([password]);
      return password;
    },
    stream: () => toConnectedSocket(socket),
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
    await closePostgresqlClient(client, socket);
    throw addPostgresqlLoginProgress(error, {
      encrypted,
      passwordAsked,
      token: credentials.auth_method === 'iam',
    });
  }
  return { client, allow };
};

/** Called only if the server requests a password. */
const resolvePostgresqlPassword = async (
  credentials: PostgresqlTarget['credentials'],
  config: PostgresqlTarget['config'],
): Promise<string> => {
  if (credentials.auth_method === 'iam')
    return (await import('./iam-token.ts')).createRdsIamToken(credentials, config);
  if (credentials.password) return credentials.password;
  throw new Problem('authentication-failed', undefined, {
    remediation:
      'The server asks for the password of this account. Send a password, or configure pg_hba.conf to accept the client certificate alone.',
  });
};

/** The driver calls connect() itself, so the open socket gets a connect() that only emits the event. */
const toConnectedSocket = (socket: Socket): Socket =>
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
const closePostgresqlClient = async (client: Client, socket: Socket) => {
  if (!socket.destroyed) {
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    const timer = setTimeout(() => socket.destroy(), 200);
    void client.end().catch(() => {});
    await closed;
    clearTimeout(timer);
  }
};

/** The driver returns one result for each statement of a batch; its types declare a single result. */
const readResultRows = (results: unknown, { mapRow }: ProtocolFlavor): readonly PostgresqlRows[] =>
  (Array.isArray(results) ? results : []).map(({ rows }: { readonly rows: PostgresqlRows }) =>
    mapRow ? rows.map(mapRow) : rows,
  );

export const postgresqlSessionModule = { open: openPostgresqlSession, failure: classifyPostgresqlError };
