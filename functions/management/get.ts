import { defineEndpoint } from '../../shared/http/endpoint.ts';
import { createHandler } from '../../shared/http/handler.ts';
import {
  checkOrganization,
  findManagementEntry,
  management,
} from '../../shared/apis/management/management.ts';
import {
  managementParams,
  ManagementConnection,
  managementHeaders as organization,
} from '../../shared/apis/management/schemas.ts';
import { getAwsRuntime } from '../../shared/runtime/aws-runtime.ts';

export const endpoint = defineEndpoint({
  api: management,
  summary: 'Get a connection',
  headers: organization,
  params: managementParams,
  status: 200,
  returns: ManagementConnection,
  scope: 'connections:read',
  uses: { store: 'read' },
  handle: async ({ headers, params, caller, tenant, store }) => {
    checkOrganization(headers, caller);
    return (await findManagementEntry(store, tenant, params.id)).wire;
  },
});

export const handler = createHandler(endpoint, getAwsRuntime);
