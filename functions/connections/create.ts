import * as v from 'valibot';
import { parseConnectionInput } from '../../shared/domain/connections/parse-connection-input.ts';
import { Connection, ConnectionInput } from '../../shared/domain/connections/connection.ts';
import { createConnection } from '../../shared/domain/connections/create-connection.ts';
import { NO_HEALTH } from '../../shared/domain/health/health-item.ts';
import { listDraftSecrets } from '../../shared/domain/input/request-secrets.ts';
import { toPublicId } from '../../shared/domain/id.ts';
import { toEntityTag, presentConnection } from '../../shared/domain/connections/present-connection.ts';
import { verifyDraft } from '../../shared/domain/testing/verify-draft.ts';
import { defineEndpoint, reply } from '../../shared/http/endpoint.ts';
import { createHandler } from '../../shared/http/handler.ts';
import { QueryFlag } from '../../shared/http/paging.ts';
import { parseIdempotencyKey } from '../../shared/http/parse-request.ts';
import { getAwsRuntime } from '../../shared/runtime/aws-runtime.ts';

export const endpoint = defineEndpoint({
  summary: 'Create a connection',
  description:
    'Stores the settings, puts the credentials in the vault and queues a test. With `verify=true` the test runs first, and only a ' +
    'connection that works is stored. With `test=false` no test runs. A request that repeats an `Idempotency-Key` gets the first answer ' +
    'again. Names, tags and other texts must not contain control characters or invisible characters. Descriptions, metadata and notes may have line breaks.',
  query: v.strictObject({ verify: v.optional(QueryFlag, 'false'), test: v.optional(QueryFlag, 'true') }),
  body: ConnectionInput,
  status: 201,
  returns: Connection,
  scope: 'connections:write',
  problems: [
    'unknown-connector',
    'credentials-required',
    'name-taken',
    'idempotency-key-reused',
    'secret-not-shared',
  ],
  sourceProblems: 422,
  quota: ({ verify }) => verify,
  uses: { store: 'write', vault: 'write', probe: 'test' },
  timeout: 29,
  handle: async ({ body, query, header, text, store, vault, probe, actor, log, now }) => {
    const draft = await parseConnectionInput(body);
    log.hide(listDraftSecrets(draft));
    const key = parseIdempotencyKey(header('idempotency-key'));
    const stored = await createConnection({ store, vault }, actor, {
      draft,
      test: query.test && !query.verify,
      verify: query.verify ? () => verifyDraft(probe, actor, draft) : undefined,
      idempotency: key === undefined ? undefined : { key, body: text },
    });
    return reply(presentConnection(stored, NO_HEALTH, now), {
      etag: toEntityTag(stored, NO_HEALTH),
      headers: { location: `/v1/connections/${toPublicId(stored.id)}` },
    });
  },
});

export const handler = createHandler(endpoint, getAwsRuntime);
