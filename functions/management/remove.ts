import { removeConnection } from '../../shared/domain/remove.ts';
import { defineEndpoint } from '../../shared/http/endpoint.ts';
import { lambda } from '../../shared/http/lambda.ts';
import { checkOrganization, findShown, management } from './wire.ts';
import { byId, headers as organization } from './wire-schemas.ts';

export const endpoint = defineEndpoint({
  api: management,
  summary: 'Delete a connection',
  description: 'Its `configName` is free at once. Refused (409) while consumers rely on it.',
  headers: organization,
  params: byId,
  status: 204,
  scope: 'connections:write',
  problems: ['in-use'],
  uses: { store: 'write', vault: 'remove' },
  timeout: 29,
  handle: async ({ headers, params: { id }, caller, tenant, store, vault, actor }) => {
    checkOrganization(headers, caller);
    await findShown(store, tenant, id);
    await removeConnection({ store, vault }, actor, id);
  },
});

export const handler = lambda(endpoint);
