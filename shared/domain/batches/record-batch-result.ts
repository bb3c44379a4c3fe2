import { Conflict, type Store } from '../../ports/store.ts';
import type { TestMessage } from '../../ports/queue.ts';
import { Problem, type ProblemCode, problems } from '../../problem.ts';
import { resolveCurrentLayout } from '../stored-item.ts';
import { tableKeys } from '../table-keys.ts';
import type { TestResult } from '../testing/test-result.ts';
import { type StoredBatchResult, toBatchExpiry } from './batch-item.ts';

type BatchTest = Pick<TestMessage, 'org_id' | 'environment_id' | 'connection_id' | 'batch'>;

/**
 * Runs the test of a message and records its result for the batch that waits for it. If the batch has its result already, the test is
 * skipped. A connection that was deleted meanwhile gets a result too; any other error is the caller's, and the queue delivers again.
 */
export const runForBatch = async (
  { store, now }: { readonly store: Store; readonly now: number },
  message: BatchTest,
  run: () => Promise<TestResult>,
): Promise<void> => {
  if (await hasBatchResult(store, message)) return;
  try {
    await recordBatchResult(store, message, await run(), now);
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== 'not-found') throw error;
    await recordBatchFailure(store, message, 'not-found', now);
  }
};

/** Whether the batch of a message has its result already, so that the test need not run again. */
const hasBatchResult = async (store: Pick<Store, 'get'>, message: BatchTest): Promise<boolean> => {
  const { batch } = message;
  return batch !== undefined && (await store.get(toResultKey(message, batch))) !== undefined;
};

/** Records the result of a test for the batch that waits for it, if there is one. */
const recordBatchResult = (
  store: Store,
  message: BatchTest,
  { status, details, steps, tested_at }: TestResult,
  now: number,
): Promise<void> => {
  const code = details.code ?? null;
  const step = steps.find((each) => each.status === 'failed');
  return recordOnce(store, message, now, {
    status,
    code,
    remediation: code === null ? null : (step?.remediation ?? problems[code].remediation),
    tested_at,
  });
};

/** Records that a test will not be made: its connection was deleted (`not-found`), or its message is a dead letter (`unavailable`). */
export const recordBatchFailure = (
  store: Store,
  message: BatchTest,
  code: Extract<ProblemCode, 'not-found' | 'unavailable'>,
  now: number,
): Promise<void> =>
  recordOnce(store, message, now, {
    status: 'failed',
    code,
    remediation: code === 'not-found' ? DELETED_REMEDIATION : problems[code].remediation,
    tested_at: null,
  });

const DELETED_REMEDIATION =
  'The connection was deleted after the batch test was requested. Restore it, or request a batch test without it.';

/** The first result counts. The queue may deliver a message twice, and the probe may end between its test and this write. */
const recordOnce = async (
  store: Store,
  message: BatchTest,
  now: number,
  result: StoredBatchResult,
): Promise<void> => {
  const { batch } = message;
  if (batch === undefined) return;
  const put = {
    ...toResultKey(message, batch),
    layout: resolveCurrentLayout('batch'),
    ...result,
    expires: toBatchExpiry(now),
  };
  try {
    await store.write([{ put, if: 'absent' }]);
  } catch (error) {
    if (!(error instanceof Conflict)) throw error;
  }
};

const toResultKey = ({ org_id, environment_id, connection_id }: BatchTest, batch: string) =>
  tableKeys.batchResult({ org: org_id, environment: environment_id }, batch, connection_id);
