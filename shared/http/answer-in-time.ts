import type { Context } from 'aws-lambda';
import { Problem } from '../problem.ts';

/** Milliseconds that it takes to render an answer and to write the log. */
const RESERVE_MS = 500;

/** What the work answers, or `unavailable` shortly before the function would be killed, which would tell the caller nothing. */
export const answerInTime = async <T>(
  work: Promise<T>,
  { getRemainingTimeInMillis: left }: Partial<Pick<Context, 'getRemainingTimeInMillis'>>,
): Promise<T> => {
  if (!left) return work;
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => {
      work.catch(() => undefined); // its caller has been answered
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
