import { findWebhook, updateStoredWebhook } from '../../shared/domain/webhooks/webhook-repository.ts';
import { deriveWebhookKey, renderWebhookSecret } from '../../shared/domain/webhooks/webhook-secret.ts';
import { presentWebhook, WebhookWithSecret } from '../../shared/domain/webhooks/webhook.ts';
import { defineEndpoint } from '../../shared/http/endpoint.ts';
import { createHandler } from '../../shared/http/handler.ts';
import { webhookParams } from '../../shared/http/webhook-params.ts';
import { getAwsRuntime } from '../../shared/runtime/aws-runtime.ts';

export const endpoint = defineEndpoint({
  summary: 'Rotate the secret of a webhook',
  description:
    'Returns a new secret. For 24 hours, requests carry the signatures of the new secret and of the one before it. A further rotation ends ' +
    'the older one at once.',
  params: webhookParams,
  status: 200,
  returns: WebhookWithSecret,
  scope: 'webhooks:write',
  uses: { store: 'write', signing: 'derive' },
  handle: async ({ params: { id }, tenant, store, signing, actor, now }) => {
    const at = new Date(now).toISOString();
    // Derived before the write: if the key is not available, the secret that receivers know stays valid.
    const read = await findWebhook(store, tenant, id);
    const next = read.secret_version + 1;
    const derived = await deriveWebhookKey(signing, read, next);
    const stored = await updateStoredWebhook(
      store,
      tenant,
      id,
      ({ secret_version: version }) => ({ secret_version: version + 1, rotated_at: at, updated_at: at }),
      { actor, action: 'webhook-secret-rotated' },
    );
    const key =
      stored.secret_version === next
        ? derived
        : await deriveWebhookKey(signing, stored, stored.secret_version);
    return { ...presentWebhook(stored, now), secret: renderWebhookSecret(key) };
  },
});

export const handler = createHandler(endpoint, getAwsRuntime);
