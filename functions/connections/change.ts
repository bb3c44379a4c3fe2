import { updateConnectionFromPatch } from '../../shared/domain/connections/update-connection.ts';
import { Connection, ConnectionPatch } from '../../shared/domain/connections/connection.ts';
import { defineEndpoint } from '../../shared/http/endpoint.ts';
import { createHandler } from '../../shared/http/handler.ts';
import { parseIfMatch } from '../../shared/http/parse-request.ts';
import { connectionParams, createConnectionReply, withHealth } from '../../shared/http/connection-params.ts';
import { getAwsRuntime } from '../../shared/runtime/aws-runtime.ts';

export const endpoint = defineEndpoint({
  summary: 'Update a connection',
  description:
    'Send a JSON Merge Patch (RFC 7396) of the writable fields. Absent credential fields stay as they are, and `null` removes one. If the ' +
    'destination changes without new credentials, the credentials are locked until they are sent again. In mode platform, send ' +
    '`credentials.secret_arn` again to change the destination.',
  params: connectionParams,
  body: ConnectionPatch,
  status: 200,
  returns: Connection,
  scope: 'connections:write',
  problems: [
    'credentials-required',
    'credentials-locked',
    'name-taken',
    'precondition-failed',
    'secret-not-shared',
    'quota-exceeded',
  ],
  uses: { store: 'write', probe: 'credentials' },
  timeout: 29,
  handle: async ({ params: { id }, body, header, store, probe, actor, now }) => {
    const change = { id, patch: body, version: parseIfMatch(header('if-match')) };
    const changing = updateConnectionFromPatch({ store, probe }, actor, change);
    return createConnectionReply(await withHealth(store, { tenant: actor.tenant, id }, changing), now);
  },
});

export const handler = createHandler(endpoint, getAwsRuntime);
