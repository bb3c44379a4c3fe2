import type { Context } from 'aws-lambda';
import { Problem } from '../problem.ts';

/** The time that rendering the answer and writing the log take. */
const ANSWER_RESERVE_MS = 500;

/** Awaits `work`. Throws `unavailable` shortly before Lambda would end the function without a useful answer. */
export const answerInTime = async <T>(
  work: Promise<T>,
  { getRemainingTimeInMillis: getRemainingMs }: Partial<Pick<Context, 'getRemainingTimeInMillis'>>,
): Promise<T> => {
  if (!getRemainingMs) return work;
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => {
      work.catch(() => undefined); // the caller already has an answer
      late.reject(new Problem('unavailable', 'The request took too long'));
    },
    Math.max(0, getRemainingMs() - ANSWER_RESERVE_MS),
  );
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
};
