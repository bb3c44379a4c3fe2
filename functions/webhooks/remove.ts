import { deleteWebhook } from '../../shared/domain/webhooks/webhook-repository.ts';
import { defineEndpoint } from '../../shared/http/endpoint.ts';
import { createHandler } from '../../shared/http/handler.ts';
import { webhookParams } from '../../shared/http/webhook-params.ts';
import { getAwsRuntime } from '../../shared/runtime/aws-runtime.ts';

export const endpoint = defineEndpoint({
  summary: 'Delete a webhook',
  description: 'Deletes the webhook for good. Deliveries that wait for another attempt are not made.',
  params: webhookParams,
  status: 204,
  scope: 'webhooks:write',
  uses: { store: 'write' },
  handle: ({ params: { id }, store, actor }) => deleteWebhook(store, actor, id),
});

export const handler = createHandler(endpoint, getAwsRuntime);
