import { stepNames } from '../../network/dialer.ts';
import type { TestMessage } from '../../ports/queue.ts';
import type { Store } from '../../ports/store.ts';
import { Problem, problems } from '../../problem.ts';
import { recordBatchFailure } from '../batches/record-batch-result.ts';
import { recordTestFault } from '../health/record-test.ts';
import type { TestStep, TestResult } from './test-result.ts';
import { toSavedTest } from './to-saved-test.ts';

/**
 * Records the failure of a test that could not be run after all retries. Only a connection that is still `testing` and waits for this test
 * fails, with a code that blames Mooring. A connection that has a result, or waits for a later test, keeps its status.
 */
export const failUndeliveredTest = async (store: Store, message: TestMessage, now: number): Promise<void> => {
  await recordBatchFailure(store, message, 'unavailable', now);
  const result: TestResult = {
    status: 'failed',
    details: { error: 'Mooring could not run this test', code: 'unavailable' },
    steps: stepNames.map((step, at) =>
      at === 0 ? toFailedStep(step) : { step, status: 'skipped', duration_ms: 0 },
    ),
    tested_at: new Date(now).toISOString(),
    vantage: { region: null, vpc_id: null, egress_ips: [] },
  };
  try {
    await recordTestFault(store, toSavedTest(message), { result, now });
  } catch (error) {
    // The connection was deleted in the meantime, so the test is not needed any more.
    if (!(error instanceof Problem) || error.code !== 'not-found') throw error;
  }
};

const toFailedStep = (step: TestStep['step']): TestStep => ({
  step,
  status: 'failed',
  duration_ms: 0,
  code: 'unavailable',
  blame: problems.unavailable.blame,
  remediation: problems.unavailable.remediation,
});
