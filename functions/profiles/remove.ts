import * as v from 'valibot';
import { deleteConnection } from '../../shared/domain/connections/delete-connection.ts';
import { defineEndpoint } from '../../shared/http/endpoint.ts';
import { createHandler } from '../../shared/http/handler.ts';
import { profileParams, createDataEnvelope, profiles } from '../../shared/apis/profiles/profiles.ts';
import { getAwsRuntime } from '../../shared/runtime/aws-runtime.ts';

export const endpoint = defineEndpoint({
  api: profiles,
  summary: 'Delete Connection Profile',
  description: 'Delete an existing connection profile. Its name is free at once.',
  params: profileParams,
  status: 200,
  returns: createDataEnvelope(v.object({ message: v.string() })),
  scope: 'connections:write',
  problems: ['in-use'],
  uses: { store: 'write', vault: 'remove' },
  timeout: 29,
  handle: async ({ params, store, vault, actor }) => {
    await deleteConnection({ store, vault }, actor, params.id);
    return { data: { message: 'Connection profile deleted successfully' } };
  },
});

export const handler = createHandler(endpoint, getAwsRuntime);
