import type { Context } from 'aws-lambda';
import { Problem } from '../problem.ts';

/** The time that rendering the answer and writing the log take. */
const RESERVE_MS = 500;

/** Awaits `work`. Throws `unavailable` shortly before Lambda would end the function without a useful answer. */
export const answerInTime = async <T>(
  work: Promise<T>,
  { getRemainingTimeInMillis: left }: Partial<Pick<Context, 'getRemainingTimeInMillis'>>,
): Promise<T> => {
  if (!left) return work;
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => {
      work.catch(() => undefined); // the caller already has an answer
      late.reject(new Problem('unavailable', 'The answer did not come in time'));
    },
    Math.max(0, left() - RESERVE_MS),
  );
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
};
