import { Problem } from '../../problem.ts';
import {
  type StoreChange,
  Conflict,
  type Item,
  type ItemKey,
  type ReadStore,
  type Store,
} from '../../ports/store.ts';
import type { StoredConnection } from './connection.ts';
import { bindDerived } from './derived-data.ts';
import { tableKeys } from '../table-keys.ts';
import { readConnection } from './stored-connection.ts';
import { resolveCurrentLayout } from '../stored-item.ts';
import type { Tenant } from '../access/tenant.ts';

export const toTenant = (stored: StoredConnection): Tenant => ({
  org: stored.org_id,
  environment: stored.environment_id,
});

/** Reads an active connection of this tenant. Throws `not-found` if there is none, or if it belongs to another tenant. */
export const findConnection = async (
  store: ReadStore,
  tenant: Tenant,
  id: string,
): Promise<StoredConnection> => {
  const item = await store.get(tableKeys.connection(tenant, id));
  if (!item)
    throw new Problem('not-found', 'No connection with this id exists in this organisation and environment');
  return readConnection(item);
};

/** Finds the active connection with exactly this name. */
export const findConnectionByName = async (
  store: ReadStore,
  tenant: Tenant,
  name: string,
): Promise<StoredConnection | undefined> => {
  const named = await store.get(tableKeys.name(tenant, name));
  const item = named && (await store.get(tableKeys.connection(tenant, String(named['connection']))));
  const found = item && readConnection(item);
  return found?.name === name ? found : undefined;
};

/** The write that stores the new state of a connection, on condition that its revision is still the one that was read. */
export const buildConnectionPut = (next: StoredConnection, read: StoredConnection): StoreChange => ({
  put: { ...toConnectionItem(tableKeys.connection(toTenant(read), read.id), next) },
  if: { revision: read.revision },
});

/** The item in which the store keeps a connection. */
export const toConnectionItem = (key: ItemKey, { ...attributes }: StoredConnection): Item => ({
  ...attributes,
  ...key,
  layout: resolveCurrentLayout('connection'),
});

/** The writes, and the connection after them. If there are no writes, the connection is not updated. */
export interface UpdateDecision {
  readonly next: StoredConnection;
  /** The first write is the connection's own, conditional on its revision. */
  readonly changes: readonly StoreChange[];
}

/**
 * Reads the connection, decides and writes, and starts again after a concurrent write. So results of tests and updates of callers never
 * overwrite each other.
 */
export const updateStoredConnection = async (
  store: Store,
  tenant: Tenant,
  id: string,
  decide: (read: StoredConnection) => UpdateDecision | Promise<UpdateDecision>,
  first?: StoredConnection,
): Promise<StoredConnection> => {
  for (let attempt = 0; ; attempt++) {
    const read = attempt === 0 && first ? first : await findConnection(store, tenant, id);
    const { next, changes } = await decide(read);
    if (changes.length === 0) return next;
    try {
      await store.write(changes);
      return next;
    } catch (error) {
      // Retry only conflicts on the connection itself. A failed condition on another item would fail again.
      if (!(error instanceof Conflict) || error.change !== 0) throw error;
      if (attempt >= 40)
        throw new Problem('unavailable', 'Too many updates of this connection at the same time', {
          cause: error,
        });
      await new Promise((resolve) => setTimeout(resolve, Math.random() * Math.min(200, 5 * 2 ** attempt)));
    }
  }
};

/** Returns the next state of a connection, with the next revision. */
export const toNextRevision = (read: StoredConnection, change: Partial<StoredConnection>): StoredConnection =>
  bindDerived(read, { ...read, ...change, revision: read.revision + 1 });
