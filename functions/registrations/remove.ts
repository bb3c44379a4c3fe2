import { deleteConnection } from '../../shared/domain/connections/delete-connection.ts';
import { defineEndpoint } from '../../shared/http/endpoint.ts';
import { createHandler } from '../../shared/http/handler.ts';
import {
  registrationParams,
  RegistrationResponse,
  findRegistration,
  toRegistration,
  registrations,
  toSuccessEnvelope,
} from '../../shared/apis/registrations/registrations.ts';
import { getAwsRuntime } from '../../shared/runtime/aws-runtime.ts';

export const endpoint = defineEndpoint({
  api: registrations,
  summary: 'Delete Connection',
  description:
    'Deletes the connection softly and returns it with `is_active: false`. From then on it is `NOT_FOUND`. A connection in use cannot be deleted.',
  params: registrationParams,
  status: 200,
  returns: RegistrationResponse,
  scope: 'connections:write',
  problems: ['in-use'],
  uses: { store: 'write', vault: 'remove' },
  timeout: 29,
  handle: async ({ params, tenant, store, vault, actor }) => {
    const found = await findRegistration(store, tenant, params.id);
    await deleteConnection({ store, vault }, actor, found.id, undefined, found);
    return toSuccessEnvelope({ ...toRegistration(found), is_active: false });
  },
});

export const handler = createHandler(endpoint, getAwsRuntime);
