import * as v from 'valibot';
import { newConnectionOf } from '../../shared/domain/assemble.ts';
import { Connection, ConnectionInput } from '../../shared/domain/connection.ts';
import { createConnection } from '../../shared/domain/create.ts';
import { secretsOf } from '../../shared/domain/given-secrets.ts';
import { outsideId } from '../../shared/domain/id.ts';
import { entityTag, show } from '../../shared/domain/show.ts';
import { testDraft } from '../../shared/domain/verify.ts';
import { defineEndpoint, reply } from '../../shared/http/endpoint.ts';
import { lambda } from '../../shared/http/lambda.ts';
import { Flag } from '../../shared/http/paging.ts';
import { idempotencyKey } from '../../shared/http/request.ts';

export const endpoint = defineEndpoint({
  summary: 'Create a connection',
  description:
    'Stores the settings and puts the credentials in the vault. A test is queued; `verify=true` tests first and saves only ' +
    'what connects, `test=false` leaves it untested. With an `Idempotency-Key`, the same request again is answered as the first. ' +
    'Names, tags and texts hold no control characters and none that cannot be seen; a description, metadata and a note may have line breaks.',
  query: v.strictObject({ verify: v.optional(Flag, 'false'), test: v.optional(Flag, 'true') }),
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
    const draft = await newConnectionOf(body);
    log.hide(secretsOf(draft));
    const key = idempotencyKey(header('idempotency-key'));
    const stored = await createConnection({ store, vault }, actor, {
      draft,
      test: query.test && !query.verify,
      verify: query.verify ? () => testDraft(probe, actor, draft) : undefined,
      idempotency: key === undefined ? undefined : { key, body: text },
    });
    return reply(show(stored, now), {
      etag: entityTag(stored),
      headers: { location: `/v1/connections/${outsideId(stored.id)}` },
    });
  },
});

export const handler = lambda(endpoint);
