import { checkText } from '../../shared/domain/input/check-text.ts';
import { checkWebhookUrl, listUrlSecrets } from '../../shared/domain/webhooks/check-webhook-url.ts';
import { createWebhook } from '../../shared/domain/webhooks/webhook-repository.ts';
import { deriveWebhookKey, renderWebhookSecret } from '../../shared/domain/webhooks/webhook-secret.ts';
import {
  presentWebhook,
  toPublicWebhookId,
  WebhookInput,
  WebhookWithSecret,
} from '../../shared/domain/webhooks/webhook.ts';
import { defineEndpoint, reply } from '../../shared/http/endpoint.ts';
import { createHandler } from '../../shared/http/handler.ts';
import { getAwsRuntime } from '../../shared/runtime/aws-runtime.ts';

export const endpoint = defineEndpoint({
  summary: 'Create a webhook',
  description:
    'Sends events of these types to the URL, signed as Standard Webhooks specifies. The answer has the `secret` that verifies them; no later ' +
    'answer has it. With `tags`, only events of connections that have at least one of them are sent. The URL must be https on port 443, and ' +
    'its host must have public addresses. A tenant can have 20 webhooks.',
  body: WebhookInput,
  status: 201,
  returns: WebhookWithSecret,
  scope: 'webhooks:write',
  problems: ['quota-exceeded'],
  uses: { store: 'write', signing: 'derive' },
  handle: async ({ body, store, signing, actor, log, now, settings }) => {
    log.hide(listUrlSecrets(body.url));
    checkText({ description: body.description, tags: body.tags });
    const input = { ...body, url: checkWebhookUrl(body.url, settings.egress) };
    const stored = await createWebhook(store, actor, input);
    const key = await deriveWebhookKey(signing, stored, stored.secret_version);
    return reply(
      { ...presentWebhook(stored, now), secret: renderWebhookSecret(key) },
      { headers: { location: `/v1/webhooks/${toPublicWebhookId(stored.id)}` } },
    );
  },
});

export const handler = createHandler(endpoint, getAwsRuntime);
