import type { ReadStore } from '../../ports/store.ts';
import type { Tenant } from '../access/tenant.ts';
import { tableKeys } from '../table-keys.ts';
import { type Health, NO_HEALTH, readHealth } from './health-item.ts';

/** Reads the health of one connection. */
export const findHealth = async (store: ReadStore, tenant: Tenant, id: string): Promise<Health> =>
  readHealth(await store.get(tableKeys.health(tenant, id)));

/** Returns the health of a connection of the page. */
export type HealthLookup = (id: string) => Health;

/**
 * Reads the health of the connections of one page of a list. Without a filter, the page holds all connections of a range of ids, so that one
 * range query finds their health; with a filter, they are read by their keys.
 */
export const readPageHealth = async (
  store: ReadStore,
  tenant: Tenant,
  ids: readonly string[],
  isFiltered: boolean,
): Promise<HealthLookup> => {
  const items = isFiltered
    ? await store.getMany(ids.map((id) => tableKeys.health(tenant, id)))
    : await readHealthRange(store, tenant, ids);
  const found = new Map(items.flatMap((item) => (item ? [[item.sk, readHealth(item)] as const] : [])));
  return (id) => found.get(tableKeys.health(tenant, id).sk) ?? NO_HEALTH;
};

const readHealthRange = async (store: ReadStore, tenant: Tenant, ids: readonly string[]) => {
  const sorted = ids.toSorted();
  const [first, last] = [sorted[0], sorted.at(-1)];
  if (first === undefined || last === undefined) return [];
  const { pk, sk: from } = tableKeys.health(tenant, first);
  const { sk: to } = tableKeys.health(tenant, last);
  // A connection that was created since may be in the range.
  const limit = ids.length + 50;
  const { items, next } = await store.query({ pk, from, to, limit });
  if (next === undefined && items.length < limit) return items;
  return store.getMany(ids.map((id) => tableKeys.health(tenant, id)));
};
