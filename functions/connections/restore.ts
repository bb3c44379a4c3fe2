import { Connection } from '../../shared/domain/connections/connection.ts';
import { restoreConnection } from '../../shared/domain/connections/delete-connection.ts';
import { defineEndpoint } from '../../shared/http/endpoint.ts';
import { createHandler } from '../../shared/http/handler.ts';
import { connectionParams, createConnectionReply } from '../../shared/http/connection-params.ts';
import { getAwsRuntime } from '../../shared/runtime/aws-runtime.ts';

export const endpoint = defineEndpoint({
  summary: 'Restore a deleted connection',
  params: connectionParams,
  status: 200,
  returns: Connection,
  scope: 'connections:write',
  problems: ['name-taken'],
  uses: { store: 'write', vault: 'remove' },
  handle: async ({ params, store, vault, actor, now }) =>
    createConnectionReply(await restoreConnection({ store, vault }, actor, params.id), now),
});

export const handler = createHandler(endpoint, getAwsRuntime);
