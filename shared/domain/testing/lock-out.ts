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

/** The counters of failed logins, which a write of the connection stores. */
export type LoginCounters = Pick<
  StoredConnection,
  'refusals' | 'refusals_of' | 'refusals_version' | 'paused_since'
>;

/** When a login ended, and in platform mode the version of the caller's secret that it used, if that is known. */
interface LoginContext {
  readonly now: number;
  readonly version?: string | undefined;
}

/** The counters after a login that ended with `code`, or that succeeded (`null`). */
export const countLoginResult = (
  read: StoredConnection,
  code: ProblemCode | null | undefined,
  { now, version }: LoginContext,
): LoginCounters => {
  const refusals_of = hashDerivation('login', read);
  const current = version ?? read.refusals_version;
  if (code === null || code === undefined)
    return { refusals: 0, refusals_of, refusals_version: null, paused_since: null };
  // Another version of a shared secret holds other credentials.
  const isOther = read.refusals_version !== null && current !== read.refusals_version;
  const before = isOther ? 0 : countRefusals(read);
  const refusals = refusalCodes.includes(code) ? before + 1 : before;
  const isPaused = refusals >= MAX_REFUSALS;
  const since = before >= MAX_REFUSALS ? (read.paused_since ?? read.last_test?.tested_at) : undefined;
  return {
    refusals,
    refusals_of,
    refusals_version: refusals > 0 ? current : null,
    paused_since: isPaused ? (since ?? new Date(now).toISOString()) : null,
  };
};

/** Why automatic tests are paused, and what ends the pause. */
export interface LoginPause {
  readonly since: string;
  readonly reason: string;
  readonly resume: string;
}

export const findLoginPause = (stored: StoredConnection): LoginPause | null =>
  isLoginPaused(stored)
    ? {
        since: stored.paused_since ?? stored.last_test?.tested_at ?? stored.updated_at,
        reason: 'The source refused these credentials three times in a row.',
        resume:
          'arn' in stored.secret
            ? 'Change the secret in AWS Secrets Manager, or request a test.'
            : 'Send the credentials again, or request a test.',
      }
    : null;
