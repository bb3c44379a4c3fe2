import { setTimeout } from 'node:timers/promises';

interface RetryOptions {
  /** Whether a retry may succeed: throttling, or a failure of the server itself. */
  readonly isTransient: (error: unknown) => boolean;
  /** Also ends the pauses. */
  readonly signal?: AbortSignal;
  /** Milliseconds before each retry, varied at random by up to 50 %. */
  readonly pauses?: readonly number[];
  readonly pause?: (ms: number, signal: AbortSignal | undefined) => Promise<unknown>;
}

/**
 * Retries work that failed with a transient error: three attempts in all, with growing pauses that are at least as long as `Retry-After`
 * demands. Does not retry if the server demands more than 5 seconds.
 */
export const withRetries = async <T>(
  work: () => Promise<T>,
  { isTransient, signal, pauses = [200, 800], pause = sleepUnlessAborted }: RetryOptions,
): Promise<T> => {
  for (const ms of pauses) {
    let least = 0;
    try {
      return await work();
    } catch (error) {
      least = retryAfterDelays.get(Object(error)) ?? 0;
      if (!isTransient(error) || least > MAX_RETRY_PAUSE_MS) throw error;
    }
    // Jitter: callers that were refused together must not retry together.
    await pause(Math.max(least, ms + ms * (Math.random() - 0.5)), signal);
    signal?.throwIfAborted();
  }
  return work();
};

const sleepUnlessAborted = (ms: number, signal: AbortSignal | undefined) =>
  setTimeout(ms, undefined, signal && { signal }).catch(() => undefined);

/** A step of a test has 10 seconds, so a longer pause leaves no time for the retry. */
const MAX_RETRY_PAUSE_MS = 5000;

/** The milliseconds that a server demands before a retry, by error. */
const retryAfterDelays = new WeakMap<object, number>();

/** Records the `Retry-After` header of a response, in seconds or as a date: https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3 */
export const recordRetryAfter = <E extends object>(error: E, header: unknown): E => {
  const text = typeof header === 'string' ? header.trim() : '';
  const ms = /^\d{1,9}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  if (ms > 0) retryAfterDelays.set(error, ms);
  return error;
};

/**
 * Whether a retry may succeed after this HTTP status: https://www.rfc-editor.org/rfc/rfc9110#section-15.6,
 * https://www.rfc-editor.org/rfc/rfc6585#section-4
 */
export const isTransientStatus = (status: number | undefined): boolean =>
  status === 429 || (status !== undefined && status >= 500 && status !== 501 && status !== 505);

/** The number of consecutive failures of parts that counts as a failure of the source. */
const MAX_FAILURES_IN_A_ROW = 32;

/**
 * Distinguishes parts that cannot be read from a source that fails: a single failure affects only its part, but after many consecutive
 * failures it is pointless to try each of 100,000 parts.
 */
export const createPartFailureCounter = () => {
  let inARow = 0;
  return {
    /** Counts a failure and returns whether the source itself fails. */
    recordFailure: (): boolean => (inARow += 1) >= MAX_FAILURES_IN_A_ROW,
    recordSuccess: (): void => {
      inARow = 0;
    },
  };
};
