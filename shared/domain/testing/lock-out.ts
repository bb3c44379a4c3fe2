import type { ProblemCode } from '../../problem.ts';
import type { StoredConnection } from '../connections/connection.ts';
import { countRefusals, hashDerivation } from '../connections/derived-data.ts';

/**
 * Sources lock an account after a few failed logins. After three consecutive failures, Mooring stops logging in unless a caller requests
 * it.
 */
const MAX_REFUSALS = 3;

/** The codes that say that the source rejected the credentials. */
const refusalCodes: readonly ProblemCode[] = [
  'authentication-failed',
  'account-locked',
  'credentials-expired',
];

/** Whether only an explicit request of a caller may log in, until the credentials change. */
export const isLoginPaused = (stored: StoredConnection): boolean => countRefusals(stored) >= MAX_REFUSALS;

/** The count of failed logins after a login that ended with `code`, or that succeeded (`undefined`). */
export const countLoginResult = (
  read: StoredConnection,
  code: ProblemCode | undefined,
): Pick<StoredConnection, 'refusals' | 'refusals_of'> => {
  const before = countRefusals(read);
  const after = code !== undefined && refusalCodes.includes(code) ? before + 1 : before;
  return { refusals: code === undefined ? 0 : after, refusals_of: hashDerivation('login', read) };
};
