import { updateSettings } from '../../shared/domain/connections/update-connection.ts';
import { defineEndpoint } from '../../shared/http/endpoint.ts';
import { createHandler } from '../../shared/http/handler.ts';
import {
  checkOrganization,
  findManagementEntry,
  management,
  createFetProblem,
  retryOnConflict,
  toManagementEntry,
} from '../../shared/apis/management/management.ts';
import {
  managementParams,
  ManagementConnection,
  managementProductHeaders,
} from '../../shared/apis/management/schemas.ts';
import { getAwsRuntime } from '../../shared/runtime/aws-runtime.ts';

export const endpoint = defineEndpoint({
  api: management,
  summary: 'Assign a connection to a product',
  description:
    'Assigns the product in X-Product-Name. A connection that already has a product keeps it: 409 `FET-1015`.',
  headers: managementProductHeaders,
  params: managementParams,
  status: 200,
  returns: ManagementConnection,
  scope: 'connections:write',
  problems: ['in-use'],
  uses: { store: 'write' },
  handle: ({ headers, params: { id }, caller, tenant, store, actor }) => {
    checkOrganization(headers, caller);
    return retryOnConflict(async () => {
      const { stored } = await findManagementEntry(store, tenant, id);
      if (stored.product !== null) throw createFetProblem('FET-1015', '', 'a connection without a product');
      const change = { id, patch: { product: headers['x-product-name'] }, version: stored.version };
      return toManagementEntry(await updateSettings(store, actor, change, stored)).wire;
    });
  },
});

export const handler = createHandler(endpoint, getAwsRuntime);
