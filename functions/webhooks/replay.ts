import * as v from 'valibot';
import { MAX_REPLAYED, replayDeliveriesSince } from '../../shared/domain/webhooks/replay-deliveries.ts';
import { findWebhook } from '../../shared/domain/webhooks/webhook-repository.ts';
import { defineEndpoint } from '../../shared/http/endpoint.ts';
import { createHandler } from '../../shared/http/handler.ts';
import { webhookParams } from '../../shared/http/webhook-params.ts';
import { getAwsRuntime } from '../../shared/runtime/aws-runtime.ts';

export const endpoint = defineEndpoint({
  summary: 'Send the events since a time to a webhook again',
  description:
    `Sends all deliveries since this time again, also those that were delivered, the oldest first, at most ${MAX_REPLAYED} in one request: \`continue_since\` is the ` +
    'time for the next request, or null. Events keep their ids and bodies. If the webhook is disabled, the deliveries fail with `disabled`: enable it first.',
  params: webhookParams,
  body: v.strictObject({ since: v.pipe(v.string(), v.isoTimestamp('an ISO 8601 time in UTC')) }),
  status: 202,
  returns: v.object({ replayed: v.number(), continue_since: v.nullable(v.string()) }),
  scope: 'webhooks:write',
  uses: { store: 'write', queue: 'deliveries' },
  timeout: 29,
  handle: async ({ params: { id }, body, tenant, store, queue, now }) => {
    await findWebhook(store, tenant, id);
    const since = new Date(body.since).toISOString();
    return replayDeliveriesSince({ store, queue }, tenant, id, { since, now });
  },
});

export const handler = createHandler(endpoint, getAwsRuntime);
