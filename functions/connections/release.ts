import { removeUsage } from '../../shared/domain/usages/usages.ts';
import { defineEndpoint } from '../../shared/http/endpoint.ts';
import { createHandler } from '../../shared/http/handler.ts';
import { consumerParams } from '../../shared/http/connection-params.ts';
import { getAwsRuntime } from '../../shared/runtime/aws-runtime.ts';

export const endpoint = defineEndpoint({
  summary: 'Delete a usage',
  params: consumerParams,
  status: 204,
  scope: 'connections:write',
  uses: { store: 'write' },
  handle: ({ params, store, actor }) => removeUsage(store, actor, params.id, params.consumer),
});

export const handler = createHandler(endpoint, getAwsRuntime);
