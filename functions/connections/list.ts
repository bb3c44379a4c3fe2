import * as v from 'valibot';
import { maxCharacters } from '../../shared/characters.ts';
import { types } from '../../shared/domain/connection-input.ts';
import { ListedConnection } from '../../shared/domain/connection.ts';
import { settleIntrospection } from '../../shared/domain/introspection-outcome.ts';
import { listConnections } from '../../shared/domain/list.ts';
import { showListed } from '../../shared/domain/show.ts';
import { defineEndpoint } from '../../shared/http/endpoint.ts';
import { lambda } from '../../shared/http/lambda.ts';
import { acceptsId, cursorOf, Flag, pageOf, pageQuery, positionOf } from '../../shared/http/paging.ts';

const text = v.optional(v.pipe(v.string(), v.minLength(1), maxCharacters(200)));

export const endpoint = defineEndpoint({
  summary: 'List connections',
  description: 'Newest first.',
  query: v.strictObject({
    ...pageQuery,
    type: v.optional(v.picklist(types)),
    status: v.optional(v.picklist(['pending', 'testing', 'connected', 'failed'])),
    role: v.optional(v.picklist(['source', 'target'])),
    product: text,
    tag: text,
    name_prefix: text,
    include_deleted: v.optional(Flag, 'false'),
  }),
  status: 200,
  returns: pageOf(ListedConnection),
  scope: 'connections:read',
  problems: ['invalid-cursor'],
  uses: { store: 'read' },
  handle: async ({ query: { limit, cursor, ...filter }, tenant, store, now }) => {
    const list = { tenant, of: ['connections', filter], accepts: acceptsId };
    const page = await listConnections(store, tenant, filter, { limit, after: positionOf(list, cursor) });
    // One read for each running introspection; few run at a time.
    const settled = await Promise.all(page.data.map((stored) => settleIntrospection(store, stored, now)));
    return {
      data: settled.map((stored) => showListed(stored, now)),
      next_cursor: cursorOf(list, page.next),
    };
  },
});

export const handler = lambda(endpoint);
