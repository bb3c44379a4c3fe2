import { Problem } from '../problem.ts';

interface Bounds {
  /** Milliseconds. */
  readonly limit: number;
  /** What helps where it took longer. */
  readonly remediation: string;
  /** Ends it too. */
  readonly signal?: AbortSignal;
}

/** The outcome of the work, or a `timeout`. The work is told by its signal that it is given up; what becomes of it then nobody hears. */
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
