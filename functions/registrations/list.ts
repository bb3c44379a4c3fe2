import * as v from 'valibot';
import { listConnections } from '../../shared/domain/connections/list-connections.ts';
import { defineEndpoint, reply } from '../../shared/http/endpoint.ts';
import { createHandler } from '../../shared/http/handler.ts';
import { isIdPosition, encodeCursor, pageQuery, decodeCursor } from '../../shared/http/paging.ts';
import {
  RegistrationListResponse,
  registrationFilter,
  toRegistration,
  registrations,
  toSuccessEnvelope,
} from '../../shared/apis/registrations/registrations.ts';
import { getAwsRuntime } from '../../shared/runtime/aws-runtime.ts';

export const endpoint = defineEndpoint({
  api: registrations,
  summary: 'List Connections',
  description:
    'All active PostgreSQL connections, newest first. Where they are more than fit into 4 MB, the header ' +
    '`Link: <…?cursor=…>; rel="next"` says where the list goes on.',
  query: v.strictObject({ cursor: pageQuery.cursor }),
  status: 200,
  returns: RegistrationListResponse,
  scope: 'connections:read',
  problems: ['invalid-cursor'],
  uses: { store: 'read' },
  handle: async ({ query, tenant, store }) => {
    const list = { tenant, of: ['registrations'], accepts: isIdPosition };
    const page = await listConnections(store, tenant, registrationFilter, {
      limit: Number.MAX_SAFE_INTEGER,
      after: decodeCursor(list, query.cursor),
    });
    const next = encodeCursor(list, page.next);
    return reply(toSuccessEnvelope(page.data.map(toRegistration)), {
      ...(next !== null && {
        headers: { link: `<${registrations.prefix}?cursor=${next}>; rel="next"` },
      }),
    });
  },
});

export const handler = createHandler(endpoint, getAwsRuntime);
