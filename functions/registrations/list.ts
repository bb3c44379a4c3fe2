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
    'Lists all active PostgreSQL connections, newest first. An answer has at most 4 MB. If there are more connections, the header ' +
    '`Link: <…?cursor=…>; rel="next"` has the URL of the next page.',
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
