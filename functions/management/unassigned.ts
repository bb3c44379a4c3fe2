import { defineEndpoint } from '../../shared/http/endpoint.ts';
import { createHandler } from '../../shared/http/handler.ts';
import { checkOrganization, management } from '../../shared/apis/management/management.ts';
import {
  ManagementConnectionList,
  managementListDescription,
  ManagementListQuery,
  listManagementConnections,
} from '../../shared/apis/management/lists.ts';
import { managementHeaders as organization } from '../../shared/apis/management/schemas.ts';
import { getAwsRuntime } from '../../shared/runtime/aws-runtime.ts';

export const endpoint = defineEndpoint({
  api: management,
  summary: 'List connections without a product',
  description: managementListDescription,
  headers: organization,
  query: ManagementListQuery,
  status: 200,
  returns: ManagementConnectionList,
  scope: 'connections:read',
  problems: ['invalid-cursor'],
  uses: { store: 'read' },
  handle: ({ headers, query, caller, tenant, store, path }) => {
    checkOrganization(headers, caller);
    return listManagementConnections({
      store,
      tenant,
      path,
      query,
      of: ['unassigned'],
      has: ({ product }) => product === null,
    });
  },
});

export const handler = createHandler(endpoint, getAwsRuntime);
