import { Conflict, type Store } from '../../ports/store.ts';
import { tableKeys } from '../table-keys.ts';
import type { StoredWebhook } from './webhook.ts';

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
    const key = tableKeys.deliveryLane({ org, environment }, id, lane);
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
