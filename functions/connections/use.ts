import * as v from 'valibot';
import { limitCharacters } from '../../shared/characters.ts';
import { putUsage, Usage } from '../../shared/domain/usages/usages.ts';
import { defineEndpoint } from '../../shared/http/endpoint.ts';
import { createHandler } from '../../shared/http/handler.ts';
import { consumerParams } from '../../shared/http/connection-params.ts';
import { getAwsRuntime } from '../../shared/runtime/aws-runtime.ts';

export const endpoint = defineEndpoint({
  summary: 'Create or renew a usage',
  description:
    'Records that a consumer uses the connection, until the usage is deleted or for `ttl_seconds`. A connection with usages cannot be deleted.',
  params: consumerParams,
  body: v.strictObject({
    ttl_seconds: v.exactOptional(
      v.pipe(v.number(), v.integer('a whole number'), v.minValue(1), v.maxValue(31_536_000)),
    ),
    note: v.exactOptional(v.pipe(v.string(), limitCharacters(500))),
  }),
  bodyOptional: true,
  status: 200,
  returns: Usage,
  scope: 'connections:write',
  problems: ['quota-exceeded'],
  uses: { store: 'write' },
  handle: ({ params, body, store, actor }) => putUsage(store, actor, params.id, params.consumer, body ?? {}),
});

export const handler = createHandler(endpoint, getAwsRuntime);
