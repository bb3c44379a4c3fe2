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

/** Soft: kept for 30 days, its name free at once. Refused while consumers rely on it. */
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
  // Restored meanwhile: then the secret is wanted.
  if (await store.get(keys.connection(tenant, id))) await vault.restore(secret);
};

/** Undoes a delete; its credentials are tested again. */
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
    // The secret first: a connection never names one that is not there.
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
    // Again: the delete may have been about to remove it.
    if ('name' in gone.secret) await vault.restore(gone.secret);
    return next;
  } catch (error) {
    // Purged, or restored by another caller, at the same time.
    if (error instanceof Problem && error.code === 'credentials-required')
      await findDeleted(store, actor, id);
    if (!(error instanceof Conflict)) throw error;
    if (error.change === 0) throw new Problem('not-found', undefined, { cause: error });
    if ('name' in gone.secret) await scheduleSecret({ store, vault }, actor, id, gone.secret);
    throw nameTaken(error);
  }
};

/** For good and at once, whether it was deleted before or not. */
export const purgeConnection = async (
  { store, vault }: Where,
  actor: Actor,
  id: string,
  seen?: number,
): Promise<void> => {
  const { tenant } = actor;
  // Deleted first, so that others hear of it as of every delete.
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

/** Moves it to the deleted ones, without its catalog. */
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

/** The item of a deleted connection expires; that of a restored one must not. */
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
