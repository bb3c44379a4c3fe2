import { defineEndpoint } from '../../shared/http/endpoint.ts';
import { createHandler } from '../../shared/http/handler.ts';
import { checkOrganization, management } from '../../shared/apis/management/management.ts';
import {
  ManagementConnectionList,
  managementListDescription,
  ManagementListQuery,
  listManagementConnections,
} from '../../shared/apis/management/lists.ts';
import { managementFilterHeaders } from '../../shared/apis/management/schemas.ts';
import { getAwsRuntime } from '../../shared/runtime/aws-runtime.ts';

export const endpoint = defineEndpoint({
  api: management,
  summary: 'List connections',
  description: `Lists the connections of the product in X-Product-Name, or all connections. ${managementListDescription}`,
  headers: managementFilterHeaders,
  query: ManagementListQuery,
  status: 200,
  returns: ManagementConnectionList,
  scope: 'connections:read',
  problems: ['invalid-cursor'],
  uses: { store: 'read' },
  handle: ({ headers, query, caller, tenant, store, path }) => {
    checkOrganization(headers, caller);
    const { 'x-product-name': wanted } = headers;
    const has = ({ product }: { readonly product: string | null }) =>
      wanted === undefined || product?.toLowerCase() === wanted;
    return listManagementConnections({ store, tenant, path, query, of: ['product', wanted], has });
  },
});

export const handler = createHandler(endpoint, getAwsRuntime);
