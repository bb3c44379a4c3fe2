import { removeConnection } from '../../shared/domain/remove.ts';
import { defineEndpoint } from '../../shared/http/endpoint.ts';
import { lambda } from '../../shared/http/lambda.ts';
import {
  byId,
  ConnectionCreateResponse,
  findRegistration,
  registrationOf,
  registrations,
  success,
} from './wire.ts';

export const endpoint = defineEndpoint({
  api: registrations,
  summary: 'Delete Connection',
  description:
    'Soft: answers the connection with `is_active: false`, and is `NOT_FOUND` from then on. Refused while consumers rely on it.',
  params: byId,
  status: 200,
  returns: ConnectionCreateResponse,
  scope: 'connections:write',
  problems: ['in-use'],
  uses: { store: 'write', vault: 'remove' },
  timeout: 29,
  handle: async ({ params, tenant, store, vault, actor }) => {
    const found = await findRegistration(store, tenant, params.id);
    await removeConnection({ store, vault }, actor, found.id);
    return success({ ...registrationOf(found), is_active: false });
  },
});

export const handler = lambda(endpoint);
