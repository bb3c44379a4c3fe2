import { parseConnectionInput } from '../../shared/domain/connections/parse-connection-input.ts';
import { createConnection } from '../../shared/domain/connections/create-connection.ts';
import { toPublicId } from '../../shared/domain/id.ts';
import { defineEndpoint, reply } from '../../shared/http/endpoint.ts';
import { createHandler } from '../../shared/http/handler.ts';
import { parseIdempotencyKey } from '../../shared/http/parse-request.ts';
import {
  providerParams,
  parseProviderInput,
  ProviderConnection,
  ProviderConnectionInput,
  providers,
  toProviderConnection,
} from '../../shared/apis/providers/providers.ts';
import { withProviderPaths } from '../../shared/apis/providers/credentials.ts';
import { getAwsRuntime } from '../../shared/runtime/aws-runtime.ts';

export const endpoint = defineEndpoint({
  api: providers,
  summary: 'Create a connection to a provider',
  description:
    'Stores the settings, puts the credentials in the vault and queues a test. The connection is `pending` until the test ends. ' +
    'A request that repeats an `Idempotency-Key` gets the first answer again.',
  params: providerParams,
  body: ProviderConnectionInput,
  status: 201,
  returns: ProviderConnection,
  scope: 'connections:write',
  problems: ['credentials-required', 'name-taken', 'idempotency-key-reused', 'secret-not-shared'],
  uses: { store: 'write', vault: 'write' },
  timeout: 29,
  handle: async ({ params: { provider }, body, header, text, path, store, vault, actor }) => {
    const key = parseIdempotencyKey(header('idempotency-key'));
    const draft = await withProviderPaths(body.credentials, () =>
      parseConnectionInput(parseProviderInput(provider, body)),
    );
    const stored = await createConnection({ store, vault }, actor, {
      draft,
      test: true,
      // The provider is in the path, so the body alone does not identify the request.
      idempotency: key === undefined ? undefined : { key, body: `${path}\n${text}` },
    });
    return reply(toProviderConnection(stored), {
      headers: { location: `/v1/connections/${toPublicId(stored.id)}` },
    });
  },
});

export const handler = createHandler(endpoint, getAwsRuntime);
