import type { ReadStore } from '../../ports/store.ts';
import { toCanonicalHost } from '../../network/to-canonical-host.ts';
import type { Tenant } from '../access/tenant.ts';
import type { StoredConnection } from '../connections/connection.ts';
import { toTenant } from '../connections/connection-repository.ts';
import { readAllConnections } from '../connections/list-connections.ts';
import { readConnection } from '../connections/stored-connection.ts';
import { tableKeys } from '../table-keys.ts';
import { listDestinations } from '../testing/list-destinations.ts';
import { MAX_REQUESTED_CONNECTIONS, type TestRequest } from './inbound-event.ts';
import {
  isIndexedAt,
  readTriggerItem,
  type TriggeredConnection,
  type TriggerRange,
} from './trigger-index.ts';

/** Reads the connections of the items of an index. Items of connections that are gone or have changed are left out. */
export const findIndexed = async (
  store: ReadStore,
  { pk, accepts }: TriggerRange,
  isWanted: (connection: StoredConnection) => boolean,
): Promise<readonly TriggeredConnection[]> => {
  const found: TriggeredConnection[] = [];
  for (let from: string | undefined = '0'; from !== undefined;) {
    const page: Awaited<ReturnType<ReadStore['query']>> = await store.query({ pk, from, limit: INDEX_PAGE });
    const entries = page.items.filter(accepts).map(readTriggerItem);
    const items = await store.getMany(entries.map(({ tenant, id }) => tableKeys.connection(tenant, id)));
    found.push(
      ...items
        .flatMap((item) => (item ? [readConnection(item)] : []))
        .filter((connection) => isIndexedAt(connection, pk) && isWanted(connection))
        .map(toTriggered),
    );
    const last = page.next ?? (page.items.length === INDEX_PAGE ? page.items.at(-1)?.sk : undefined);
    // Both ends of a range are inclusive: the next page begins after the last id.
    from = last === undefined ? undefined : `${last}!`;
  }
  return found;
};

const INDEX_PAGE = 1000;

const toTriggered = (connection: StoredConnection): TriggeredConnection => ({
  tenant: toTenant(connection),
  id: connection.id,
});

/**
 * Finds the connections of a tenant that match every filter of a request; of a filter's values, one is enough. Returns `undefined` if they
 * are more than one event may test.
 */
export const findRequested = async (
  store: ReadStore,
  tenant: Tenant,
  request: TestRequest,
): Promise<readonly TriggeredConnection[] | undefined> => {
  const isWanted = createRequestFilter(request);
  const found: TriggeredConnection[] = [];
  for await (const connection of readCandidates(store, tenant, request)) {
    if (!isWanted(connection)) continue;
    if (found.length === MAX_REQUESTED_CONNECTIONS) return undefined;
    found.push(toTriggered(connection));
  }
  return found;
};

async function* readCandidates(
  store: ReadStore,
  tenant: Tenant,
  { connection_ids: ids }: TestRequest,
): AsyncGenerator<StoredConnection> {
  if (ids === undefined) return yield* readAllConnections(store, tenant);
  const keys = [...new Set(ids)].map((id) => tableKeys.connection(tenant, id.slice('conn_'.length)));
  for (const item of await store.getMany(keys)) if (item) yield readConnection(item);
}

const createRequestFilter = ({ tags, types, hosts }: TestRequest) => {
  const wantedHosts = hosts && new Set(hosts.map((host) => toCanonicalHost(host) ?? host.toLowerCase()));
  return (connection: StoredConnection): boolean =>
    (tags === undefined || connection.tags.some((tag) => tags.includes(tag))) &&
    (types === undefined || types.some((type) => type === connection.type)) &&
    (wantedHosts === undefined || listDestinations(connection).some((host) => wantedHosts.has(host)));
};
