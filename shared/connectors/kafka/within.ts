import { Problem } from '../../problem.ts';

/** An answer of a broker or registry, or a `timeout` after so many milliseconds. */
export const within = async <T>(limit: number, work: Promise<T>): Promise<T> => {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () =>
      late.reject(
        new Problem('timeout', `There was no answer within ${limit / 1000} s.`, {
          remediation: 'Raise query_timeout_seconds, or look at how busy the cluster is.',
        }),
      ),
    limit,
  );
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
};
