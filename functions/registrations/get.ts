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
  summary: 'Get Connection',
  description:
    'Returns an active PostgreSQL connection. Deleted connections and those of other connectors are not found.',
  params: registrationParams,
  status: 200,
  returns: RegistrationResponse,
  scope: 'connections:read',
  uses: { store: 'read' },
  handle: async ({ params, tenant, store }) =>
    toSuccessEnvelope(toRegistration(await findRegistration(store, tenant, params.id))),
});

export const handler = createHandler(endpoint, getAwsRuntime);
