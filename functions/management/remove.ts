import { deleteConnection } from '../../shared/domain/connections/delete-connection.ts';
import { defineEndpoint } from '../../shared/http/endpoint.ts';
import { createHandler } from '../../shared/http/handler.ts';
import {
  checkOrganization,
  findManagementEntry,
  management,
} from '../../shared/apis/management/management.ts';
import { managementParams, managementHeaders as organization } from '../../shared/apis/management/schemas.ts';
import { getAwsRuntime } from '../../shared/runtime/aws-runtime.ts';

export const endpoint = defineEndpoint({
  api: management,
  summary: 'Delete a connection',
  description: 'The `configName` is free at once. A connection in use cannot be deleted (409).',
  headers: organization,
  params: managementParams,
  status: 204,
  scope: 'connections:write',
  problems: ['in-use'],
  uses: { store: 'write', vault: 'remove' },
  timeout: 29,
  handle: async ({ headers, params: { id }, caller, tenant, store, vault, actor }) => {
    checkOrganization(headers, caller);
    const { stored } = await findManagementEntry(store, tenant, id);
    await deleteConnection({ store, vault }, actor, id, undefined, stored);
  },
});

export const handler = createHandler(endpoint, getAwsRuntime);
