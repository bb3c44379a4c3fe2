import { Problem } from '../problem.ts';
import { Conflict, type ReadStore, type Store } from '../ports/store.ts';
import type { RemoveVault, SecretRef } from '../ports/vault.ts';
import { audit, type Actor } from './audit.ts';
import { removeSnapshot } from './catalogs.ts';
import { checkVersion } from './change.ts';
import type { StoredConnection } from './connection.ts';
import { nameTaken } from './create.ts';
import { keys } from './keys.ts';
import { usersOf } from './show.ts';
import { readConnection } from './stored-connection.ts';
import { currentLayout } from './stored-item.ts';
import { listUsages } from './usages.ts';
import { after, itemOf, updateConnection } from './write.ts';

const keptDays = 30;

interface Where {
  readonly store: Store;
  readonly vault: RemoveVault;
}

/** Deletes a connection so that it can be restored for 30 days; its name is free at once. Throws `in-use` while consumers rely on it. */
export const removeConnection = async (
  { store, vault }: Where,
  actor: Actor,
  id: string,
  seen?: number,
): Promise<void> => {
  const { secret } = await bury(store, actor, id, seen);
  if ('name' in secret) await scheduleSecret({ store, vault }, actor, id, secret);
};

const scheduleSecret = async ({ store, vault }: Where, { tenant }: Actor, id: string, secret: SecretRef) => {
  await vault.remove(secret, keptDays);
  // The connection was restored in the meantime and needs its secret.
  if (await store.get(keys.connection(tenant, id))) await vault.restore(secret);
};

/** Undoes a delete. The credentials are tested again. */
export const restoreConnection = async (
  { store, vault }: Where,
  actor: Actor,
  id: string,
): Promise<StoredConnection> => {
  const { tenant, now } = actor;
  const gone = await findDeleted(store, actor, id);
  const version = gone.version + 1;
  const next = after(gone, {
    deleted_at: null,
    status: 'testing',
    awaits_test: version,
    version,
    cause: 'restored',
    updated_at: new Date(now).toISOString(),
  });
  try {
    // The secret comes first: a connection never names a secret that does not exist.
    if ('name' in gone.secret) await vault.restore(gone.secret);
    await store.write([
      { remove: keys.deleted(tenant, id), if: { revision: gone.revision } },
      { put: itemOf(keys.connection(tenant, id), withoutExpiry(next)), if: 'absent' },
      {
        put: { ...keys.name(tenant, gone.name), layout: currentLayout('name'), connection: id },
        if: 'absent',
      },
      audit(actor, id, 'restored'),
    ]);
    // Once more: a concurrent delete may have scheduled the secret for removal since.
    if ('name' in gone.secret) await vault.restore(gone.secret);
    return next;
  } catch (error) {
    // Another caller has purged or restored it at the same time.
    if (error instanceof Problem && error.code === 'credentials-required')
      await findDeleted(store, actor, id);
    if (!(error instanceof Conflict)) throw error;
    if (error.change === 0) throw new Problem('not-found', undefined, { cause: error });
    if ('name' in gone.secret) await scheduleSecret({ store, vault }, actor, id, gone.secret);
    throw nameTaken(error);
  }
};

/** Deletes a connection permanently and at once, whether or not it was deleted before. */
export const purgeConnection = async (
  { store, vault }: Where,
  actor: Actor,
  id: string,
  seen?: number,
): Promise<void> => {
  const { tenant } = actor;
  // An active connection is deleted first, so that the event of the delete is sent.
  if (await store.get(keys.connection(tenant, id))) await bury(store, actor, id, seen);
  const gone = await findDeleted(store, actor, id);
  checkVersion(gone, seen);
  try {
    await store.write([{ remove: keys.deleted(tenant, id), if: { revision: gone.revision } }]);
  } catch (error) {
    if (!(error instanceof Conflict)) throw error;
    return purgeConnection({ store, vault }, actor, id, seen);
  }
  if ('name' in gone.secret) await vault.remove(gone.secret, 0);
  await removeAround(store, keys.around(tenant, id));
};

/** Moves the connection to the deleted ones, without its catalogs. */
const bury = async (store: Store, actor: Actor, id: string, seen: number | undefined) => {
  const { tenant, now } = actor;
  let snapshots: string[] = [];
  const removed = await updateConnection(store, tenant, id, async (read) => {
    checkVersion(read, seen);
    await refuseInUse(store, actor, read);
    snapshots = snapshotsOf(read);
    const next = after(read, {
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
        { remove: keys.connection(tenant, id), if: { revision: read.revision } },
        {
          put: {
            ...itemOf(keys.deleted(tenant, id), next),
            expires: Math.floor(now / 1000) + keptDays * 86_400,
          },
        },
        { remove: keys.name(tenant, read.name) },
        audit(actor, id, 'deleted'),
      ],
    };
  });
  for (const snapshot of snapshots) await removeSnapshot(store, { ...tenant, id, snapshot });
  return removed;
};

const findDeleted = async (store: ReadStore, { tenant }: Actor, id: string): Promise<StoredConnection> => {
  const item = await store.get(keys.deleted(tenant, id));
  if (!item) throw new Problem('not-found', 'There is no deleted connection of this id here');
  return readConnection(item);
};

/** The item of a deleted connection expires. The item of a restored one must not. */
const withoutExpiry = (stored: StoredConnection): StoredConnection => {
  const { expires: _, ...rest } = stored as StoredConnection & { expires?: number };
  return rest;
};

const refuseInUse = async (store: ReadStore, { tenant, now }: Actor, read: StoredConnection) => {
  if (usersOf(read, now).length === 0) return;
  const usages = await listUsages(store, tenant, read.id, { limit: 100 });
  throw new Problem('in-use', 'Consumers rely on this connection', { usages: usages.data });
};

const snapshotsOf = ({ catalog, previous_catalog: previous }: StoredConnection): string[] =>
  [catalog, previous].flatMap((each) => each?.snapshot_id ?? []);

const removeAround = async (store: Store, pk: string) => {
  for (;;) {
    const { items } = await store.query({ pk, limit: 100 });
    if (items.length === 0) return;
    await store.write(items.map(({ pk: at, sk }) => ({ remove: { pk: at, sk } })));
  }
};
