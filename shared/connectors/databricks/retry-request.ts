import { recordRetryAfter, withRetries } from '../reading/retry.ts';
import { isTransientDatabricksError, findDatabricksRetryAfter } from './failures.ts';

/** Repeats a request that failed because the workspace was busy. The driver's own retries are off: they cannot be cancelled. */
export const retryDatabricksRequest = <T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> => {
  const attempt = () =>
    work().catch((error: unknown) => {
      throw recordRetryAfter(Object(error), findDatabricksRetryAfter(error));
    });
  return withRetries(attempt, { isTransient: isTransientDatabricksError, ...(signal && { signal }) });
};
