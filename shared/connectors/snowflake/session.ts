import type { ClientRequestArgs } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Connection, ConnectionOptions } from 'snowflake-sdk';
import type { Dialer } from '../../network/dialer.ts';
import { createHttpAgent } from '../../network/http/create-http-agent.ts';
import type { LoginMethod } from '../../network/login-methods.ts';
import { Problem } from '../../problem.ts';
import type { Session, SessionTarget } from '../connector.ts';
import { toSnowflakeAccountName, toSnowflakeAddress } from './account.ts';
import type { SnowflakeAddress } from './account.ts';
import { loadSnowflakeDriver, logInToSnowflake, logOutOfSnowflake, streamSnowflakeRows } from './driver.ts';
import { toSnowflakeLogin } from './logins.ts';
import { readSnowflakePrivateKey } from './private-key.ts';
import { classifySnowflakeError } from './failures.ts';
import type { SnowflakeTarget } from './config.ts';
import type { SnowflakeContext, SnowflakeQuery } from './session-context.ts';

/**
 * Uses only sockets of the dialer. Opens the first one before the driver asks for it, so that each step is recorded by itself. Not tested
 * against Snowflake itself: refusals other than those that users report, results in parts, hybrid and shared tables, secondary roles.
 */
export const openSnowflakeSession = async (target: SnowflakeTarget, dialer: Dialer): Promise<Session> => {
  const { config, credentials, options, endpoint, role, hide } = target;
  const address = toSnowflakeAddress(config.account, endpoint);
  await using closing = new AsyncDisposableStack();
  await loadSnowflakeDriver(); // before any step: loading takes long enough to look like a slow network
  const login = toSnowflakeLogin(credentials.auth_method);
  const first = await connectSnowflakeSocket(dialer, address);
  await dialer.step('authenticate', async () =>
    dialer.permitLogin(login, { encrypted: 'encrypted' in first }),
  );
  const agents = createSnowflakeAgents(dialer, address, first, login);
  closing.defer(() => agents.destroy());
  const ask: SnowflakeQuery = (sql) => {
    const limit = { seconds: options.query_timeout_seconds, signal: dialer.signal };
    return streamSnowflakeRows(connection, sql, limit);
  };
  const connection: Connection = await dialer.step('authenticate', async () => {
    const opened = await logInToSnowflake(
      {
        ...toSnowflakeAuthentication(credentials, hide),
        ...toSnowflakeDriverSettings(config, address),
        agentClass: agents.agentFor,
      },
      dialer.signal,
    );
    closing.defer(() => logOutOfSnowflake(opened));
    return opened;
  });
  if (config.database !== undefined)
    await dialer.step('authenticate', async () => checkSnowflakeDatabase(await readSnowflakeContext(ask)));

  const open = closing.move();
  return {
    ping: async () => `Snowflake ${(await readSnowflakeContext(ask)).version}`,
    privileges: async () => {
      const { readSnowflakePrivileges } = await import('./privileges.ts');
      return readSnowflakePrivileges(ask, await readSnowflakeContext(ask), { ...config, purpose: role });
    },
    introspect: async (scope, sink) => {
      const { introspectSnowflake } = await import('./introspect.ts');
      return introspectSnowflake(ask, await readSnowflakeContext(ask), scope, sink);
    },
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
};

const connectSnowflakeSocket = async (
  dialer: Dialer,
  { host, port, secure }: SnowflakeAddress,
): Promise<Socket> => {
  if (secure && dialer.tlsSettings.mode === 'disable')
    return dialer.step('tls', () => Promise.reject(new Problem('tls-required')));
  const socket = await dialer.tcp({ host, port });
  return dialer.tls(socket, { host }, secure ? undefined : () => Promise.resolve(false));
};

type SnowflakeSocketCallback = (error: Error | null, stream: Duplex) => void;

/** Creates one agent for each protocol. The agent for the account's own protocol starts with the open socket. */
const createSnowflakeAgents = (
  dialer: Dialer,
  { host, port, secure }: SnowflakeAddress,
  first: Socket,
  login: LoginMethod,
) => {
  const agents = new Map<string, ReturnType<typeof createHttpAgent>>();
  let firstSocket: Socket | undefined = first;
  const createAgent = (protocol: string) => {
    const agent = createHttpAgent(dialer, { secure: protocol === 'https:', login, keepAlive: true });
    const dial = agent.createConnection.bind(agent);
    if ((protocol === 'https:') === secure) {
      agent.createConnection = (wanted: ClientRequestArgs, callback?: SnowflakeSocketCallback) => {
        const isSameAddress = wanted.host === host && Number(wanted.port ?? (secure ? 443 : 80)) === port;
        const socket = firstSocket;
        if (!isSameAddress || !socket || socket.destroyed) return dial(wanted, callback);
        firstSocket = undefined;
        return socket;
      };
    }
    return agent;
  };
  return {
    /** The driver calls this for every request, and replaces an agent of another protocol by its own. */
    agentFor: ({ protocol }: { readonly protocol: string }) => {
      const agent = agents.get(protocol) ?? createAgent(protocol);
      agents.set(protocol, agent);
      return agent;
    },
    destroy: () => {
      for (const agent of agents.values()) agent.destroy();
      firstSocket?.destroy();
    },
  };
};

const toSnowflakeDriverSettings = (
  config: SnowflakeTarget['config'],
  { host, port, secure }: SnowflakeAddress,
) => {
  const { warehouse, database, schema, role, username } = config;
  const name = host.includes(':') ? `[${host}]` : host;
  return {
    account: toSnowflakeAccountName(config.account),
    accessUrl: `http${secure ? 's' : ''}://${name}:${port}`,
    username,
    schema,
    ...(warehouse !== undefined && { warehouse }),
    ...(database !== undefined && { database }),
    ...(role !== undefined && { role }),
    application: 'mooring',
    timeout: 600_000, // the steps have their own limits
    sfRetryMaxLoginRetries: 0,
    clientSessionKeepAlive: false,
    clientStoreTemporaryCredential: false,
    clientRequestMFAToken: false,
    disableQueryContextCache: true,
    disableConsoleLogin: true,
  } satisfies ConnectionOptions & { readonly accessUrl: string };
};

const toSnowflakeAuthentication = (
  { auth_method, ...credentials }: SnowflakeTarget['credentials'],
  hide: SessionTarget['hide'],
): Partial<ConnectionOptions> => {
  const { password = '', private_key = '', private_key_passphrase, token = '' } = credentials;
  if (auth_method === 'key_pair') {
    const privateKey = readSnowflakePrivateKey(private_key, private_key_passphrase);
    hide?.([privateKey]);
    return { authenticator: 'SNOWFLAKE_JWT', privateKey };
  }
  if (auth_method === 'token') return { authenticator: 'PROGRAMMATIC_ACCESS_TOKEN', token };
  return { authenticator: 'SNOWFLAKE', password };
};

const readSnowflakeContext = async (ask: SnowflakeQuery): Promise<SnowflakeContext> => {
  for await (const row of ask(snowflakeContextQuery)) {
    return {
      user: row['user'] ?? '',
      role: row['role'] ?? null,
      database: row['database'] ?? null,
      warehouse: row['warehouse'] ?? null,
      version: /^[\w.+-]{1,40}/.exec(row['version'] ?? '')?.[0] ?? 'of unknown version',
      secondaryRoles: parseSecondaryRoles(row['secondary'] ?? ''),
    };
  }
  throw new Problem('protocol-mismatch', 'Expected the version of the server');
};

/** Needs no warehouse, and so costs nothing. */
const snowflakeContextQuery = `select current_user() as "user", current_role() as "role", current_database() as "database",
  current_warehouse() as "warehouse", current_version() as "version", current_secondary_roles() as "secondary"`;

/** Parses `{"roles":"ANALYST,LOADER","value":"ALL"}`. */
const parseSecondaryRoles = (text: string): readonly string[] =>
  (/"roles"\s*:\s*"([^"]*)"/.exec(text)?.[1] ?? '').split(',').filter((name) => name !== '');

const checkSnowflakeDatabase = ({ database }: SnowflakeContext) => {
  if (database !== null) return;
  throw new Problem('database-not-found', undefined, {
    remediation:
      'Check config.database: the database does not exist, or the role may not use it. To allow it, run GRANT USAGE ON DATABASE … TO ROLE …;',
  });
};

export const snowflakeSessionModule = { open: openSnowflakeSession, failure: classifySnowflakeError };
