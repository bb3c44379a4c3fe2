import * as v from 'valibot';
import { updateConnectionFromPatch } from '../../shared/domain/connections/update-connection.ts';
import { Connection, ConnectionPatch } from '../../shared/domain/connections/connection.ts';
import { findConnection } from '../../shared/domain/connections/connection-repository.ts';
import { defineEndpoint } from '../../shared/http/endpoint.ts';
import { createHandler } from '../../shared/http/handler.ts';
import { parseIfMatch } from '../../shared/http/parse-request.ts';
import { connectionParams, createConnectionReply, withHealth } from '../../shared/http/connection-params.ts';
import { parseInput } from '../../shared/parse-input.ts';
import { splitProviderCredentials, withProviderPaths } from '../../shared/apis/providers/credentials.ts';
import { endpoint as change } from './change.ts';
import { getAwsRuntime } from '../../shared/runtime/aws-runtime.ts';

export const endpoint = defineEndpoint({
  summary: 'Update the name or the credentials of a connection',
  description:
    'The same as PATCH, with only `name` and `credentials`, both optional. `credentials` may also contain the fields of `config`, `user` ' +
    'for `username`, and ssl_mode, ssl_ca, ssl_cert and ssl_key, as in POST /v1/providers/{provider}/connections.',
  params: connectionParams,
  body: v.pick(ConnectionPatch, ['name', 'credentials']),
  status: 200,
  returns: Connection,
  scope: 'connections:write',
  problems: change.problems ?? [],
  uses: { store: 'write', probe: 'credentials' },
  timeout: 29,
  handle: async ({ params: { id }, body, header, store, probe, actor, now }) => {
    const { credentials: given = {}, ...rest } = body;
    const read = await findConnection(store, actor.tenant, id);
    const { type } = read;
    const changing = withProviderPaths(given, () => {
      const patch = parseInput(ConnectionPatch, { ...rest, ...splitProviderCredentials(type, given) });
      return updateConnectionFromPatch({ store, probe }, actor, {
        id,
        patch,
        version: parseIfMatch(header('if-match')),
        read,
      });
    });
    return createConnectionReply(await withHealth(store, { tenant: actor.tenant, id }, changing), now);
  },
});

export const handler = createHandler(endpoint, getAwsRuntime);
