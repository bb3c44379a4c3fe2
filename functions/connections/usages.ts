import * as v from 'valibot';
import { listConnectionUsages, Usage } from '../../shared/domain/usages/usages.ts';
import { defineEndpoint } from '../../shared/http/endpoint.ts';
import { createHandler } from '../../shared/http/handler.ts';
import { encodeCursor, createPageSchema, pageQuery, decodeCursor } from '../../shared/http/paging.ts';
import { connectionParams, isConsumerName } from '../../shared/http/connection-params.ts';
import { getAwsRuntime } from '../../shared/runtime/aws-runtime.ts';

export const endpoint = defineEndpoint({
  summary: 'List the usages of a connection',
  params: connectionParams,
  query: v.strictObject(pageQuery),
  status: 200,
  returns: createPageSchema(Usage),
  scope: 'connections:read',
  problems: ['invalid-cursor'],
  uses: { store: 'read' },
  handle: async ({ params: { id }, query: { limit, cursor }, tenant, store }) => {
    const list = { tenant, of: ['usages', id], accepts: isConsumerName };
    const page = await listConnectionUsages(store, tenant, id, { limit, after: decodeCursor(list, cursor) });
    return { data: page.data, next_cursor: encodeCursor(list, page.next) };
  },
});

export const handler = createHandler(endpoint, getAwsRuntime);
