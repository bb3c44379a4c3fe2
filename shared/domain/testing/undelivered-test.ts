import { stepNames } from '../../network/dialer.ts';
import type { TestMessage } from '../../ports/queue.ts';
import type { Store } from '../../ports/store.ts';
import { Problem, problems } from '../../problem.ts';
import { recordBatchFailure } from '../batches/record-batch-result.ts';
import { buildAuditPut } from '../access/audit.ts';
import { hashDerivation } from '../connections/derived-data.ts';
import type { TestStep, TestResult } from './test-result.ts';
import { buildTestRecordPut } from './test-history.ts';
import { EVENT_ACTOR, toSavedTest } from './to-saved-test.ts';
import {
  toNextRevision,
  buildConnectionPut,
  updateStoredConnection,
} from '../connections/connection-repository.ts';

/**
 * Records the failure of a test that could not be run after all retries. Only a connection that is still `testing` and waits for this test
 * fails, with a code that blames Mooring. A connection that has a result, or waits for a later test, stays as it is.
 */
export const failUndeliveredTest = async (store: Store, message: TestMessage, now: number): Promise<void> => {
  await recordBatchFailure(store, message, 'unavailable', now);
  const { tenant, id, request_id, trigger, awaited } = toSavedTest(message);
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
    await updateStoredConnection(store, tenant, id, (read) => {
      if (read.status !== 'testing' || read.awaits_test !== awaited) return { next: read, changes: [] };
      const next = toNextRevision(read, {
        status: 'failed',
        status_reason: 'unavailable',
        last_test: { ...result, of: hashDerivation('test', read) },
        awaits_test: null,
        cause: 'tested',
      });
      return {
        next,
        changes: [
          buildConnectionPut(next, read),
          buildTestRecordPut(tenant, id, trigger, result, now),
          buildAuditPut({ tenant, actor: EVENT_ACTOR, request_id, now }, id, 'tested'),
        ],
      };
    });
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
