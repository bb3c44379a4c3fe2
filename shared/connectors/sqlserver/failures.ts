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
  'The server did not answer in time. Check its load and blocking locks, or raise query_timeout_seconds.',
];

const sqlserverErrorMeanings = createFailureTable({
  // The state that distinguishes the causes is only in the server's log: clients always get 1.
  // https://learn.microsoft.com/sql/relational-databases/errors-events/mssqlserver-18456-database-engine-error
  '18450 18456': [
    'authentication-failed',
    'Check the user name and send the password again. The server reports the same error if it accepts only Windows logins (enable SQL Server authentication and restart it), or if the user is contained in a database other than config.database. The state in the server’s error log gives the exact cause.',
  ],
  '33134': [
    'authentication-failed',
    'The database does not know this Microsoft Entra principal. Check client_id and tenant_id, and run CREATE USER … FROM EXTERNAL PROVIDER; in the database.',
  ],
  '18451': ['server-error', 'The server is stopping and accepts only administrators. Try again later.'],
  '18458 18459 18460': [
    'too-many-connections',
    'The server has reached the number of connections that it is licensed for. Close idle connections.',
  ],
  '18452': [
    'authentication-failed',
    'The server accepts only Windows logins, or the login is a Windows login. Enable SQL Server authentication, and use a login with a password.',
  ],
  '40532': [
    'authentication-failed',
    'Azure cannot find a server of this name. Check host, or send username as name@server.',
  ],
  '18470': ['account-locked', 'The login is disabled. Enable it: ALTER LOGIN … ENABLE;'],
  '18486': ['account-locked', 'The login is locked. Unlock it: ALTER LOGIN … WITH PASSWORD = … UNLOCK;'],
  '18487': ['credentials-expired', 'The password has expired. Change it and send the new one.'],
  '18488': [
    'credentials-expired',
    'The password must be changed before its first use. Change it and send the new one.',
  ],
  '911': ['database-not-found', 'Check config.database: the server has no database with this name.'],
  '4060': [
    'database-not-found',
    'Check config.database. If the database exists, the login has no user in it. Create one: CREATE USER … FOR LOGIN …;',
  ],
  '4063 4064': [
    'database-not-found',
    'The login’s default database cannot be opened. Set another one: ALTER LOGIN … WITH DEFAULT_DATABASE = …;',
  ],
  '916': [
    'permission-denied',
    'The login has no user in the database. Create one: CREATE USER … FOR LOGIN …;',
  ],
  '17892': [
    'permission-denied',
    'A logon trigger of the server rejected the login. Exclude this login from the trigger. To find the trigger: SELECT name FROM sys.server_triggers;',
  ],
  '47073': [
    'permission-denied',
    'The server denies public network access. Connect through a private endpoint, or enable public access (az sql server update --enable-public-network true).',
  ],
  '40607': [
    'authentication-failed',
    'Azure SQL does not accept Windows logins. Use a login with a password.',
  ],
  '40615': [
    'permission-denied',
    'The server’s firewall blocks the address that the test came from. Add the addresses in `vantage` to the server’s firewall rules.',
  ],
  '40914': [
    'permission-denied',
    'No network rule of the server allows the probe’s subnet. Add a virtual network rule for the subnet, and add the service endpoint Microsoft.Sql to the subnet.',
  ],
  '229 230 262 297 300 371 6004 15247': permissionDenied,
  '10928 10929 10936': [
    'too-many-connections',
    'The database has reached its limit of sessions, workers or requests. Close idle sessions, or choose a larger service tier.',
  ],
  '17809': [
    'too-many-connections',
    "The server has reached its connection limit. Close idle sessions, or raise the limit: EXEC sp_configure 'user connections', …;",
  ],
  // The service is busy, whatever the number of sessions. https://learn.microsoft.com/azure/azure-sql/database/troubleshoot-common-errors-issues
  '40501 49918 49919 49920': [
    'server-error',
    'The service is busy with other requests of this server or subscription. Try again in a minute.',
  ],
  '18401': ['server-error', 'The server is starting or being upgraded. Try again in a minute.'],
  '18461': [
    'server-error',
    'The server is in single-user mode, and another session is connected. Restart the server without the startup option -m.',
  ],
  '6005 6006': ['server-error', 'The server is shutting down. Try again when it is running again.'],
  '596': ['connection-reset', 'An administrator or the server ended the session. Try again.'],
  '3617': ['timeout', 'The statement was cancelled on the server. Try again.'],
  '1205': ['server-error', 'The server chose this session as the deadlock victim. Try again.'],
  '1204': [
    'server-error',
    "The server has no locks left. Try again when it is less busy, or check its limit: EXEC sp_configure 'locks';",
  ],
  '701 802 8645 8651 17300 17312 40553': [
    'server-error',
    'The server does not have enough memory for the query. Check what else it runs, and check the option max server memory.',
  ],
  '9002': [
    'server-error',
    'A transaction log is full. Find out what prevents its truncation: SELECT name, log_reuse_wait_desc FROM sys.databases;',
  ],
  '1101 1105 40544 40551 40552': [
    'server-error',
    'The database, its log or tempdb is full. Free space, or raise the size limit.',
  ],
  '605 823 824': [
    'server-error',
    'The server cannot read a page of the database. Find the damage with DBCC CHECKDB, and restore the database from a backup.',
  ],
  '40549 40550': [
    'server-error',
    'Azure ended the session because it held a transaction or locks for too long. Exclude schemas that you do not need (excluded_schemas), and try again.',
  ],
  '42108': ['server-error', 'The SQL pool is paused. Resume it.'],
  '42109': ['server-error', 'The SQL pool is resuming. Try again in a few minutes.'],
  '42119': [
    'server-error',
    'The database has used its free amount for this month and is paused. Let it continue for additional charges, or wait until next month.',
  ],
  '17828 17832 17836': [
    'protocol-mismatch',
    'The server could not read the login. Check that no proxy changes the traffic, and that the server is SQL Server 2012 or later.',
  ],
  '15404': [
    'server-error',
    'The server cannot look up a Windows account in its domain, such as the owner of the database. Change the owner: ALTER AUTHORIZATION ON DATABASE::… TO sa;',
  ],
  '40197': ['server-error', 'The service had an error or is being moved. Try again in a minute.'],
  '40613': ['server-error', 'The database is paused, moving or starting. Try again in a minute.'],
  '921 922 952': ['server-error', 'The database is starting or changing its state. Try again in a minute.'],
  '924': [
    'server-error',
    'The database is in single-user mode, and another session uses it. Run ALTER DATABASE … SET MULTI_USER;',
  ],
  '926 945': [
    'server-error',
    'The server could not open the database: it is suspect, or files, memory or disk space are missing. Check the server’s error log.',
  ],
  '927': [
    'server-error',
    'The database is being restored. Finish the restore: RESTORE DATABASE … WITH RECOVERY;',
  ],
  '942': ['server-error', 'The database is offline. Bring it online: ALTER DATABASE … SET ONLINE;'],
  '978': [
    'server-error',
    'This secondary replica accepts only sessions with read-only intent. Set host to the primary replica, or set SECONDARY_ROLE (ALLOW_CONNECTIONS = ALL) for this replica.',
  ],
  '976 979 982': [
    'server-error',
    'The database is on a secondary replica of an availability group that does not accept these sessions. Set host to the listener or the primary replica, or make the secondary readable: SECONDARY_ROLE (ALLOW_CONNECTIONS = ALL).',
  ],
  '983': [
    'server-error',
    'The availability group is changing its primary replica, or this replica is disconnected from it. Try again in a minute, and check sys.dm_hadr_availability_replica_states.',
  ],
  '4221': [
    'server-error',
    'The secondary replica cannot be read until long transactions on the primary end. End these transactions, or set host to the primary replica.',
  ],
  '1222': [
    'timeout',
    'Another session holds a lock that the query needs. Try again when that session has released it.',
  ],
  '3989': ['server-error', 'The server lost the transaction of the session. Try again.'],
});
