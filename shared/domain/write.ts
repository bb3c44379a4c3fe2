import { Problem } from '../problem.ts';
import { type Change, Conflict, type Item, type Key, type ReadStore, type Store } from '../ports/store.ts';
import type { StoredConnection } from './connection.ts';
import { bindDerived } from './derived.ts';
import { keys } from './keys.ts';
import { readConnection } from './stored-connection.ts';
import { currentLayout } from './stored-item.ts';
import type { Tenant } from './tenant.ts';

export const tenantOf = (stored: StoredConnection): Tenant => ({
  org: stored.org_id,
  environment: stored.environment_id,
});

/** An active connection of this tenant, or `not-found`: another tenant's is not there. */
export const findConnection = async (
  store: ReadStore,
  tenant: Tenant,
  id: string,
): Promise<StoredConnection> => {
  const item = await store.get(keys.connection(tenant, id));
  if (!item) throw new Problem('not-found', 'There is no connection of this id here');
  return readConnection(item);
};

/** The active connection of exactly that name, if there is one. */
export const findByName = async (
  store: ReadStore,
  tenant: Tenant,
  name: string,
): Promise<StoredConnection | undefined> => {
  const named = await store.get(keys.name(tenant, name));
  const item = named && (await store.get(keys.connection(tenant, String(named['connection']))));
  const found = item && readConnection(item);
  return found?.name === name ? found : undefined;
};

/** Puts the connection's new state (`after` its present one), if it still is in the state that was read. */
export const putConnection = (next: StoredConnection, read: StoredConnection): Change => ({
  put: { ...itemOf(keys.connection(tenantOf(read), read.id), next) },
  if: { revision: read.revision },
});

/** The item that a connection is kept as. */
export const itemOf = (key: Key, { ...attributes }: StoredConnection): Item => ({
  ...attributes,
  ...key,
  layout: currentLayout('connection'),
});

/** What to write, and what the connection will be then; without changes nothing is written. */
export interface Decision {
  readonly next: StoredConnection;
  /** The first is the connection's own, conditional on its revision. */
  readonly changes: readonly Change[];
}

/**
 * Reads, decides and writes, and does it again when somebody else wrote in between: a test's result and a caller's
 * change never overwrite each other.
 */
export const updateConnection = async (
  store: Store,
  tenant: Tenant,
  id: string,
  decide: (read: StoredConnection) => Decision | Promise<Decision>,
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
      // Only the connection itself is worth another look; what else did not hold will not hold again.
      if (!(error instanceof Conflict) || error.change !== 0) throw error;
      if (attempt >= 40)
        throw new Problem('unavailable', 'The connection is being changed too often', { cause: error });
      await new Promise((resolve) => setTimeout(resolve, Math.random() * Math.min(200, 5 * 2 ** attempt)));
    }
  }
};

/** The next state of a connection, one revision later. */
export const after = (read: StoredConnection, change: Partial<StoredConnection>): StoredConnection =>
  bindDerived(read, { ...read, ...change, revision: read.revision + 1 });
