import * as v from 'valibot';
import { listWebhooks } from '../../shared/domain/webhooks/webhook-repository.ts';
import { presentWebhook, Webhook } from '../../shared/domain/webhooks/webhook.ts';
import { defineEndpoint } from '../../shared/http/endpoint.ts';
import { createHandler } from '../../shared/http/handler.ts';
import { getAwsRuntime } from '../../shared/runtime/aws-runtime.ts';

export const endpoint = defineEndpoint({
  summary: 'List the webhooks',
  description: 'Lists all webhooks of the tenant, the oldest first.',
  status: 200,
  returns: v.object({ data: v.array(Webhook) }),
  scope: 'webhooks:write',
  uses: { store: 'read' },
  handle: async ({ tenant, store, now }) => {
    const webhooks = await listWebhooks(store, tenant);
    return { data: webhooks.map((stored) => presentWebhook(stored, now)) };
  },
});

export const handler = createHandler(endpoint, getAwsRuntime);
