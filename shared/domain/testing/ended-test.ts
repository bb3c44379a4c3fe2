import type { ProbeDependencies } from '../../ports/probe-dependencies.ts';
import type { SavedTest } from '../../ports/probe.ts';
import type { Problem } from '../../problem.ts';
import { createId } from '../id.ts';
import { createResultOrigin, listStepsFailedAt } from './failed-steps.ts';
import { findTestedConnection } from '../health/find-tested-connection.ts';
import { recordTestFault, recordTestResult } from '../health/record-test.ts';

/** Records the result of a test whose process ended before it could record it. */
export const recordEndedTest = async (
  deps: Pick<ProbeDependencies, 'store' | 'clock' | 'vantage'>,
  call: SavedTest,
  { code, message, extras }: Problem,
): Promise<void> => {
  const result = {
    status: 'failed',
    details: { error: message, code },
    // Earlier steps do not depend on what the source sends.
    steps: listStepsFailedAt('connect', code, extras.remediation),
    ...createResultOrigin(deps),
  } as const;
  const now = deps.clock();
  if (code === 'unavailable') return recordTestFault(deps.store, call, { result, now });
  const read = await findTestedConnection(deps.store, call.tenant, call.id);
  if (call.awaited !== undefined && read.stored.awaits_test !== call.awaited) return;
  const finished = { test: createId(now), began: now, tested: read.stored, result };
  await recordTestResult(deps, call, finished, read);
};
