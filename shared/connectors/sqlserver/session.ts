import type { Connection as DriverConnection, ConnectionConfiguration } from 'tedious';
import type { Dialer } from '../../network/dialer.ts';
import { Problem } from '../../problem.ts';
import type { Session, Target } from '../connector.ts';
import { createBatch, problemIn, rowsOf, type Batch } from './batch.ts';
import { withNumbers, failure } from './failures.ts';
import { packetSize } from './prelogin.ts';
import { placeOf, reach, type Way } from './reach.ts';
import { settle } from './session-state.ts';

export interface Settings {
  readonly host: string;
  readonly port?: number | undefined;
  readonly instance?: string | undefined;
  readonly database: string;
  readonly username: string;
}
type Secrets = Readonly<Partial<Record<'password' | 'tenant_id' | 'client_id' | 'client_secret', string>>>;
type SqlServerTarget = Target<Settings, Secrets>;

export const open = async (
  { config, credentials, options, role, hide }: SqlServerTarget,
  dialer: Dialer,
): Promise<Session> => {
  await import('tedious'); // before the first step, whose duration must not include the load time
  const fedAuth = credentials.auth_method === 'entra';
  const way = await reach(await placeOf(config, dialer), dialer, fedAuth);
  const token = fedAuth
    ? await dialer.step('authenticate', async () =>
        (await import('./entra.ts')).entraToken(credentials, dialer),
      )
    : undefined;
  if (token !== undefined) hide?.([token]);
  const timeout = Math.round(options.query_timeout_seconds * 1000);
  const { batch, close } = await dialer.step('authenticate', () =>
    logIn(way, { config, credentials, token, timeout }, dialer),
  );
  return {
    ping: async () => {
      const [[row] = []] = await rowsOf(batch, versionQuery, mostPerAnswer);
      return versionIn(String(row?.[0]), Number(row?.[1]));
    },
    privileges: async () => {
      const { privilegesOf, privilegesQuery } = await import('./privileges.ts');
      return privilegesOf(await rowsOf(batch, privilegesQuery, mostPerAnswer), role);
    },
    introspect: async (...asked) => {
      const { introspect } = await import('./introspect.ts');
      return introspect(batch, ...asked);
    },
    [Symbol.asyncDispose]: async () => close(),
  };
};

const mostPerAnswer = 8 * 2 ** 20;

const versionQuery = `select cast(serverproperty('ProductVersion') as nvarchar(128)) as version,
  cast(serverproperty('EngineEdition') as int) as edition`;

/** Names a version by its year, as Microsoft does. Azure's version number has not changed since 2014, so its edition is returned instead. */
const versionIn = (version: string, edition: number): string => {
  if (!/^\d{1,4}(\.\d{1,10}){0,3}$/.test(version))
    throw new Problem('protocol-mismatch', 'Expected the version of the server');
  const azure = azureEditions.get(edition);
  if (azure !== undefined) return azure;
  const major = Number.parseInt(version, 10);
  const year = years.get(major) ?? (major > 17 ? 'after 2025' : 'before 2008');
  return year.startsWith('before')
    ? `SQL Server 2005 or older (${version})`
    : `SQL Server ${year} (${version})`;
};

/** https://learn.microsoft.com/troubleshoot/sql/releases/download-and-install-latest-updates */
const years: ReadonlyMap<number, string> = new Map([
  [10, '2008'],
  [11, '2012'],
  [12, '2014'],
  [13, '2016'],
  [14, '2017'],
  [15, '2019'],
  [16, '2022'],
  [17, '2025'],
]);

/** https://learn.microsoft.com/sql/t-sql/functions/serverproperty-transact-sql */
const azureEditions: ReadonlyMap<number, string> = new Map([
  [5, 'Azure SQL Database'],
  [6, 'Azure Synapse Analytics'],
  [8, 'Azure SQL Managed Instance'],
  [9, 'Azure SQL Edge'],
  [11, 'Azure Synapse serverless'],
  [12, 'Microsoft Fabric'],
]);

interface Login {
  readonly config: Settings;
  readonly credentials: SqlServerTarget['credentials'];
  readonly token: string | undefined;
  readonly timeout: number;
}

/** Redirects to another server. The egress policy applies to each one. */
const mostRoutings = 2;

const logIn = async (
  first: Way,
  { config, credentials, token, timeout }: Login,
  dialer: Dialer,
): Promise<{ readonly batch: Batch; readonly close: () => void }> => {
  const { Connection, Request } = (await import('tedious')).default;
  let way = first;
  let dialled = 0;
  // The driver calls this with an address, and again for each redirect. Its types do not declare the argument.
  const connector = async (...[to]: readonly { readonly host: string; readonly port: number }[]) => {
    if (dialled++ === 0) return way.socket;
    if (!to || dialled > mostRoutings + 1)
      throw new Problem('protocol-mismatch', 'Expected a server, not one that sends on again and again');
    way = await reach(to, dialer, token !== undefined);
    return way.socket;
  };
  const connection = new Connection({
    server: config.host,
    authentication:
      token === undefined
        ? { type: 'default', options: { userName: config.username, password: credentials.password } }
        : { type: 'azure-active-directory-access-token', options: { token } },
    options: {
      database: config.database,
      connector,
      encrypt: false, // the socket has TLS already, if the connection requires it
      packetSize,
      ...(first.strict && { tdsVersion: '8_0' }),
      appName: 'mooring',
      workstationId: 'mooring', // the default is the host name of the probe
      maxRetriesOnTransientErrors: 0,
      connectTimeout: 300_000, // the limit of the step is lower
      requestTimeout: timeout,
      cancelTimeout: 500,
      useColumnNames: false,
      rowCollectionOnRequestCompletion: false,
    },
  } satisfies ConnectionConfiguration);
  // PRELOGIN is done, so the driver gets its result and sends none. Its first batch after the login applies the session settings.
  Object.assign(connection, {
    getInitialSql: () => settle,
    sendPreLogin: () => {},
    readPreloginResponse: async () => ({
      encryptionString: 'NOT_SUP',
      fedAuthRequired: way.greeting.fedAuthRequired ? 1 : 0,
    }),
  });
  const numbers: number[] = [];
  connection.on('errorMessage', ({ number }) => void numbers.push(number));
  connection.on('error', () => {}); // reported by the pending request; without a listener it would end the process

  // The driver does not notice a destroyed socket, and would wait for its own time-out.
  const giveUp = () => connection.close();
  dialer.signal.addEventListener('abort', giveUp, { once: true });
  try {
    await connected(connection);
  } catch (error) {
    connection.close();
    throw problemIn(error) ?? withNumbers(error, numbers);
  }
  const close = () => {
    dialer.signal.removeEventListener('abort', giveUp);
    connection.close();
    way.socket.destroy();
  };
  return { batch: createBatch(connection, Request, (bytes) => way.allow(bytes)), close };
};

const connected = (connection: DriverConnection): Promise<void> =>
  new Promise((resolve, reject) => {
    connection.connect((error) => (error ? reject(error) : resolve()));
  });

export const sqlserverSessionModule = { open, failure };
