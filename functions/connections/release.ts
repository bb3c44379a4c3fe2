import { removeUsage } from '../../shared/domain/usages.ts';
import { defineEndpoint } from '../../shared/http/endpoint.ts';
import { createHandler } from '../../shared/http/lambda.ts';
import { consumerParams } from '../../shared/http/wire.ts';

export const endpoint = defineEndpoint({
  summary: 'Say that a consumer no longer relies on a connection',
  params: consumerParams,
  status: 204,
  scope: 'connections:write',
  uses: { store: 'write' },
  handle: ({ params, store, actor }) => removeUsage(store, actor, params.id, params.consumer),
});

export const handler = createHandler(endpoint);
