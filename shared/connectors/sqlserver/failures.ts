import type { Failure } from '../connector.ts';
import { denied, failureOf, failureTable, fieldsOf } from '../failure-table.ts';

/**
 * Goes by the server's numbers, of which a login that fails has several: the first that is known decides.
 * https://learn.microsoft.com/sql/relational-databases/errors-events/database-engine-events-and-errors,
 * https://learn.microsoft.com/azure/azure-sql/database/troubleshoot-common-errors-issues
 */
export const failure = (error: unknown): Failure | undefined => {
  const natives = numbersOf(error).map(String);
  const native = natives.find((one) => meanings.has(one)) ?? natives[0];
  if (native !== undefined) return failureOf(meanings.get(native) ?? ['server-error'], native);
  const { code } = fieldsOf(error);
  return code === 'ETIMEOUT' || code === 'ECANCEL' ? { code: 'timeout' } : undefined;
};

/** The error with the numbers that the driver tells by events alone. */
export const withNumbers = (error: unknown, numbers: readonly number[]): unknown =>
  numbers.length > 0 ? Object.assign(new Error('refused', { cause: error }), { numbers }) : error;

const numbersOf = (error: unknown): readonly number[] => {
  const { numbers, number, errors } = fieldsOf(error);
  const several: readonly unknown[] = Array.isArray(errors)
    ? errors.map((one) => fieldsOf(one)['number'])
    : [];
  const all: readonly unknown[] = Array.isArray(numbers) ? numbers : [number, ...several];
  return all.filter((one): one is number => Number.isSafeInteger(one));
};

const meanings = failureTable({
  '18450 18456 33134': ['authentication-failed'], // 33134: a principal of Entra that is not there
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
  '911': ['database-not-found'],
  '4060': [
    'database-not-found',
    'Check the name. The server says the same of a database that the login has no user in: CREATE USER … FOR LOGIN …;',
  ],
  '4064': ['database-not-found', 'The login’s default database cannot be opened: name a database.'],
  '916': ['permission-denied', 'Give the login a user in the database: CREATE USER … FOR LOGIN …;'],
  '17892': ['permission-denied', 'A logon trigger of the server refused the login.'],
  '40615 40914 47073': [
    'permission-denied',
    'The server’s firewall does not know the address that the test came from: add it to the server’s firewall or network rules.',
  ],
  '229 230 262 297 300 371': denied,
  '10928 10929 10936 17809 40501 49918 49919 49920': [
    'too-many-connections',
    'The limit of sessions, workers or requests of the database is reached: close idle sessions or choose a larger service tier.',
  ],
  '18401': ['server-error', 'The server is starting or being upgraded: try again in a minute.'],
  '18461': ['server-error', 'The server is in single-user mode, and somebody else is in.'],
  '40197': ['server-error', 'The service had a fault or is being moved: try again in a minute.'],
  '40613': ['server-error', 'The database is paused, moving or starting: try again in a minute.'],
  '922 924 927 942 945 976 978 983': [
    'server-error',
    'The database is not open to sessions at the moment (offline, restoring, starting, or a secondary that may not be read): look at sys.databases.',
  ],
  '1222': ['timeout', 'Another session holds a lock on what was asked for.'],
  '3989': ['server-error'],
});
