import type { ProbeDependencies } from '../../ports/probe-dependencies.ts';
import type { SavedTest } from '../../ports/probe.ts';
import type { TestedConnection } from '../health/find-tested-connection.ts';
import { judgeScheduledTest } from '../schedule/judge-scheduled-test.ts';
import { createResultOrigin, listStepsFailedAt } from './failed-steps.ts';
import type { TestResult } from './test-result.ts';

/**
 * Whether a test from the queue is not needed any more. The queue's consumer has decided the same before; another test may have been recorded
 * since.
 */
export const isTestSkipped = (
  { trigger, awaited, due, seq }: SavedTest,
  { stored, health }: TestedConnection,
  now: number,
): boolean => {
  if (awaited !== undefined) return stored.awaits_test !== awaited;
  if (trigger !== 'schedule') return false;
  const message = {
    ...(due !== undefined && { due }),
    // A retry comes from no regular slot.
    ...(seq === undefined ? { interval: stored.options.test_interval_minutes } : { seq }),
  };
  return judgeScheduledTest(message, stored, health, now) !== 'run';
};

/** The answer to a test that was skipped, if the connection has no result of its present settings. */
export const createSkippedResult = (deps: Pick<ProbeDependencies, 'clock' | 'vantage'>): TestResult => ({
  status: 'failed',
  details: { error: 'This test is not due any more', code: 'unavailable' },
  steps: listStepsFailedAt('resolve', 'unavailable'),
  ...createResultOrigin(deps),
});
