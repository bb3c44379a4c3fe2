import { findWebhook } from '../../shared/domain/webhooks/webhook-repository.ts';
import { presentWebhook, Webhook } from '../../shared/domain/webhooks/webhook.ts';
import { defineEndpoint } from '../../shared/http/endpoint.ts';
import { createHandler } from '../../shared/http/handler.ts';
import { webhookParams } from '../../shared/http/webhook-params.ts';
import { getAwsRuntime } from '../../shared/runtime/aws-runtime.ts';

export const endpoint = defineEndpoint({
  summary: 'Get a webhook',
  params: webhookParams,
  status: 200,
  returns: Webhook,
  scope: 'webhooks:write',
  uses: { store: 'read' },
  handle: async ({ params: { id }, tenant, store, now }) =>
    presentWebhook(await findWebhook(store, tenant, id), now),
});

export const handler = createHandler(endpoint, getAwsRuntime);
