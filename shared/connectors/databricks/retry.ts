import { noteRetryAfter, withRetries } from '../retry.ts';
import { isTransient, retryAfterIn } from './failures.ts';

/** Repeats a request that failed because the workspace was busy. The driver's own retries are off: they cannot be cancelled. */
export const retry = <T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> => {
  const noted = () =>
    work().catch((error: unknown) => {
      throw noteRetryAfter(Object(error), retryAfterIn(error));
    });
  return withRetries(noted, { isTransient, ...(signal && { signal }) });
};
