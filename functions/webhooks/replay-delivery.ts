import { Delivery } from '../../shared/domain/webhooks/delivery.ts';
import { presentDelivery } from '../../shared/domain/webhooks/list-deliveries.ts';
import { replayDelivery } from '../../shared/domain/webhooks/replay-deliveries.ts';
import { findWebhook } from '../../shared/domain/webhooks/webhook-repository.ts';
import { defineEndpoint } from '../../shared/http/endpoint.ts';
import { createHandler } from '../../shared/http/handler.ts';
import { webhookEventParams } from '../../shared/http/webhook-params.ts';
import { getAwsRuntime } from '../../shared/runtime/aws-runtime.ts';

export const endpoint = defineEndpoint({
  summary: 'Send an event to a webhook again',
  description:
    'The event keeps its id and its body, and its attempts start over. Answers 404 if this webhook did not get the event.',
  params: webhookEventParams,
  status: 202,
  returns: Delivery,
  scope: 'webhooks:write',
  uses: { store: 'write', queue: 'deliveries' },
  handle: async ({ params: { id, event }, tenant, store, queue, now }) => {
    await findWebhook(store, tenant, id);
    return presentDelivery(await replayDelivery({ store, queue }, tenant, id, { event, now }));
  },
});

export const handler = createHandler(endpoint, getAwsRuntime);
