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
    'Soft: answers the connection with `is_active: false`, and is `NOT_FOUND` from then on. Refused while consumers rely on it.',
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
