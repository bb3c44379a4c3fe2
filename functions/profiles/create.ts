import { newConnectionOf } from '../../shared/domain/assemble.ts';
import { createConnection } from '../../shared/domain/create.ts';
import { secretsOf } from '../../shared/domain/given-secrets.ts';
import { defineEndpoint } from '../../shared/http/endpoint.ts';
import { lambda } from '../../shared/http/lambda.ts';
import { dataOf, inputOf, Profile, ProfileInput, profileOf, profiles } from './wire.ts';

export const endpoint = defineEndpoint({
  api: profiles,
  summary: 'Create Connection Profile',
  description:
    'Create a new connection profile for external system access. It is stored without asking the source; a test is queued.',
  body: ProfileInput,
  status: 201,
  returns: dataOf(Profile),
  scope: 'connections:write',
  problems: ['credentials-required', 'name-taken'],
  uses: { store: 'write', vault: 'write' },
  timeout: 29,
  handle: async ({ body, store, vault, actor, log }) => {
    const draft = await newConnectionOf(inputOf(body));
    log.hide(secretsOf(draft));
    return { data: profileOf(await createConnection({ store, vault }, actor, { draft, test: true })) };
  },
});

export const handler = lambda(endpoint);
