import { parseConnectionInput } from '../../shared/domain/connections/parse-connection-input.ts';
import { createConnection } from '../../shared/domain/connections/create-connection.ts';
import { listDraftSecrets } from '../../shared/domain/input/request-secrets.ts';
import { defineEndpoint } from '../../shared/http/endpoint.ts';
import { createHandler } from '../../shared/http/handler.ts';
import {
  createDataEnvelope,
  parseProfileInput,
  Profile,
  ProfileInput,
  toProfile,
  profiles,
} from '../../shared/apis/profiles/profiles.ts';
import { getAwsRuntime } from '../../shared/runtime/aws-runtime.ts';

export const endpoint = defineEndpoint({
  api: profiles,
  summary: 'Create Connection Profile',
  description:
    'Create a new connection profile for external system access. The source is not contacted before it is stored; a test is queued.',
  body: ProfileInput,
  status: 201,
  returns: createDataEnvelope(Profile),
  scope: 'connections:write',
  problems: ['credentials-required', 'name-taken'],
  uses: { store: 'write', vault: 'write' },
  timeout: 29,
  handle: async ({ body, store, vault, actor, log }) => {
    const draft = await parseConnectionInput(parseProfileInput(body));
    log.hide(listDraftSecrets(draft));
    return { data: toProfile(await createConnection({ store, vault }, actor, { draft, test: true })) };
  },
});

export const handler = createHandler(endpoint, getAwsRuntime);
