import * as v from 'valibot';
import type { ReadStore, Store } from '../../ports/store.ts';
import type { Queue } from '../../ports/queue.ts';
import type { Timer } from '../../ports/timer.ts';
import { problemCodes, problems } from '../../problem.ts';
import type { Tenant } from '../access/tenant.ts';
import { toPublicId } from '../id.ts';
import { type StoredBatch, buildBatchHeaderPut, findBatch, listBatchResults } from './batch-item.ts';

/** The result of one connection. `code`, `blame` and `remediation` are those of the failed step. */
const BatchResult = v.object({
  id: v.string(),
  name: v.string(),
  status: v.picklist(['connected', 'failed', 'pending']),
  code: v.nullable(v.picklist(problemCodes)),
  blame: v.nullable(v.string()),
  remediation: v.nullable(v.string()),
  tested_at: v.nullable(v.string()),
});

/** A batch test as the API returns it. */
export const BatchTest = v.object({
  id: v.string(),
  total: v.number(),
  connected: v.number(),
  failed: v.number(),
  /** Tests that wait for their turn or run. */
  pending: v.number(),
  created_at: v.string(),
  results: v.array(BatchResult),
});
export type BatchTest = v.InferOutput<typeof BatchTest>;

interface BatchDependencies {
  readonly store: Store;
  readonly queue: Pick<Queue, 'sendTests'>;
  readonly timer?: Timer | undefined;
}

export const systemTimer: Timer = {
  measure: () => performance.now(),
  wait: (ms) => new Promise((resolve) => void setTimeout(resolve, ms)),
};

/** Waits until every test of a batch has a result, at most `wait` milliseconds, and returns what is known then. */
export const awaitBatch = async (
  { store, timer = systemTimer }: Pick<BatchDependencies, 'timer'> & { readonly store: ReadStore },
  tenant: Tenant,
  batch: StoredBatch,
  wait: number,
): Promise<BatchTest> => {
  const began = timer.measure();
  for (let pause = 250; ; pause = Math.min(2 * pause, 2000)) {
    const results = await listBatchResults(store, tenant, batch.id);
    const left = wait - (timer.measure() - began);
    if (results.size >= batch.members.length || left <= 0) return presentBatch(batch, results);
    await timer.wait(Math.min(pause, left));
  }
};

/**
 * Sends the tests that have no result yet, and notes that all were sent. A process may end before it has sent them all; the next request
 * for the batch then sends them. A test that is sent twice runs twice at most, and its first result counts.
 */
export const sendBatch = async (
  { store, queue }: BatchDependencies,
  tenant: Tenant,
  batch: StoredBatch,
  now: number,
): Promise<void> => {
  const results = await listBatchResults(store, tenant, batch.id);
  const messages = batch.members
    .filter(({ id }) => !results.has(id))
    .map(({ id }) => ({
      message: {
        org_id: tenant.org,
        environment_id: tenant.environment,
        connection_id: id,
        trigger: 'request' as const,
        request_id: batch.request_id,
        actor: batch.actor,
        batch: batch.id,
      },
    }));
  await queue.sendTests(messages);
  await store.write([buildBatchHeaderPut(tenant, { ...batch, sent: true }, now)]);
};

/** Finds a batch, and sends its tests if the request that created it did not get that far. */
export const resumeBatch = async (
  dependencies: BatchDependencies,
  tenant: Tenant,
  id: string,
  now: number,
): Promise<StoredBatch> => {
  const batch = await findBatch(dependencies.store, tenant, id);
  const isStale = now - Date.parse(batch.created_at) > SEND_LIMIT_MS;
  if (!batch.sent && isStale) await sendBatch(dependencies, tenant, batch, now);
  return batch;
};

/** By then, the request that creates a batch has sent its tests, or has failed. */
const SEND_LIMIT_MS = 30_000;

export const toPublicBatchId = (id: string): string => `batch_${id}`;

/** Parses the public form `batch_…` to 32 hex digits. */
export const BatchId = v.pipe(
  v.string(),
  v.regex(/^batch_[0-9a-f]{32}$/, 'an id of the form batch_…'),
  v.transform((id) => id.slice('batch_'.length)),
);

const pendingResult = { status: 'pending', code: null, remediation: null, tested_at: null } as const;

const presentBatch = (
  { id, members, created_at }: StoredBatch,
  recorded: Awaited<ReturnType<typeof listBatchResults>>,
): BatchTest => {
  const results = members.map(({ id: connection, name }) => {
    const { status, code, remediation, tested_at } = recorded.get(connection) ?? pendingResult;
    const blame = code === null ? null : problems[code].blame;
    return { id: toPublicId(connection), name, status, code, blame, remediation, tested_at };
  });
  const count = (status: string) => results.filter((result) => result.status === status).length;
  return {
    id: toPublicBatchId(id),
    total: results.length,
    connected: count('connected'),
    failed: count('failed'),
    pending: count('pending'),
    created_at,
    results,
  };
};
