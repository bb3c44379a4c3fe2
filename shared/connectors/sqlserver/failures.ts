import type { SourceFailure } from '../connector.ts';
import {
  permissionDenied,
  toSourceFailure,
  createFailureTable,
  readErrorFields,
  type FailureMeaning,
} from '../failure-table.ts';

/**
 * Looks up the server's error numbers. A failed login has several, of which the first known one decides.
 * https://learn.microsoft.com/sql/relational-databases/errors-events/database-engine-events-and-errors,
 * https://learn.microsoft.com/azure/azure-sql/database/troubleshoot-common-errors-issues
 */
export const classifySqlserverError = (error: unknown): SourceFailure | undefined => {
  const natives = listSqlserverErrorNumbers(error).map(String);
  const native = natives.find((one) => sqlserverErrorMeanings.has(one)) ?? natives[0];
  if (native !== undefined)
    return toSourceFailure(sqlserverErrorMeanings.get(native) ?? ['server-error'], native);
  const { code } = readErrorFields(error);
  return code === 'ETIMEOUT' || code === 'ECANCEL' ? toSourceFailure(sqlserverTimeout) : undefined;
};

/** Adds the error numbers to an error: the driver reports them only in events. */
export const attachSqlserverErrorNumbers = (error: unknown, numbers: readonly number[]): unknown =>
  numbers.length > 0 ? Object.assign(new Error('refused', { cause: error }), { numbers }) : error;

const listSqlserverErrorNumbers = (error: unknown): readonly number[] => {
  const { numbers, number, errors } = readErrorFields(error);
  const several: readonly unknown[] = Array.isArray(errors)
    ? errors.map((one) => readErrorFields(one)['number'])
    : [];
  const all: readonly unknown[] = Array.isArray(numbers) ? numbers : [number, ...several];
  return all.filter((one): one is number => Number.isSafeInteger(one));
};

const sqlserverTimeout: FailureMeaning = [
  'timeout',
  'The server did not answer in time: look at its load and locks, or raise query_timeout_seconds.',
];

const sqlserverErrorMeanings = createFailureTable({
  // The state that distinguishes the causes is only in the server's log: clients always get 1.
  // https://learn.microsoft.com/sql/relational-databases/errors-events/mssqlserver-18456-database-engine-error
  '18450 18456': [
    'authentication-failed',
    'Check the user name and send the password again. The server says the same where it takes Windows logins alone (enable SQL Server authentication and restart it), and of a user who is contained in another database than the one named: its error log gives the state.',
  ],
  '33134': [
    'authentication-failed',
    'The database knows no such principal of Microsoft Entra: check client_id and tenant_id, and CREATE USER … FROM EXTERNAL PROVIDER; in the database.',
  ],
  '18451': ['server-error', 'The server lets administrators in alone, for it is stopping: try again later.'],
  '18458 18459 18460': [
    'too-many-connections',
    'The number of connections that the server is licensed for is reached: close idle ones.',
  ],
  '18452': [
    'authentication-failed',
    'The server takes Windows logins alone, or the login is one: enable SQL Server authentication, and use a login with a password.',
  ],
  '40532': [
    'authentication-failed',
    'Azure does not know the server by this name: check host, or write username as name@server.',
  ],
  '18470': ['account-locked', 'The login is disabled: ALTER LOGIN … ENABLE;'],
  '18486': ['account-locked', 'Unlock the login: ALTER LOGIN … WITH PASSWORD = … UNLOCK;'],
  '18487': ['credentials-expired', 'The password has expired: change it, and send the new one.'],
  '18488': [
    'credentials-expired',
    'The password must be changed before the first use: change it, and send the new one.',
  ],
  '911': ['database-not-found', 'Check config.database: the server has no database of that name.'],
  '4060': [
    'database-not-found',
    'Check the name. The server says the same of a database that the login has no user in: CREATE USER … FOR LOGIN …;',
  ],
  '4063 4064': [
    'database-not-found',
    'The login’s default database cannot be opened: ALTER LOGIN … WITH DEFAULT_DATABASE = …;',
  ],
  '916': ['permission-denied', 'Give the login a user in the database: CREATE USER … FOR LOGIN …;'],
  '17892': [
    'permission-denied',
    'A logon trigger of the server refused the login: let this login past it (SELECT name FROM sys.server_triggers;).',
  ],
  '47073': [
    'permission-denied',
    'The server denies public network access: connect through a private endpoint, or turn public access on (az sql server update --enable-public-network true).',
  ],
  '40607': ['authentication-failed', 'Azure SQL takes no Windows logins: use a login with a password.'],
  '40615': [
    'permission-denied',
    'The server’s firewall does not know the address that the test came from: add those that `vantage` names to the server’s firewall rules.',
  ],
  '40914': [
    'permission-denied',
    'No network rule of the server lets the probe’s subnet in: add a virtual network rule for it, and the endpoint Microsoft.Sql to the subnet.',
  ],
  '229 230 262 297 300 371 6004 15247': permissionDenied,
  '10928 10929 10936': [
    'too-many-connections',
    'The limit of sessions, workers or requests of the database is reached: close idle sessions or choose a larger service tier.',
  ],
  '17809': [
    'too-many-connections',
    "The limit of the server is reached: close idle sessions, or raise it: EXEC sp_configure 'user connections', …;",
  ],
  // The service is busy, whatever the number of sessions. https://learn.microsoft.com/azure/azure-sql/database/troubleshoot-common-errors-issues
  '40501 49918 49919 49920': [
    'server-error',
    'The service is busy with the work of this server or subscription: try again in a minute.',
  ],
  '18401': ['server-error', 'The server is starting or being upgraded: try again in a minute.'],
  '18461': [
    'server-error',
    'The server is in single-user mode, and somebody else is in: start it without -m.',
  ],
  '6005 6006': ['server-error', 'The server is being shut down: try again when it is back.'],
  '596': ['connection-reset', 'An administrator, or the server itself, ended the session: try again.'],
  '3617': ['timeout', 'The server was told to end the statement: try again.'],
  '1205': ['server-error', 'The server chose the session as the victim of a deadlock: try again.'],
  '1204': [
    'server-error',
    'The server has no lock left: try again when less runs, or look at the option locks of sp_configure.',
  ],
  '701 802 8645 8651 17300 17312 40553': [
    'server-error',
    'The server has too little memory for this: look at what else it runs, and at max server memory.',
  ],
  '9002': [
    'server-error',
    'A transaction log is full: SELECT name, log_reuse_wait_desc FROM sys.databases; says what keeps it.',
  ],
  '1101 1105 40544 40551 40552': [
    'server-error',
    'The database, its log or tempdb is full: make room, or raise the limit of its size.',
  ],
  '605 823 824': [
    'server-error',
    'The server cannot read a page of the database: DBCC CHECKDB names the damage, a backup mends it.',
  ],
  '40549 40550': [
    'server-error',
    'Azure ended the session because it held a transaction or locks for too long: narrow the scope, and try again.',
  ],
  '42108': ['server-error', 'The SQL pool is paused: resume it.'],
  '42109': ['server-error', 'The SQL pool is resuming: try again in a few minutes.'],
  '42119': [
    'server-error',
    'The free amount of the database is used up for this month, and it is paused: let it go on at cost, or wait.',
  ],
  '17828 17832 17836': [
    'protocol-mismatch',
    'The server could not read the login: check that no proxy changes what is sent, and that the server is 2012 or later.',
  ],
  '15404': [
    'server-error',
    'The server cannot ask its domain about a Windows account, such as the owner of the database: ALTER AUTHORIZATION ON DATABASE::… TO sa;',
  ],
  '40197': ['server-error', 'The service had a fault or is being moved: try again in a minute.'],
  '40613': ['server-error', 'The database is paused, moving or starting: try again in a minute.'],
  '921 922 952': ['server-error', 'The database is starting or changing state: try again in a minute.'],
  '924': [
    'server-error',
    'The database is in single-user mode, and somebody else is in: ALTER DATABASE … SET MULTI_USER;',
  ],
  '926 945': [
    'server-error',
    'The server could not open the database (suspect, or files, memory or disk are missing): its error log says why.',
  ],
  '927': ['server-error', 'The database is being restored: finish it, RESTORE DATABASE … WITH RECOVERY;'],
  '942': ['server-error', 'The database is offline: ALTER DATABASE … SET ONLINE;'],
  '978': [
    'server-error',
    'This secondary takes sessions of read-only intent alone: name the primary, or set ALLOW_CONNECTIONS = ALL for its SECONDARY_ROLE.',
  ],
  '976 979 982': [
    'server-error',
    'The database is a secondary of an availability group that these sessions may not read: name the listener or the primary, or let the secondary be read (SECONDARY_ROLE (ALLOW_CONNECTIONS = ALL)).',
  ],
  '983': [
    'server-error',
    'The availability group is changing its primary, or this replica is cut off from it: try again in a minute, and look at sys.dm_hadr_availability_replica_states.',
  ],
  '4221': [
    'server-error',
    'The secondary waits for transactions of the primary to end before it can be read: end the long ones, or name the primary.',
  ],
  '1222': ['timeout', 'Another session holds a lock on what was asked for.'],
  '3989': ['server-error', 'The server lost track of the session’s transaction: try again.'],
});
