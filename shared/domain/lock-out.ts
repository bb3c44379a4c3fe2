import type { ProblemCode } from '../problem.ts';
import type { StoredConnection } from './connection.ts';
import { countRefusals, hashDerivation } from './derived.ts';

/** Sources lock an account after a few refused logins; a third of ours in a row is the last that nobody asked for. */
const MAX_REFUSALS = 3;

/** What a source answers to credentials that it does not take. */
const refusals: readonly ProblemCode[] = ['authentication-failed', 'account-locked', 'credentials-expired'];

/** Whether only a caller's own request may log in, until the credentials change. */
export const isLoginPaused = (stored: StoredConnection): boolean => countRefusals(stored) >= MAX_REFUSALS;

/** The count of refused logins after one that ended with this code, or without one where it was let in. */
export const countLogin = (
  read: StoredConnection,
  code: ProblemCode | undefined,
): Pick<StoredConnection, 'refusals' | 'refusals_of'> => {
  const before = countRefusals(read);
  const after = code !== undefined && refusals.includes(code) ? before + 1 : before;
  return { refusals: code === undefined ? 0 : after, refusals_of: hashDerivation('login', read) };
};
