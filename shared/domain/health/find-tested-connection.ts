import type { ReadStore } from '../../ports/store.ts';
import { Problem } from '../../problem.ts';
import type { Tenant } from '../access/tenant.ts';
import type { StoredConnection } from '../connections/connection.ts';
import { readConnection } from '../connections/stored-connection.ts';
import { type Health, readHealth } from './health-item.ts';
import { tableKeys } from '../table-keys.ts';

/** A connection and its health, as one round trip read them. */
export interface TestedConnection {
  readonly stored: StoredConnection;
  readonly health: Health;
}

/** Reads an active connection and its health in one round trip. Throws `not-found`. */
export const findTestedConnection = async (
  store: ReadStore,
  tenant: Tenant,
  id: string,
): Promise<TestedConnection> => {
  const [item, health] = await store.getMany([
    tableKeys.connection(tenant, id),
    tableKeys.health(tenant, id),
  ]);
  if (!item)
    throw new Problem('not-found', 'No connection with this id exists in this organisation and environment');
  return { stored: readConnection(item), health: readHealth(health) };
};
