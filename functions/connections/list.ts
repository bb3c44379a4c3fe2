import * as v from 'valibot';
import { limitCharacters } from '../../shared/characters.ts';
import { connectorTypes } from '../../shared/domain/connections/connection-input.ts';
import {
  connectionStatuses,
  ListedConnection,
  type StoredConnection,
} from '../../shared/domain/connections/connection.ts';
import { markLostAttempt } from '../../shared/domain/catalog/introspection-outcome.ts';
import { isFiltered, listConnections } from '../../shared/domain/connections/list-connections.ts';
import { readPageHealth } from '../../shared/domain/health/list-health.ts';
import { presentListedConnection } from '../../shared/domain/connections/present-connection.ts';
import { defineEndpoint } from '../../shared/http/endpoint.ts';
import { createHandler } from '../../shared/http/handler.ts';
import {
  isIdPosition,
  encodeCursor,
  QueryFlag,
  createPageSchema,
  pageQuery,
  decodeCursor,
} from '../../shared/http/paging.ts';
import { getAwsRuntime } from '../../shared/runtime/aws-runtime.ts';

const FilterText = v.optional(v.pipe(v.string(), v.minLength(1), limitCharacters(200)));

export const endpoint = defineEndpoint({
  summary: 'List connections',
  description: 'Lists the newest connections first.',
  query: v.strictObject({
    ...pageQuery,
    type: v.optional(v.picklist(connectorTypes)),
    status: v.optional(v.picklist(connectionStatuses)),
    role: v.optional(v.picklist(['source', 'target'])),
    product: FilterText,
    tag: FilterText,
    name_prefix: FilterText,
    include_deleted: v.optional(QueryFlag, 'false'),
  }),
  status: 200,
  returns: createPageSchema(ListedConnection),
  scope: 'connections:read',
  problems: ['invalid-cursor'],
  uses: { store: 'read' },
  handle: async ({ query: { limit, cursor, ...filter }, tenant, store, now }) => {
    const list = { tenant, of: ['connections', filter], accepts: isIdPosition };
    const page = await listConnections(store, tenant, filter, { limit, after: decodeCursor(list, cursor) });
    // One read for each running introspection; few run at a time.
    const [findHealth, ...settled] = await Promise.all([
      readPageHealth(store, tenant, listActiveIds(page.data), isFiltered(filter)),
      ...page.data.map((stored) => markLostAttempt(store, stored, now)),
    ]);
    return {
      data: settled.map((stored) => presentListedConnection(stored, findHealth(stored.id), now)),
      next_cursor: encodeCursor(list, page.next),
    };
  },
});

const listActiveIds = (page: readonly StoredConnection[]) =>
  page.filter((stored) => stored.deleted_at === null).map(({ id }) => id);

export const handler = createHandler(endpoint, getAwsRuntime);
