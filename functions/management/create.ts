import { parseConnectionInput } from '../../shared/domain/connections/parse-connection-input.ts';
import { createConnection } from '../../shared/domain/connections/create-connection.ts';
import { listDraftSecrets } from '../../shared/domain/input/request-secrets.ts';
import { defineEndpoint, reply } from '../../shared/http/endpoint.ts';
import { createHandler } from '../../shared/http/handler.ts';
import {
  checkHost,
  checkOrganization,
  management,
  toManagementEntry,
} from '../../shared/apis/management/management.ts';
import { parseManagementInput } from '../../shared/apis/management/connections.ts';
import {
  ManagementConnection,
  ManagementCreateRequest,
  managementProductHeaders,
} from '../../shared/apis/management/schemas.ts';
import { getAwsRuntime } from '../../shared/runtime/aws-runtime.ts';

export const endpoint = defineEndpoint({
  api: management,
  summary: 'Create a connection',
  description:
    'Use this endpoint to create a new database connection for the organization. The `configName` must be unique per organization. The ' +
    'password is encrypted upon creation and a UUID is automatically generated as the connection identifier. The source is not contacted.',
  headers: managementProductHeaders,
  body: ManagementCreateRequest,
  status: 201,
  returns: ManagementConnection,
  scope: 'connections:write',
  problems: ['credentials-required', 'name-taken'],
  uses: { store: 'write', vault: 'write' },
  timeout: 29,
  handle: async ({ headers, body, caller, tenant, settings, store, vault, actor, log }) => {
    checkOrganization(headers, caller);
    checkHost(settings, tenant, body);
    const draft = await parseConnectionInput(parseManagementInput(body, headers['x-product-name']));
    log.hide(listDraftSecrets(draft));
    const { wire } = toManagementEntry(
      await createConnection({ store, vault }, actor, { draft, test: false }),
    );
    return reply(wire, { headers: { location: `/v1/management/connections/${wire.id}` } });
  },
});

export const handler = createHandler(endpoint, getAwsRuntime);
