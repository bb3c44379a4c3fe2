import { createHash } from 'node:crypto';
import * as v from 'valibot';
import type { Item, ReadStore, StoreChange } from '../../ports/store.ts';
import { Problem, problemCodes } from '../../problem.ts';
import type { Tenant } from '../access/tenant.ts';
import { resolveCurrentLayout, upgradeItem } from '../stored-item.ts';
import { tableKeys } from '../table-keys.ts';

const BATCH_RETENTION_SECONDS = 7 * 86_400;

export const toBatchExpiry = (now: number): number => Math.floor(now / 1000) + BATCH_RETENTION_SECONDS;

/** A connection of a batch. The name is the one at the time of the request, so that a connection that is deleted later is named. */
export interface BatchMember {
  readonly id: string;
  readonly name: string;
}

export interface StoredBatch {
  readonly id: string;
  readonly members: readonly BatchMember[];
  readonly created_at: string;
  /** For the audit records of the tests. */
  readonly actor: string;
  readonly request_id: string;
  /** Whether the queue has taken every test. */
  readonly sent: boolean;
}

/** The result of one connection, as the store keeps it. */
const StoredBatchResult = v.object({
  status: v.picklist(['connected', 'failed']),
  code: v.nullable(v.picklist(problemCodes)),
  remediation: v.nullable(v.string()),
  tested_at: v.nullable(v.string()),
});
export type StoredBatchResult = v.InferOutput<typeof StoredBatchResult>;

const BatchHeader = v.object({
  chunks: v.number(),
  created_at: v.string(),
  actor: v.string(),
  request_id: v.string(),
  sent: v.boolean(),
});

const BatchMembers = v.array(v.object({ id: v.string(), name: v.string() }));

/** The write of the header alone. */
export const buildBatchHeaderPut = (
  tenant: Tenant,
  { id, members, ...header }: StoredBatch,
  now: number,
): StoreChange => ({
  put: {
    ...tableKeys.batch(tenant, id, 'BATCH'),
    layout: resolveCurrentLayout('batch'),
    ...header,
    chunks: Math.ceil(members.length / MEMBERS_PER_ITEM),
    expires: toBatchExpiry(now),
  },
});

/** The writes that add a batch: at most 11, because an item has at most 400 KB and a name at most 800 bytes. */
export const buildBatchPuts = (tenant: Tenant, batch: StoredBatch, now: number): readonly StoreChange[] => {
  const chunks = Array.from({ length: Math.ceil(batch.members.length / MEMBERS_PER_ITEM) }, (_, n) =>
    batch.members.slice(n * MEMBERS_PER_ITEM, (n + 1) * MEMBERS_PER_ITEM),
  );
  return [
    buildBatchHeaderPut(tenant, batch, now),
    ...chunks.map((members, chunk) => ({
      put: {
        ...tableKeys.batch(tenant, batch.id, `MEMBERS#${chunk}`),
        layout: resolveCurrentLayout('batch'),
        members: members.map(({ id, name }) => ({ id, name })),
        expires: toBatchExpiry(now),
      },
    })),
  ];
};

const MEMBERS_PER_ITEM = 100;

/** Throws `not-found` if the tenant has no such batch, or had it more than seven days ago. */
export const findBatch = async (store: ReadStore, tenant: Tenant, id: string): Promise<StoredBatch> => {
  const item = await store.get(tableKeys.batch(tenant, id, 'BATCH'));
  if (!item)
    throw new Problem('not-found', 'No batch test with this id exists in this organisation and environment');
  const { chunks, ...header } = v.parse(BatchHeader, upgradeItem('batch', item));
  const keys = Array.from({ length: chunks }, (_, chunk) => tableKeys.batch(tenant, id, `MEMBERS#${chunk}`));
  const parts = await store.getMany(keys);
  return { id, members: parts.flatMap((part) => (part ? readMembers(part) : [])), ...header };
};

const readMembers = (item: Item): readonly BatchMember[] =>
  v.parse(BatchMembers, upgradeItem('batch', item)['members']);

/** Reads the results that are recorded so far, by connection. */
export const listBatchResults = async (
  store: ReadStore,
  tenant: Tenant,
  id: string,
): Promise<ReadonlyMap<string, StoredBatchResult>> => {
  const { pk, sk: prefix } = tableKeys.batchResult(tenant, id, '');
  const found = new Map<string, StoredBatchResult>();
  for (let from: string | undefined = prefix; from !== undefined;) {
    const page: Awaited<ReturnType<ReadStore['query']>> = await store.query({
      pk,
      from,
      to: `${prefix}~`,
      limit: MAX_BATCH_MEMBERS + 1,
    });
    for (const item of page.items)
      found.set(item.sk.slice(prefix.length), v.parse(StoredBatchResult, upgradeItem('batch', item)));
    from = page.next;
  }
  return found;
};

/** How many connections one batch tests. */
export const MAX_BATCH_MEMBERS = 1000;

/** Whether the body of a request equals that of another one. It contains no secret. */
export const hashBatchRequest = (body: string): string =>
  createHash('sha256').update(`POST /v1/tests\0${body}`).digest('hex');
