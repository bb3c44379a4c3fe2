import { Connection } from '../../shared/domain/connections/connection.ts';
import { markLostAttempt } from '../../shared/domain/catalog/introspection-outcome.ts';
import { findTestedConnection } from '../../shared/domain/health/find-tested-connection.ts';
import { defineEndpoint } from '../../shared/http/endpoint.ts';
import { createHandler } from '../../shared/http/handler.ts';
import { connectionParams, createConnectionReply } from '../../shared/http/connection-params.ts';
import { getAwsRuntime } from '../../shared/runtime/aws-runtime.ts';

export const endpoint = defineEndpoint({
  summary: 'Get a connection',
  params: connectionParams,
  status: 200,
  returns: Connection,
  also: { 304: 'The connection has not changed since the ETag in If-None-Match' },
  scope: 'connections:read',
  uses: { store: 'read' },
  handle: async ({ params, tenant, store, now }) => {
    const { stored: found, health } = await findTestedConnection(store, tenant, params.id);
    const stored = await markLostAttempt(store, found, now);
    return createConnectionReply({ stored, health }, now, stored !== found);
  },
});

export const handler = createHandler(endpoint, getAwsRuntime);
