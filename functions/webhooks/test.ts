import { randomBytes } from 'node:crypto';
import { Delivery, toDeliveryMessage } from '../../shared/domain/webhooks/delivery.ts';
import { presentDelivery } from '../../shared/domain/webhooks/list-deliveries.ts';
import { createDelivery, writeNewDelivery } from '../../shared/domain/webhooks/queue-deliveries.ts';
import { findWebhook } from '../../shared/domain/webhooks/webhook-repository.ts';
import { toPublicWebhookId } from '../../shared/domain/webhooks/webhook.ts';
import { defineEndpoint } from '../../shared/http/endpoint.ts';
import { createHandler } from '../../shared/http/handler.ts';
import { webhookParams } from '../../shared/http/webhook-params.ts';
import { getAwsRuntime } from '../../shared/runtime/aws-runtime.ts';

export const endpoint = defineEndpoint({
  summary: 'Send a test event to a webhook',
  description:
    'Queues an event of the type `webhook.test`, which every webhook gets. Its outcome is in the list of deliveries. A disabled ' +
    'webhook gets no test event.',
  params: webhookParams,
  status: 202,
  returns: Delivery,
  scope: 'webhooks:write',
  uses: { store: 'write', queue: 'deliveries' },
  handle: async ({ params: { id }, tenant, store, queue, now }) => {
    const webhook = await findWebhook(store, tenant, id);
    const delivery = createDelivery(webhook, {
      id: `evt_${randomBytes(16).toString('hex')}`,
      type: 'webhook.test',
      timestamp: new Date(now).toISOString(),
      org_id: tenant.org,
      environment_id: tenant.environment,
      data: { webhook: { id: toPublicWebhookId(id), description: webhook.description } },
    });
    await writeNewDelivery(store, delivery);
    await queue.sendDeliveries([{ message: toDeliveryMessage(delivery, 1) }]);
    return presentDelivery(delivery);
  },
});

export const handler = createHandler(endpoint, getAwsRuntime);
