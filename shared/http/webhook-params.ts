import * as v from 'valibot';
import { WebhookId } from '../domain/webhooks/webhook.ts';

export const webhookParams = v.object({ id: WebhookId });

/** The path parameters of a webhook and one of the events that it gets. */
export const webhookEventParams = v.object({
  id: WebhookId,
  event: v.pipe(v.string(), v.regex(/^evt_[\w-]{22,64}$/, 'an id of the form evt_…')),
});
