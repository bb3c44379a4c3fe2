import { defineEndpoint } from '../../shared/http/endpoint.ts';
import { lambda } from '../../shared/http/lambda.ts';
import { checkOrganization, findShown, management } from './wire.ts';
import { byId, ConnectionResponse, headers as organization } from './wire-schemas.ts';

export const endpoint = defineEndpoint({
  api: management,
  summary: 'Get a connection',
  headers: organization,
  params: byId,
  status: 200,
  returns: ConnectionResponse,
  scope: 'connections:read',
  uses: { store: 'read' },
  handle: async ({ headers, params, caller, tenant, store }) => {
    checkOrganization(headers, caller);
    return (await findShown(store, tenant, params.id)).wire;
  },
});

export const handler = lambda(endpoint);
