import type { Connection as DriverConnection, ConnectionConfiguration } from 'tedious';
import type { Dialer } from '../../network/dialer.ts';
import { Problem } from '../../problem.ts';
import type { Session } from '../connector.ts';
import {
  createSqlserverBatchRunner,
  findCausingProblem,
  readSqlserverSets,
  type SqlserverBatchRunner,
} from './batch-runner.ts';
import { attachSqlserverErrorNumbers, classifySqlserverError } from './failures.ts';
import { TDS_PACKET_BYTES } from './prelogin.ts';
import { resolveSqlserverAddress, openSqlserverTransport, type SqlserverTransport } from './transport.ts';
import { sqlserverInitialBatch } from './session-state.ts';
import type { SqlserverTarget } from './config.ts';

export const openSqlserverSession = async (
  { config, credentials, options, role, hide }: SqlserverTarget,
  dialer: Dialer,
): Promise<Session> => {
  await import('tedious'); // before the first step, whose duration must not include the load time
  const usesEntra = credentials.auth_method === 'entra';
  const transport = await openSqlserverTransport(
    await resolveSqlserverAddress(config, dialer),
    dialer,
    usesEntra,
  );
  const token = usesEntra
    ? await dialer.step('authenticate', async () =>
        (await import('./entra.ts')).requestEntraToken(credentials, dialer),
      )
    : undefined;
  if (token !== undefined) hide?.([token]);
  const timeoutMs = Math.round(options.query_timeout_seconds * 1000);
  const { batch: runBatch, close } = await dialer.step('authenticate', () =>
    logInToSqlserver(transport, { config, credentials, token, timeoutMs }, dialer),
  );
  return {
    ping: async () => {
      const [[row] = []] = await readSqlserverSets(
        runBatch,
        sqlserverVersionQuery,
        MAX_SQLSERVER_ANSWER_BYTES,
      );
      return renderSqlserverVersion(String(row?.[0]), Number(row?.[1]));
    },
    privileges: async () => {
      const { readSqlserverPrivileges, sqlserverPrivilegesQuery } = await import('./privileges.ts');
      return readSqlserverPrivileges(
        await readSqlserverSets(runBatch, sqlserverPrivilegesQuery, MAX_SQLSERVER_ANSWER_BYTES),
        role,
      );
    },
    introspect: async (...asked) => {
      const { introspectSqlserver } = await import('./introspect.ts');
      return introspectSqlserver(runBatch, ...asked);
    },
    [Symbol.asyncDispose]: async () => close(),
  };
};

const MAX_SQLSERVER_ANSWER_BYTES = 8 * 2 ** 20;

const sqlserverVersionQuery = `select cast(serverproperty('ProductVersion') as nvarchar(128)) as version,
  cast(serverproperty('EngineEdition') as int) as edition`;

/** Names a version by its year, as Microsoft does. Azure's version number has not changed since 2014, so its edition is returned instead. */
const renderSqlserverVersion = (version: string, edition: number): string => {
  if (!/^\d{1,4}(\.\d{1,10}){0,3}$/.test(version))
    throw new Problem('protocol-mismatch', 'Expected the version of the server');
  const azure = azureSqlEditions.get(edition);
  if (azure !== undefined) return azure;
  const major = Number.parseInt(version, 10);
  const year = sqlserverVersionYears.get(major) ?? (major > 17 ? 'after 2025' : 'before 2008');
  return year.startsWith('before')
    ? `SQL Server 2005 or older (${version})`
    : `SQL Server ${year} (${version})`;
};

/** https://learn.microsoft.com/troubleshoot/sql/releases/download-and-install-latest-updates */
const sqlserverVersionYears: ReadonlyMap<number, string> = new Map([
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
const azureSqlEditions: ReadonlyMap<number, string> = new Map([
  [5, 'Azure SQL Database'],
  [6, 'Azure Synapse Analytics'],
  [8, 'Azure SQL Managed Instance'],
  [9, 'Azure SQL Edge'],
  [11, 'Azure Synapse serverless'],
  [12, 'Microsoft Fabric'],
]);

interface SqlserverLogin {
  readonly config: SqlserverTarget['config'];
  readonly credentials: SqlserverTarget['credentials'];
  readonly token: string | undefined;
  readonly timeoutMs: number;
}

/** Redirects to another server. The egress policy applies to each one. */
const MAX_SQLSERVER_ROUTINGS = 2;

const logInToSqlserver = async (
  first: SqlserverTransport,
  { config, credentials, token, timeoutMs }: SqlserverLogin,
  dialer: Dialer,
): Promise<{ readonly batch: SqlserverBatchRunner; readonly close: () => void }> => {
  const { Connection, Request } = (await import('tedious')).default;
  let transport = first;
  let dials = 0;
  // The driver calls this with an address, and again for each redirect. Its types do not declare the argument.
  const connector = async (...[to]: readonly { readonly host: string; readonly port: number }[]) => {
    if (dials++ === 0) return transport.socket;
    if (!to || dials > MAX_SQLSERVER_ROUTINGS + 1)
      throw new Problem('protocol-mismatch', `Expected at most ${MAX_SQLSERVER_ROUTINGS} redirects`);
    transport = await openSqlserverTransport(to, dialer, token !== undefined);
    return transport.socket;
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
      packetSize: TDS_PACKET_BYTES,
      ...(first.strict && { tdsVersion: '8_0' }),
      appName: 'mooring',
      workstationId: 'mooring', // the default is the host name of the probe
      maxRetriesOnTransientErrors: 0,
      connectTimeout: 300_000, // the limit of the step is lower
      requestTimeout: timeoutMs,
      cancelTimeout: 500,
      useColumnNames: false,
      rowCollectionOnRequestCompletion: false,
    },
  } satisfies ConnectionConfiguration);
  // PRELOGIN is done, so the driver gets its result and sends none. Its first batch after the login applies the session settings.
  Object.assign(connection, {
    getInitialSql: () => sqlserverInitialBatch,
    sendPreLogin: () => {},
    readPreloginResponse: async () => ({
      encryptionString: 'NOT_SUP',
      fedAuthRequired: transport.prelogin.fedAuthRequired ? 1 : 0,
    }),
  });
  const numbers: number[] = [];
  connection.on('errorMessage', ({ number }) => void numbers.push(number));
  connection.on('error', () => {}); // reported by the pending request; without a listener it would end the process

  // The driver does not notice a destroyed socket, and would wait for its own time-out.
  const closeConnection = () => connection.close();
  dialer.signal.addEventListener('abort', closeConnection, { once: true });
  try {
    await connectSqlserverDriver(connection);
  } catch (error) {
    connection.close();
    throw findCausingProblem(error) ?? attachSqlserverErrorNumbers(error, numbers);
  }
  const close = () => {
    dialer.signal.removeEventListener('abort', closeConnection);
    connection.close();
    transport.socket.destroy();
  };
  return { batch: createSqlserverBatchRunner(connection, Request, (bytes) => transport.allow(bytes)), close };
};

const connectSqlserverDriver = (connection: DriverConnection): Promise<void> =>
  new Promise((resolve, reject) => {
    connection.connect((error) => (error ? reject(error) : resolve()));
  });

export const sqlserverSessionModule = { open: openSqlserverSession, failure: classifySqlserverError };
