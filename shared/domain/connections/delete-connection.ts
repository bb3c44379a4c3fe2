import { Problem } from '../../problem.ts';
import { Conflict, type ReadStore, type Store } from '../../ports/store.ts';
import type { RemoveVault, SecretRef } from '../../ports/vault.ts';
import { buildAuditPut, type Actor } from '../access/audit.ts';
import { removeSnapshot } from '../catalog/snapshot/snapshot-reader.ts';
import { checkConnectionVersion } from './update-connection.ts';
import type { StoredConnection } from './connection.ts';
import { createNameTakenProblem } from './create-connection.ts';
import { tableKeys } from '../table-keys.ts';
import { listConsumers } from './present-connection.ts';
import { readConnection } from './stored-connection.ts';
import { buildSlotChanges } from '../schedule/slots.ts';
import { resolveCurrentLayout } from '../stored-item.ts';
import { listUsages } from '../usages/usages.ts';
import { buildTriggerIndexChanges } from '../triggers/trigger-index.ts';
import { toNextRevision, toConnectionItem, updateStoredConnection } from './connection-repository.ts';

const DELETED_RETENTION_DAYS = 30;

interface DeleteDependencies {
  readonly store: Store;
  readonly vault: RemoveVault;
}

/**
 * Deletes a connection so that it can be restored for 30 days; its name is free at once. Throws `in-use` while consumers rely on it. `read`
 * is the connection, if it was read already.
 */
export const deleteConnection = async (
  { store, vault }: DeleteDependencies,
  actor: Actor,
  id: string,
  seen?: number,
  read?: StoredConnection,
): Promise<void> => {
  const { secret } = await softDelete(store, actor, id, seen, read);
  if ('name' in secret) await scheduleSecretRemoval({ store, vault }, actor, id, secret);
};

const scheduleSecretRemoval = async (
  { store, vault }: DeleteDependencies,
  { tenant }: Actor,
  id: string,
  secret: SecretRef,
) => {
  await vault.remove(secret, DELETED_RETENTION_DAYS);
  // The connection was restored in the meantime and needs its secret.
  if (await store.get(tableKeys.connection(tenant, id))) await vault.restore(secret);
};

/** Undoes a delete. The credentials are tested again. */
export const restoreConnection = async (
  { store, vault }: DeleteDependencies,
  actor: Actor,
  id: string,
): Promise<StoredConnection> => {
  const { tenant, now } = actor;
  const deleted = await findDeletedConnection(store, actor, id);
  const version = deleted.version + 1;
  const next = toNextRevision(deleted, {
    deleted_at: null,
    status: 'testing',
    awaits_test: version,
    version,
    cause: 'restored',
    updated_at: new Date(now).toISOString(),
  });
  try {
    // The secret comes first: a connection never names a secret that does not exist.
    if ('name' in deleted.secret) await vault.restore(deleted.secret);
    await store.write([
      { remove: tableKeys.deleted(tenant, id), if: { revision: deleted.revision } },
      { put: toConnectionItem(tableKeys.connection(tenant, id), removeExpiry(next)), if: 'absent' },
      {
        put: {
          ...tableKeys.name(tenant, deleted.name),
          layout: resolveCurrentLayout('name'),
          connection: id,
        },
        if: 'absent',
      },
      buildAuditPut(actor, id, 'restored'),
      ...buildTriggerIndexChanges(undefined, next),
      ...buildSlotChanges({ tenant, id }, undefined, next.options.test_interval_minutes),
    ]);
    // Once more: a concurrent delete may have scheduled the secret for removal since.
    if ('name' in deleted.secret) await vault.restore(deleted.secret);
    return next;
  } catch (error) {
    // Another caller has purged or restored it at the same time.
    if (error instanceof Problem && error.code === 'credentials-required')
      await findDeletedConnection(store, actor, id);
    if (!(error instanceof Conflict)) throw error;
    if (error.change === 0) throw new Problem('not-found', undefined, { cause: error });
    if ('name' in deleted.secret) await scheduleSecretRemoval({ store, vault }, actor, id, deleted.secret);
    throw createNameTakenProblem(error);
  }
};

/** Deletes a connection permanently and at once, whether or not it was deleted before. */
export const purgeConnection = async (
  { store, vault }: DeleteDependencies,
  actor: Actor,
  id: string,
  seen?: number,
): Promise<void> => {
  const { tenant } = actor;
  // An active connection is deleted first, so that the event of the delete is sent.
  const active = await store.get(tableKeys.connection(tenant, id));
  if (active) await softDelete(store, actor, id, seen, readConnection(active));
  const deleted = await findDeletedConnection(store, actor, id);
  checkConnectionVersion(deleted, seen);
  try {
    await store.write([{ remove: tableKeys.deleted(tenant, id), if: { revision: deleted.revision } }]);
  } catch (error) {
    if (!(error instanceof Conflict)) throw error;
    return purgeConnection({ store, vault }, actor, id, seen);
  }
  if ('name' in deleted.secret) await vault.remove(deleted.secret, 0);
  await removeRelatedItems(store, tableKeys.connectionPartition(tenant, id));
};

/** Moves the connection to the deleted ones, without its catalogs. */
const softDelete = async (
  store: Store,
  actor: Actor,
  id: string,
  seen: number | undefined,
  first: StoredConnection | undefined,
) => {
  const { tenant, now } = actor;
  let snapshots: string[] = [];
  const removed = await updateStoredConnection(
    store,
    tenant,
    id,
    async (read) => {
      checkConnectionVersion(read, seen);
      await checkNotInUse(store, actor, read);
      snapshots = listSnapshotIds(read);
      const next = toNextRevision(read, {
        status: 'pending',
        status_reason: null,
        awaits_test: null,
        catalog: null,
        previous_catalog: null,
        last_introspection: null,
        usages: {},
        deleted_at: new Date(now).toISOString(),
        cause: 'deleted',
      });
      return {
        next,
        changes: [
          { remove: tableKeys.connection(tenant, id), if: { revision: read.revision } },
          {
            put: {
              ...toConnectionItem(tableKeys.deleted(tenant, id), next),
              expires: Math.floor(now / 1000) + DELETED_RETENTION_DAYS * 86_400,
            },
          },
          { remove: tableKeys.name(tenant, read.name) },
          { remove: tableKeys.health(tenant, id) },
          buildAuditPut(actor, id, 'deleted'),
          ...buildTriggerIndexChanges(read, undefined),
          ...buildSlotChanges({ tenant, id }, read.options.test_interval_minutes, undefined),
        ],
      };
    },
    first,
  );
  for (const snapshot of snapshots) await removeSnapshot(store, { ...tenant, id, snapshot });
  return removed;
};

const findDeletedConnection = async (
  store: ReadStore,
  { tenant }: Actor,
  id: string,
): Promise<StoredConnection> => {
  const item = await store.get(tableKeys.deleted(tenant, id));
  if (!item)
    throw new Problem(
      'not-found',
      'No deleted connection with this id exists in this organisation and environment',
    );
  return readConnection(item);
};

/** The item of a deleted connection expires. The item of a restored one must not. */
const removeExpiry = (stored: StoredConnection): StoredConnection => {
  const { expires: _, ...rest } = stored as StoredConnection & { expires?: number };
  return rest;
};

const checkNotInUse = async (store: ReadStore, { tenant, now }: Actor, read: StoredConnection) => {
  if (listConsumers(read, now).length === 0) return;
  const usages = await listUsages(store, tenant, read.id, { limit: 100 });
  throw new Problem('in-use', 'Consumers use this connection', { usages: usages.data });
};

const listSnapshotIds = ({ catalog, previous_catalog: previous }: StoredConnection): string[] =>
  [catalog, previous].flatMap((each) => each?.snapshot_id ?? []);

const removeRelatedItems = async (store: Store, pk: string) => {
  for (;;) {
    const { items } = await store.query({ pk, limit: 100 });
    if (items.length === 0) return;
    await store.write(items.map(({ pk: at, sk }) => ({ remove: { pk: at, sk } })));
  }
};
