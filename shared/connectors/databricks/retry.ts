import { noteRetryAfter, withRetries } from '../retry.ts';
import { isTransient, retryAfterIn } from './failures.ts';

/** Asks again what the workspace was too busy for; the driver itself is told not to, since nothing could stop it. */
export const retry = <T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> => {
  const noted = () =>
    work().catch((error: unknown) => {
      throw noteRetryAfter(Object(error), retryAfterIn(error));
    });
  return withRetries(noted, { isTransient, ...(signal && { signal }) });
};
