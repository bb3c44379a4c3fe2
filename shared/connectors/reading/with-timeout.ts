import { Problem } from '../../problem.ts';

interface TimeoutOptions {
  /** Milliseconds. */
  readonly limit: number;
  /** The remediation of the timeout. */
  readonly remediation: string;
  /** Also cancels the work. */
  readonly signal?: AbortSignal;
}

/** Returns the result of the work or throws `timeout`. Aborts the signal of the work when it gives up, and ignores its later result. */
export const withTimeout = async <T>(
  { limit, remediation, signal }: TimeoutOptions,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> => {
  const controller = new AbortController();
  const stopped = Promise.withResolvers<never>();
  const stop = (reason: unknown) => {
    controller.abort(reason);
    stopped.reject(reason);
  };
  const abort = () => stop(signal?.reason);
  const timer = setTimeout(
    () =>
      stop(new Problem('timeout', `The source did not answer within ${limit / 1000} s.`, { remediation })),
    limit,
  );
  signal?.addEventListener('abort', abort, { once: true });
  try {
    signal?.throwIfAborted();
    return await Promise.race([work(controller.signal), stopped.promise]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  }
};
