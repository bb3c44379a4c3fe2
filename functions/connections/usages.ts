import * as v from 'valibot';
import { listUsagesOf, Usage } from '../../shared/domain/usages.ts';
import { defineEndpoint } from '../../shared/http/endpoint.ts';
import { lambda } from '../../shared/http/lambda.ts';
import { cursorOf, pageOf, pageQuery, positionOf } from '../../shared/http/paging.ts';
import { byId, isConsumer } from '../../shared/http/wire.ts';

export const endpoint = defineEndpoint({
  summary: 'List who relies on a connection',
  params: byId,
  query: v.strictObject(pageQuery),
  status: 200,
  returns: pageOf(Usage),
  scope: 'connections:read',
  problems: ['invalid-cursor'],
  uses: { store: 'read' },
  handle: async ({ params: { id }, query: { limit, cursor }, tenant, store }) => {
    const list = { tenant, of: ['usages', id], accepts: isConsumer };
    const page = await listUsagesOf(store, tenant, id, { limit, after: positionOf(list, cursor) });
    return { data: page.data, next_cursor: cursorOf(list, page.next) };
  },
});

export const handler = lambda(endpoint);
