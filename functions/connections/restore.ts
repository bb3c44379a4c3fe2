import { Connection } from '../../shared/domain/connections/connection.ts';
import { restoreConnection } from '../../shared/domain/connections/delete-connection.ts';
import { NO_HEALTH } from '../../shared/domain/health/health-item.ts';
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
    // Its health was removed with the connection.
    createConnectionReply(
      { stored: await restoreConnection({ store, vault }, actor, params.id), health: NO_HEALTH },
      now,
    ),
});

export const handler = createHandler(endpoint, getAwsRuntime);
