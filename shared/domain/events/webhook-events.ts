import { createHash } from 'node:crypto';
import { toPublicWebhookId, type StoredWebhook } from '../webhooks/webhook.ts';
import type { PublishedEvent } from './event-types.ts';

/** The event of a webhook that Mooring has disabled. It names no URL. Other changes of a webhook have no event. */
export const toWebhookEvents = (
  before: StoredWebhook | undefined,
  {
    id,
    org_id,
    environment_id,
    description,
    revision,
    disabled_at: at,
    disabled_reason: reason,
  }: StoredWebhook,
): readonly PublishedEvent[] => {
  if (at === null || reason === null || before?.disabled_at === at) return [];
  const hash = createHash('sha256').update(`event\0${id}\0${revision}\0webhook.disabled`).digest('hex');
  return [
    {
      id: `evt_${hash.slice(0, 32)}`,
      type: 'webhook.disabled',
      timestamp: at,
      org_id,
      environment_id,
      data: { webhook: { id: toPublicWebhookId(id), description }, reason },
    },
  ];
};
