import { removeUsage } from '../../shared/domain/usages.ts';
import { defineEndpoint } from '../../shared/http/endpoint.ts';
import { lambda } from '../../shared/http/lambda.ts';
import { byConsumer } from '../../shared/http/wire.ts';

export const endpoint = defineEndpoint({
  summary: 'Say that a consumer no longer relies on a connection',
  params: byConsumer,
  status: 204,
  scope: 'connections:write',
  uses: { store: 'write' },
  handle: ({ params, store, actor }) => removeUsage(store, actor, params.id, params.consumer),
});

export const handler = lambda(endpoint);
