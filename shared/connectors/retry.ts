import { setTimeout as pause } from 'node:timers/promises';

interface Retrying {
  /** Whether what failed may well succeed in a moment: throttling, and a server's own failure. */
  readonly isTransient: (error: unknown) => boolean;
  /** Ends the pauses too. */
  readonly signal?: AbortSignal;
  /** Milliseconds before each further attempt, give or take a half. */
  readonly pauses?: readonly number[];
}

/** Does a piece of work again where it failed for a moment only: three times in all, after pauses that grow. */
export const withRetries = async <T>(
  work: () => Promise<T>,
  { isTransient, signal, pauses = [200, 800] }: Retrying,
): Promise<T> => {
  for (const ms of pauses) {
    try {
      return await work();
    } catch (error) {
      if (!isTransient(error)) throw error;
    }
    // Many that were refused at once do not come back at once.
    await pause(ms * (0.5 + Math.random()), undefined, signal && { signal }).catch(() => undefined);
    signal?.throwIfAborted();
  }
  return work();
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
