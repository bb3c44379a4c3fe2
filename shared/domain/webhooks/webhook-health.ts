import type { Store } from '../../ports/store.ts';
import { Problem } from '../../problem.ts';
import { toDisabledWebhook, updateStoredWebhook } from './webhook-repository.ts';
import type { StoredWebhook } from './webhook.ts';
import type { SendResult } from './send-request.ts';

/** A webhook that has failed for so long, and at each attempt, is disabled. */
export const DISABLE_AFTER_MS = 5 * 86_400_000;

/** An attempt that takes longer marks its webhook as slow. */
const SLOW_ATTEMPT_MS = 2000;
const SLOW_FOR_MS = 10 * 60_000;

interface EndedAttempt {
  readonly result: SendResult;
  readonly now: number;
  readonly tookMs: number;
}

export const isSlow = ({ slow_until: until }: StoredWebhook, now: number): boolean =>
  until !== null && now < Date.parse(until);

/** Records what an attempt says about its webhook. A usual attempt writes nothing. Returns whether the webhook was disabled. */
export const recordWebhookHealth = async (
  store: Store,
  webhook: StoredWebhook,
  attempt: EndedAttempt,
): Promise<boolean> => {
  if (!decideHealth(webhook, attempt)) return false;
  const tenant = { org: webhook.org_id, environment: webhook.environment_id };
  try {
    const { enabled } = await updateStoredWebhook(store, tenant, webhook.id, (read) =>
      // A receiver that was replaced meanwhile has not failed.
      read.url === webhook.url && read.enabled ? decideHealth(read, attempt) : undefined,
    );
    return !enabled;
  } catch (error) {
    if (error instanceof Problem && error.code === 'not-found') return true;
    throw error;
  }
};

const decideHealth = (
  webhook: StoredWebhook,
  { result, now, tookMs }: EndedAttempt,
): Partial<StoredWebhook> | undefined => {
  const isNewlySlow =
    tookMs > SLOW_ATTEMPT_MS && !(webhook.slow_until !== null && isSlow(webhook, now + SLOW_FOR_MS / 2));
  const slow = isNewlySlow ? { slow_until: new Date(now + SLOW_FOR_MS).toISOString() } : undefined;
  if (result.failure === null)
    return webhook.failing_since === null ? slow : { ...slow, failing_since: null };
  if (result.status === 410) return toDisabledWebhook('gone', now);
  if (webhook.failing_since === null) return { ...slow, failing_since: new Date(now).toISOString() };
  if (now - Date.parse(webhook.failing_since) >= DISABLE_AFTER_MS) return toDisabledWebhook('failures', now);
  return slow;
};
