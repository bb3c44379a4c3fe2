import type { ProbeDependencies } from '../../ports/probe-dependencies.ts';
import type { SavedTest } from '../../ports/probe.ts';
import { Conflict, type Store, type StoreChange } from '../../ports/store.ts';
import { Problem } from '../../problem.ts';
import { buildAuditPut } from '../access/audit.ts';
import { buildConnectionPut, toNextRevision } from '../connections/connection-repository.ts';
import { hashDerivation } from '../connections/derived-data.ts';
import { forgetFutureTimes } from './fold-result.ts';
import { buildHealthPut, type Health } from './health-item.ts';
import { createId } from '../id.ts';
import { MINUTE_MS } from '../schedule/slots.ts';
import { tableKeys } from '../table-keys.ts';
import { findTestedConnection, type TestedConnection } from './find-tested-connection.ts';
import { buildRetry, type FinishedTest, planTestRecord, toLastDue } from './plan-test-record.ts';
import { buildTestRecordPut } from '../testing/test-history.ts';
import type { TestResult } from '../testing/test-result.ts';

/** Records the result of a test. If another process records one at the same time, reads again and decides anew. */
export const recordTestResult = (
  deps: Pick<ProbeDependencies, 'store' | 'clock'>,
  call: SavedTest,
  finished: FinishedTest,
  read: TestedConnection,
): Promise<void> =>
  writeTested(deps.store, call, (tested) => planTestRecord(call, finished, tested, deps.clock()), read);

/** A test that could not be made because Mooring failed. */
export interface FailedRun {
  readonly result: TestResult;
  readonly now: number;
}

/**
 * Records that Mooring itself failed. That says nothing about the source, so that only a connection that waits for this test fails; it is
 * tested again in a few minutes.
 */
export const recordTestFault = (store: Store, call: SavedTest, failed: FailedRun): Promise<void> =>
  writeTested(store, call, (tested) => planTestFault(call, failed, tested));

const RETRY_AFTER_FAULT_MINUTES = 5;

const planTestFault = (
  call: SavedTest,
  { result, now }: FailedRun,
  { stored, health: read }: TestedConnection,
): readonly StoreChange[] => {
  const { tenant, id, trigger, actor, request_id, awaited, due } = call;
  const isWaiting = stored.status === 'testing' && awaited !== undefined && stored.awaits_test === awaited;
  // The connection waits for another test, or no longer for this one.
  if (awaited !== undefined && !isWaiting) return [];
  const known = forgetFutureTimes(read, now);
  const health: Health = {
    ...known,
    of: known.of ?? hashDerivation('login', stored),
    seq: read.seq + 1,
    last_due: toLastDue(known, due),
    retry_at: isWaiting ? now + RETRY_AFTER_FAULT_MINUTES * MINUTE_MS : known.retry_at,
    error: { at: now, code: 'unavailable' },
    ...(isWaiting && { run: null, recorded_at: now }),
  };
  const put = buildHealthPut(tenant, id, health, read.seq);
  const retry = buildRetry(call, health, now, stored.options.test_interval_minutes);
  if (!isWaiting) {
    const check = { check: tableKeys.connection(tenant, id), if: 'present' as const };
    return [put, ...(read.seq === 0 ? [check] : []), ...retry];
  }
  const next = toNextRevision(stored, {
    status: 'failed',
    status_reason: 'unavailable',
    decided_status: 'failed',
    decided_at:
      stored.decided_status === 'failed' ? (stored.decided_at ?? result.tested_at) : result.tested_at,
    last_test: { ...result, of: hashDerivation('test', stored) },
    tested_by: trigger,
    awaits_test: null,
    cause: 'tested',
  });
  return [
    put,
    buildConnectionPut(next, stored),
    buildTestRecordPut({ tenant, id }, trigger, { test: createId(now), result, run: known.run }, now),
    buildAuditPut({ tenant, actor, request_id, now }, id, 'tested'),
    ...retry,
  ];
};

const MAX_WRITE_ATTEMPTS = 40;

/** Writes what `plan` decides from the connection and its health, and starts again after a concurrent write. */
const writeTested = async (
  store: Store,
  { tenant, id }: SavedTest,
  plan: (tested: TestedConnection) => readonly StoreChange[],
  first?: TestedConnection,
): Promise<void> => {
  for (let attempt = 0; ; attempt++) {
    const tested = attempt === 0 && first ? first : await findTestedConnection(store, tenant, id);
    const changes = plan(tested);
    if (changes.length === 0) return;
    try {
      return await store.write(changes);
    } catch (error) {
      if (!(error instanceof Conflict)) throw error;
      if (attempt >= MAX_WRITE_ATTEMPTS)
        throw new Problem('unavailable', 'Too many updates of this connection at the same time', {
          cause: error,
        });
      await new Promise((resolve) => setTimeout(resolve, Math.random() * Math.min(200, 5 * 2 ** attempt)));
    }
  }
};
