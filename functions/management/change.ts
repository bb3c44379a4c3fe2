import { updateConnectionFromPatch } from '../../shared/domain/connections/update-connection.ts';
import { defineEndpoint } from '../../shared/http/endpoint.ts';
import { createHandler } from '../../shared/http/handler.ts';
import {
  checkHost,
  checkNotEmpty,
  checkOrganization,
  findManagementEntry,
  management,
  retryOnConflict,
  toManagementEntry,
} from '../../shared/apis/management/management.ts';
import { parseManagementPatch } from '../../shared/apis/management/connections.ts';
import {
  managementParams,
  ManagementConnection,
  managementHeaders as organization,
  ManagementUpdateRequest,
} from '../../shared/apis/management/schemas.ts';
import { getAwsRuntime } from '../../shared/runtime/aws-runtime.ts';

export const endpoint = defineEndpoint({
  api: management,
  summary: 'Update a connection',
  description:
    'Send the fields to update; the others stay as they are. If the destination changes without the password, the password is locked: tests fail until it is sent again.',
  headers: organization,
  params: managementParams,
  body: ManagementUpdateRequest,
  status: 200,
  returns: ManagementConnection,
  scope: 'connections:write',
  problems: ['credentials-required', 'name-taken', 'secret-not-shared', 'quota-exceeded'],
  uses: { store: 'write', probe: 'credentials' },
  timeout: 29,
  handle: async ({ headers, params: { id }, body, caller, tenant, settings, store, probe, actor }) => {
    checkOrganization(headers, caller);
    checkNotEmpty(body);
    return retryOnConflict(async () => {
      const { stored, wire } = await findManagementEntry(store, tenant, id);
      const { host = wire.host, port = wire.port } = body;
      if (body.host !== undefined) checkHost(settings, tenant, { host, port });
      const change = { id, patch: parseManagementPatch(stored, body), version: stored.version, read: stored };
      return toManagementEntry(await updateConnectionFromPatch({ store, probe }, actor, change)).wire;
    });
  },
});

export const handler = createHandler(endpoint, getAwsRuntime);
