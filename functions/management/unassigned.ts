import { defineEndpoint } from '../../shared/http/endpoint.ts';
import { lambda } from '../../shared/http/lambda.ts';
import { checkOrganization, management } from './wire.ts';
import { ConnectionList, listDescription, ListQuery, pageOf } from './wire-lists.ts';
import { headers as organization } from './wire-schemas.ts';

export const endpoint = defineEndpoint({
  api: management,
  summary: 'List connections without a product',
  description: listDescription,
  headers: organization,
  query: ListQuery,
  status: 200,
  returns: ConnectionList,
  scope: 'connections:read',
  problems: ['invalid-cursor'],
  uses: { store: 'read' },
  handle: ({ headers, query, caller, tenant, store, path }) => {
    checkOrganization(headers, caller);
    return pageOf({ store, tenant, path, query, of: ['unassigned'], has: ({ product }) => product === null });
  },
});

export const handler = lambda(endpoint);
