import * as v from 'valibot';
import { createFieldProblem } from '../../parse-input.ts';
import type { Queue } from '../../ports/queue.ts';
import { Conflict, type ReadStore, type Store } from '../../ports/store.ts';
import { Problem } from '../../problem.ts';
import type { Actor } from '../access/audit.ts';
import type { Tenant } from '../access/tenant.ts';
import type { Idempotency } from '../connections/create-connection.ts';
import { readAllConnections } from '../connections/list-connections.ts';
import { readConnection } from '../connections/stored-connection.ts';
import { createId } from '../id.ts';
import { resolveCurrentLayout, upgradeItem } from '../stored-item.ts';
import { tableKeys } from '../table-keys.ts';
import {
  type BatchMember,
  buildBatchPuts,
  hashBatchRequest,
  MAX_BATCH_MEMBERS,
  type StoredBatch,
  toBatchExpiry,
} from './batch-item.ts';
import { resumeBatch, sendBatch } from './batch-test.ts';

interface CreateBatchDependencies {
  readonly store: Store;
  readonly queue: Pick<Queue, 'sendTests'>;
}

/** The connections that a batch tests: by id, or all that have one of the tags. */
interface BatchSelection {
  readonly ids?: readonly string[] | undefined;
  readonly tags?: readonly string[] | undefined;
}

/** Stores a batch and sends its tests. A request that repeats an idempotency key gets the batch of the first one. */
export const createBatch = async (
  dependencies: CreateBatchDependencies,
  actor: Actor,
  selection: BatchSelection,
  idempotency: Idempotency | undefined,
): Promise<StoredBatch> => {
  const { store } = dependencies;
  const { tenant, now } = actor;
  const first = idempotency && (await findFirstBatch(dependencies, actor, idempotency));
  if (first) return first;
  const batch: StoredBatch = {
    id: createId(now),
    members: await resolveMembers(store, tenant, selection),
    created_at: new Date(now).toISOString(),
    actor: actor.actor,
    request_id: actor.request_id,
    sent: false,
  };
  const puts = buildBatchPuts(tenant, batch, now);
  try {
    await store.write(idempotency ? [buildKeyPut(actor, idempotency, batch), ...puts] : puts);
  } catch (error) {
    // Of two requests with one key at the same time, the second gets the batch of the first.
    const other =
      error instanceof Conflict && idempotency && (await findFirstBatch(dependencies, actor, idempotency));
    if (other) return other;
    throw error;
  }
  await sendBatch(dependencies, tenant, batch, now);
  return batch;
};

const buildKeyPut = ({ tenant, now }: Actor, { key, body }: Idempotency, batch: StoredBatch) => ({
  put: {
    ...tableKeys.idempotency(tenant, key),
    layout: resolveCurrentLayout('idempotency'),
    hash: hashBatchRequest(body),
    batch: batch.id,
    expires: Math.min(Math.floor(now / 1000) + 86_400, toBatchExpiry(now)),
  },
  if: 'absent' as const,
});

/** Throws `idempotency-key-reused` if the first request with this key had another body, or was not for a batch test. */
const findFirstBatch = async (
  dependencies: CreateBatchDependencies,
  { tenant, now }: Actor,
  { key, body }: Idempotency,
): Promise<StoredBatch | undefined> => {
  const found = await dependencies.store.get(tableKeys.idempotency(tenant, key));
  if (!found) return undefined;
  const { hash, batch } = v.parse(BatchKey, upgradeItem('idempotency', found));
  if (batch === undefined || hash !== hashBatchRequest(body))
    throw new Problem(
      'idempotency-key-reused',
      'Idempotency-Key: expected a new key, or the same body as before',
    );
  return resumeBatch(dependencies, tenant, batch, now);
};

const BatchKey = v.object({ hash: v.string(), batch: v.exactOptional(v.string()) });

const resolveMembers = async (
  store: ReadStore,
  tenant: Tenant,
  { ids, tags }: BatchSelection,
): Promise<readonly BatchMember[]> => {
  if (ids !== undefined && tags === undefined) return findMembers(store, tenant, ids);
  if (tags !== undefined && ids === undefined) return findTaggedMembers(store, tenant, tags);
  throw createFieldProblem(
    [{ path: 'ids', expected: 'either ids or tags', rule: 'missing' }],
    'invalid-request',
    'body',
  );
};

/** Throws `invalid-request` with the path of each id that the tenant does not have. */
const findMembers = async (
  store: ReadStore,
  tenant: Tenant,
  ids: readonly string[],
): Promise<readonly BatchMember[]> => {
  const items = await store.getMany(ids.map((id) => tableKeys.connection(tenant, id)));
  const missing = items.flatMap((item, at) =>
    item ? [] : [{ path: `ids.${at}`, expected: 'the id of a connection that exists' }],
  );
  if (missing.length > 0) throw createFieldProblem(missing, 'invalid-request', 'body');
  const members = items.flatMap((item) => (item ? [toMember(readConnection(item))] : []));
  return [...new Map(members.map((member) => [member.id, member])).values()];
};

const findTaggedMembers = async (
  store: ReadStore,
  tenant: Tenant,
  tags: readonly string[],
): Promise<readonly BatchMember[]> => {
  const wanted = new Set(tags);
  const members: BatchMember[] = [];
  for await (const connection of readAllConnections(store, tenant)) {
    if (!connection.tags.some((tag) => wanted.has(tag))) continue;
    members.push(toMember(connection));
    if (members.length > MAX_BATCH_MEMBERS)
      throw createFieldProblem(
        [{ path: 'tags', expected: `tags of at most ${MAX_BATCH_MEMBERS} connections` }],
        'invalid-request',
        'body',
      );
  }
  // A pipeline whose tags match nothing must not pass.
  if (members.length === 0)
    throw createFieldProblem(
      [{ path: 'tags', expected: 'a tag that a connection has' }],
      'invalid-request',
      'body',
    );
  return members;
};

const toMember = ({ id, name }: BatchMember): BatchMember => ({ id, name });
