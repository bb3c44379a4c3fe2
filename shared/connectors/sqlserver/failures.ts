import type { ProblemCode } from '../../problem.ts';
import type { Failure } from '../connector.ts';

/**
 * Goes by the server's numbers, of which a login that fails has several: the first that is known decides.
 * https://learn.microsoft.com/sql/relational-databases/errors-events/database-engine-events-and-errors,
 * https://learn.microsoft.com/azure/azure-sql/database/troubleshoot-common-errors-issues
 */
export const failure = (error: unknown): Failure | undefined => {
  const numbers = numbersOf(error);
  const known = numbers.find((number) => Object.hasOwn(table, number)) ?? numbers[0];
  if (known !== undefined) {
    const { code, cure } = table[known] ?? { code: 'server-error' as const };
    return { code, native: String(known), ...(cure !== undefined && { remediation: cure }) };
  }
  const said: unknown = Object(error)['code'];
  if (said === 'ETIMEOUT' || said === 'ECANCEL') return { code: 'timeout' };
  return undefined;
};

/** The error with the numbers that the driver tells by events alone. */
export const withNumbers = (error: unknown, numbers: readonly number[]): unknown =>
  numbers.length > 0 ? Object.assign(new Error('refused', { cause: error }), { numbers }) : error;

const numbersOf = (error: unknown): readonly number[] => {
  const { numbers, number, errors }: Readonly<Partial<Record<'numbers' | 'number' | 'errors', unknown>>> =
    Object(error);
  const several: readonly unknown[] = Array.isArray(errors) ? errors.map((one) => Object(one)['number']) : [];
  const all: readonly unknown[] = Array.isArray(numbers) ? numbers : [number, ...several];
  return all.filter((one): one is number => Number.isSafeInteger(one));
};

interface Said {
  readonly code: ProblemCode;
  readonly cure?: string;
}

const busy: Said = {
  code: 'too-many-connections',
  cure: 'The limit of sessions, workers or requests of the database is reached: close idle sessions or choose a larger service tier.',
};
const firewall: Said = {
  code: 'permission-denied',
  cure: 'The server’s firewall does not know the address that the test came from: add it to the server’s firewall or network rules.',
};
const denied: Said = { code: 'permission-denied', cure: 'Grant what the step privileges names.' };
const notOnline: Said = {
  code: 'server-error',
  cure: 'The database is not open to sessions at the moment (offline, restoring, starting, or a secondary that may not be read): look at sys.databases.',
};

const table: Readonly<Record<number, Said>> = {
  18456: { code: 'authentication-failed' },
  18450: { code: 'authentication-failed' },
  18452: {
    code: 'authentication-failed',
    cure: 'The server takes Windows logins alone, or the login is one: enable SQL Server authentication, and use a login with a password.',
  },
  40532: {
    code: 'authentication-failed',
    cure: 'Azure does not know the server by this name: check host, or write username as name@server.',
  },
  33134: { code: 'authentication-failed' }, // a principal of Entra that is not there
  18470: { code: 'account-locked', cure: 'The login is disabled: ALTER LOGIN … ENABLE;' },
  18486: { code: 'account-locked', cure: 'Unlock the login: ALTER LOGIN … WITH PASSWORD = … UNLOCK;' },
  18487: { code: 'credentials-expired', cure: 'The password has expired: change it, and send the new one.' },
  18488: {
    code: 'credentials-expired',
    cure: 'The password must be changed before the first use: change it, and send the new one.',
  },
  4060: {
    code: 'database-not-found',
    cure: 'Check the name. The server says the same of a database that the login has no user in: CREATE USER … FOR LOGIN …;',
  },
  911: { code: 'database-not-found' },
  4064: {
    code: 'database-not-found',
    cure: 'The login’s default database cannot be opened: name a database.',
  },
  916: {
    code: 'permission-denied',
    cure: 'Give the login a user in the database: CREATE USER … FOR LOGIN …;',
  },
  17892: { code: 'permission-denied', cure: 'A logon trigger of the server refused the login.' },
  40615: firewall,
  40914: firewall,
  47073: firewall,
  229: denied,
  230: denied,
  262: denied,
  297: denied,
  300: denied,
  371: denied,
  17809: busy,
  10928: busy,
  10929: busy,
  10936: busy,
  40501: busy,
  49918: busy,
  49919: busy,
  49920: busy,
  40613: {
    code: 'server-error',
    cure: 'The database is paused, moving or starting: try again in a minute.',
  },
  40197: { code: 'server-error', cure: 'The service had a fault or is being moved: try again in a minute.' },
  18401: { code: 'server-error', cure: 'The server is starting or being upgraded: try again in a minute.' },
  18461: { code: 'server-error', cure: 'The server is in single-user mode, and somebody else is in.' },
  922: notOnline,
  924: notOnline,
  927: notOnline,
  942: notOnline,
  945: notOnline,
  976: notOnline,
  978: notOnline,
  983: notOnline,
  1222: { code: 'timeout', cure: 'Another session holds a lock on what was asked for.' },
  3989: { code: 'server-error' },
};
