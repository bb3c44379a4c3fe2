import * as v from 'valibot';
import { maxCharacters } from '../../shared/characters.ts';
import { putUsage, Usage } from '../../shared/domain/usages.ts';
import { defineEndpoint } from '../../shared/http/endpoint.ts';
import { lambda } from '../../shared/http/lambda.ts';
import { byConsumer } from '../../shared/http/wire.ts';

export const endpoint = defineEndpoint({
  summary: 'Say that a consumer relies on a connection',
  description:
    'Until it is removed, or for `ttl_seconds`. A connection that is relied on cannot be deleted. Repeating it renews it.',
  params: byConsumer,
  body: v.strictObject({
    ttl_seconds: v.exactOptional(
      v.pipe(v.number(), v.integer('a whole number'), v.minValue(1), v.maxValue(31_536_000)),
    ),
    note: v.exactOptional(v.pipe(v.string(), maxCharacters(500))),
  }),
  bodyOptional: true,
  status: 200,
  returns: Usage,
  scope: 'connections:write',
  problems: ['quota-exceeded'],
  uses: { store: 'write' },
  handle: ({ params, body, store, actor }) => putUsage(store, actor, params.id, params.consumer, body ?? {}),
});

export const handler = lambda(endpoint);
