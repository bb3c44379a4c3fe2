import { createConnection } from '../../shared/domain/connections/create-connection.ts';
import { listDraftSecrets } from '../../shared/domain/input/request-secrets.ts';
import { defineEndpoint, reply } from '../../shared/http/endpoint.ts';
import { createHandler } from '../../shared/http/handler.ts';
import {
  RegistrationInput,
  RegistrationResponse,
  parseRegistrationDraft,
  toRegistration,
  registrations,
  toSuccessEnvelope,
} from '../../shared/apis/registrations/registrations.ts';
import { getAwsRuntime } from '../../shared/runtime/aws-runtime.ts';

export const endpoint = defineEndpoint({
  api: registrations,
  summary: 'Register Connection',
  description:
    'Register a new database connection. The source is not contacted; a test is queued. `postgresql+driver://` is accepted as `postgresql://`. ' +
    'Without `sslmode` in the string, TLS is used if the server supports it. A string that is not a valid connection string is answered with 400 `VALIDATION_ERROR`.',
  body: RegistrationInput,
  status: 201,
  returns: RegistrationResponse,
  scope: 'connections:write',
  problems: ['credentials-required', 'name-taken'],
  uses: { store: 'write', vault: 'write' },
  timeout: 29,
  handle: async ({ body, store, vault, actor, log }) => {
    const draft = await parseRegistrationDraft(body);
    log.hide(listDraftSecrets(draft));
    const registration = toRegistration(
      await createConnection({ store, vault }, actor, { draft, test: true }),
    );
    return reply(toSuccessEnvelope(registration), {
      headers: { location: `${registrations.prefix}/${registration.id}` },
    });
  },
});

export const handler = createHandler(endpoint, getAwsRuntime);
