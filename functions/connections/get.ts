import { Connection } from '../../shared/domain/connection.ts';
import { settleIntrospection } from '../../shared/domain/introspection-outcome.ts';
import { findConnection } from '../../shared/domain/write.ts';
import { defineEndpoint } from '../../shared/http/endpoint.ts';
import { lambda } from '../../shared/http/lambda.ts';
import { byId, connectionReply } from '../../shared/http/wire.ts';

export const endpoint = defineEndpoint({
  summary: 'Get a connection',
  params: byId,
  status: 200,
  returns: Connection,
  also: { 304: 'Not changed since the ETag that If-None-Match names' },
  scope: 'connections:read',
  uses: { store: 'read' },
  handle: async ({ params, tenant, store, now }) => {
    const found = await findConnection(store, tenant, params.id);
    const settled = await settleIntrospection(store, found, now);
    return connectionReply(settled, now, settled !== found);
  },
});

export const handler = lambda(endpoint);
