import type { ProbeDependencies } from '../../ports/probe-dependencies.ts';
import type { SavedTest } from '../../ports/probe.ts';
import { Problem } from '../../problem.ts';
import type { StoredConnection } from '../connections/connection.ts';
import {
  buildConnectionPut,
  toNextRevision,
  toTenant,
  updateStoredConnection,
} from '../connections/connection-repository.ts';
import { createResultOrigin, listStepsFailedAt } from './failed-steps.ts';
import type { TestResult } from './test-result.ts';

/**
 * Platform mode: whether the caller's secret has another version than the one that was refused. Reads only the version, so that no login
 * is made.
 */
export const hasNewSecret = async (
  { vault, store }: Pick<ProbeDependencies, 'vault' | 'store'>,
  { trigger }: SavedTest,
  stored: StoredConnection,
): Promise<boolean> => {
  const { secret, refusals_version: refused } = stored;
  if (!('arn' in secret)) return false;
  const version = await vault.readSharedVersion(secret.arn).catch((error: unknown) => {
    // A secret that is gone cannot be tried either.
    if (error instanceof Problem && error.code === 'secret-not-shared') return undefined;
    throw error;
  });
  if (version === undefined) return false;
  if (refused !== null) return version !== refused;
  if (trigger === 'rotation') return true;
  // An earlier release did not store the version that was refused.
  await updateStoredConnection(store, toTenant(stored), stored.id, (read) => {
    if (read.refusals_version !== null || read.refusals === 0) return { next: read, changes: [] };
    const next = toNextRevision(read, { refusals_version: version, cause: 'used' });
    return { next, changes: [buildConnectionPut(next, read)] };
  });
  return false;
};

/** Ends the wait for an automatic test. After this many refused logins, another one could lock the account. */
export const endPausedTest = async (
  deps: Pick<ProbeDependencies, 'store' | 'clock' | 'vantage'>,
  { tenant, id, awaited }: SavedTest,
): Promise<TestResult> => {
  const origin = createResultOrigin(deps);
  await updateStoredConnection(deps.store, tenant, id, (stored) => {
    if (stored.awaits_test === null || (awaited !== undefined && stored.awaits_test !== awaited))
      return { next: stored, changes: [] };
    const next = toNextRevision(stored, {
      status: 'failed',
      status_reason: 'authentication-failed',
      decided_status: 'failed',
      decided_at: stored.decided_status === 'failed' ? stored.decided_at : origin.tested_at,
      awaits_test: null,
      cause: 'tested',
    });
    return { next, changes: [buildConnectionPut(next, stored)] };
  });
  return {
    status: 'failed',
    details: { error: pausedTestDetail, code: 'authentication-failed' },
    steps: listStepsFailedAt('authenticate', 'authentication-failed', pausedTestRemediation),
    ...origin,
  };
};

const pausedTestDetail =
  'The source refused these credentials three times in a row, so Mooring did not try again';
const pausedTestRemediation =
  'Send the credentials again, or request a test to try the stored ones once more.';
