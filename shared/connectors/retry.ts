import { setTimeout } from 'node:timers/promises';

interface Retrying {
  /** Whether what failed may well succeed in a moment: throttling, and a server's own failure. */
  readonly isTransient: (error: unknown) => boolean;
  /** Ends the pauses too. */
  readonly signal?: AbortSignal;
  /** Milliseconds before each further attempt, give or take a half. */
  readonly pauses?: readonly number[];
  readonly pause?: (ms: number, signal: AbortSignal | undefined) => Promise<unknown>;
}

/**
 * Does a piece of work again where it failed for a moment only: three times in all, after pauses that grow, and that are as long as the
 * server asked for. One that asks for more than some seconds is not asked again.
 */
export const withRetries = async <T>(
  work: () => Promise<T>,
  { isTransient, signal, pauses = [200, 800], pause = wait }: Retrying,
): Promise<T> => {
  for (const ms of pauses) {
    let least = 0;
    try {
      return await work();
    } catch (error) {
      least = asked.get(Object(error)) ?? 0;
      if (!isTransient(error) || least > longestPauseMs) throw error;
    }
    // Many that were refused at once do not come back at once.
    await pause(Math.max(least, ms) + ms * (Math.random() - 0.5), signal);
    signal?.throwIfAborted();
  }
  return work();
};

const wait = (ms: number, signal: AbortSignal | undefined) =>
  setTimeout(ms, undefined, signal && { signal }).catch(() => undefined);

/** Steps of a test have ten seconds. */
const longestPauseMs = 5000;

/** How long a server asked to be left alone, in milliseconds, by the error that tells of it. */
const asked = new WeakMap<object, number>();

/** Notes what an answer says in `Retry-After`, in seconds or as a date: https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3 */
export const noteRetryAfter = <E extends object>(error: E, header: unknown): E => {
  const text = typeof header === 'string' ? header.trim() : '';
  const ms = /^\d{1,9}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  if (ms > 0) asked.set(error, ms);
  return error;
};

/** Statuses of HTTP that say "not now": https://www.rfc-editor.org/rfc/rfc9110#section-15.6, https://www.rfc-editor.org/rfc/rfc6585#section-4 */
export const isTransientStatus = (status: number | undefined): boolean =>
  status === 429 || (status !== undefined && status >= 500 && status !== 501 && status !== 505);

/** How many parts may fail one after the other before it is the source that fails. */
const mostInARow = 32;

/**
 * Tells parts that cannot be read from a source that fails: one of them costs itself alone; after many one after the other nobody is to wait
 * for each of a hundred thousand.
 */
export const createPartFailures = () => {
  let inARow = 0;
  return {
    /** Whether it is the source that fails. */
    failed: (): boolean => (inARow += 1) >= mostInARow,
    succeeded: (): void => {
      inARow = 0;
    },
  };
};
