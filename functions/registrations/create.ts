import { createConnection } from '../../shared/domain/create.ts';
import { secretsOf } from '../../shared/domain/given-secrets.ts';
import { defineEndpoint, reply } from '../../shared/http/endpoint.ts';
import { lambda } from '../../shared/http/lambda.ts';
import {
  ConnectionCreate,
  ConnectionCreateResponse,
  draftOf,
  registrationOf,
  registrations,
  success,
} from './wire.ts';

export const endpoint = defineEndpoint({
  api: registrations,
  summary: 'Register Connection',
  description:
    'Register a new database connection. Nothing is dialled here; a test is queued. `postgresql+driver://` is taken for `postgresql://`; ' +
    'without `sslmode` in the string TLS is used where the server offers it. What the string as a whole cannot mean is a `VALIDATION_ERROR` with status 400.',
  body: ConnectionCreate,
  status: 201,
  returns: ConnectionCreateResponse,
  scope: 'connections:write',
  problems: ['credentials-required', 'name-taken'],
  uses: { store: 'write', vault: 'write' },
  timeout: 29,
  handle: async ({ body, store, vault, actor, log }) => {
    const draft = await draftOf(body);
    log.hide(secretsOf(draft));
    const registration = registrationOf(
      await createConnection({ store, vault }, actor, { draft, test: true }),
    );
    return reply(success(registration), {
      headers: { location: `${registrations.prefix}/${registration.id}` },
    });
  },
});

export const handler = lambda(endpoint);
