import * as v from 'valibot';
import { listConnections } from '../../shared/domain/list.ts';
import { defineEndpoint, reply } from '../../shared/http/endpoint.ts';
import { lambda } from '../../shared/http/lambda.ts';
import { acceptsId, cursorOf, pageQuery, positionOf } from '../../shared/http/paging.ts';
import { ConnectionListResponse, filter, registrationOf, registrations, success } from './wire.ts';

export const endpoint = defineEndpoint({
  api: registrations,
  summary: 'List Connections',
  description:
    'All active PostgreSQL connections, newest first. Where they are more than fit into 4 MB, the header ' +
    '`Link: <…?cursor=…>; rel="next"` says where the list goes on.',
  query: v.strictObject({ cursor: pageQuery.cursor }),
  status: 200,
  returns: ConnectionListResponse,
  scope: 'connections:read',
  problems: ['invalid-cursor'],
  uses: { store: 'read' },
  handle: async ({ query, tenant, store }) => {
    const list = { tenant, of: ['registrations'], accepts: acceptsId };
    const page = await listConnections(store, tenant, filter, {
      limit: Number.MAX_SAFE_INTEGER,
      after: positionOf(list, query.cursor),
    });
    const next = cursorOf(list, page.next);
    return reply(success(page.data.map(registrationOf)), {
      ...(next !== null && {
        headers: { link: `<${registrations.prefix}?cursor=${next}>; rel="next"` },
      }),
    });
  },
});

export const handler = lambda(endpoint);
