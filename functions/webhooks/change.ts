import { checkText } from '../../shared/domain/input/check-text.ts';
import { checkWebhookUrl, listUrlSecrets } from '../../shared/domain/webhooks/check-webhook-url.ts';
import { updateStoredWebhook } from '../../shared/domain/webhooks/webhook-repository.ts';
import { presentWebhook, Webhook, WebhookPatch } from '../../shared/domain/webhooks/webhook.ts';
import { defineEndpoint } from '../../shared/http/endpoint.ts';
import { createHandler } from '../../shared/http/handler.ts';
import { webhookParams } from '../../shared/http/webhook-params.ts';
import { getAwsRuntime } from '../../shared/runtime/aws-runtime.ts';

export const endpoint = defineEndpoint({
  summary: 'Update a webhook',
  description:
    'Changes the fields that the request has. `enabled: true` also enables a webhook that Mooring disabled. Events that happen while a webhook ' +
    'is disabled are not delivered and cannot be replayed: read them with `GET /v1/events`.',
  params: webhookParams,
  body: WebhookPatch,
  status: 200,
  returns: Webhook,
  scope: 'webhooks:write',
  uses: { store: 'write' },
  handle: async ({ params: { id }, body, tenant, store, actor, log, now, settings }) => {
    if (body.url !== undefined) log.hide(listUrlSecrets(body.url));
    checkText({ description: body.description, tags: body.tags });
    const url = body.url === undefined ? undefined : checkWebhookUrl(body.url, settings.egress);
    const updated_at = new Date(now).toISOString();
    const stored = await updateStoredWebhook(
      store,
      tenant,
      id,
      () => ({
        ...body,
        ...(url !== undefined && { url }),
        // Another receiver, or a repaired one, has not failed yet.
        ...((url !== undefined || body.enabled === true) && { failing_since: null, slow_until: null }),
        ...(body.enabled !== undefined && { disabled_at: null, disabled_reason: null }),
        updated_at,
      }),
      { actor, action: 'webhook-updated' },
    );
    return presentWebhook(stored, now);
  },
});

export const handler = createHandler(endpoint, getAwsRuntime);
