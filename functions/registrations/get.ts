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
  summary: 'Get Connection',
  description: 'An active PostgreSQL connection; a deleted one, or one of another connector, is not found.',
  params: byId,
  status: 200,
  returns: ConnectionCreateResponse,
  scope: 'connections:read',
  uses: { store: 'read' },
  handle: async ({ params, tenant, store }) =>
    success(registrationOf(await findRegistration(store, tenant, params.id))),
});

export const handler = lambda(endpoint);
