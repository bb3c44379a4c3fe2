import { Problem } from '../problem.ts';

interface Bounds {
  /** Milliseconds. */
  readonly limit: number;
  /** The remediation of the timeout. */
  readonly remediation: string;
  /** Also cancels the work. */
  readonly signal?: AbortSignal;
}

/** Returns the result of the work or throws `timeout`. Aborts the signal of the work when it gives up, and ignores its later result. */
export const within = async <T>(
  { limit, remediation, signal }: Bounds,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> => {
  const enough = new AbortController();
  const end = Promise.withResolvers<never>();
  const stop = (reason: unknown) => {
    enough.abort(reason);
    end.reject(reason);
  };
  const giveUp = () => stop(signal?.reason);
  const timer = setTimeout(
    () => stop(new Problem('timeout', `There was no answer within ${limit / 1000} s.`, { remediation })),
    limit,
  );
  signal?.addEventListener('abort', giveUp, { once: true });
  try {
    signal?.throwIfAborted();
    return await Promise.race([work(enough.signal), end.promise]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', giveUp);
  }
};
