import { defineEndpoint } from '../../shared/http/endpoint.ts';
import { lambda } from '../../shared/http/lambda.ts';
import { checkOrganization, management } from './wire.ts';
import { ConnectionList, listDescription, ListQuery, pageOf } from './wire-lists.ts';
import { filterHeaders } from './wire-schemas.ts';

export const endpoint = defineEndpoint({
  api: management,
  summary: 'List connections',
  description: `Those of the product that X-Product-Name names, or all. ${listDescription}`,
  headers: filterHeaders,
  query: ListQuery,
  status: 200,
  returns: ConnectionList,
  scope: 'connections:read',
  problems: ['invalid-cursor'],
  uses: { store: 'read' },
  handle: ({ headers, query, caller, tenant, store, path }) => {
    checkOrganization(headers, caller);
    const { 'x-product-name': wanted } = headers;
    const has = ({ product }: { readonly product: string | null }) =>
      wanted === undefined || product?.toLowerCase() === wanted;
    return pageOf({ store, tenant, path, query, of: ['product', wanted], has });
  },
});

export const handler = lambda(endpoint);
