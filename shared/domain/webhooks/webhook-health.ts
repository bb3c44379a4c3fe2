import { Conflict, type Store } from '../../ports/store.ts';
import { Problem } from '../../problem.ts';
import { webhookKeys } from './webhook-keys.ts';
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

/** How many attempts to a slow webhook run at once, in all functions together. */
export const MAX_SLOW_ATTEMPTS = 2;

const LANE_SECONDS = 30;

/** The right to send to a slow webhook. Disposing frees it; after a kill it ends by itself. */
export type DeliveryLane = AsyncDisposable;

/** Takes one of the lanes of a slow webhook, so that a receiver that hangs keeps few functions busy. `undefined` if all are taken. */
export const takeDeliveryLane = async (
  store: Store,
  { org_id: org, environment_id: environment, id }: StoredWebhook,
  { owner, now }: { readonly owner: string; readonly now: number },
): Promise<DeliveryLane | undefined> => {
  const expires = Math.ceil(now / 1000) + LANE_SECONDS;
  for (let lane = 0; lane < MAX_SLOW_ATTEMPTS; lane += 1) {
    const key = webhookKeys.deliveryLane({ org, environment }, id, lane);
    try {
      await store.write([{ put: { ...key, owner, expires }, if: 'absent' }]);
    } catch (error) {
      if (error instanceof Conflict) continue;
      throw error;
    }
    return {
      [Symbol.asyncDispose]: async () => {
        try {
          await store.write([{ remove: key, if: { owner } }]);
        } catch (error) {
          if (!(error instanceof Conflict)) throw error; // another owner has it: this one was too slow
        }
      },
    };
  }
  return undefined;
};
