import { describe, expect, test } from '@jest/globals';
import { answerInTime } from '../../shared/http/answer-in-time.ts';

describe('an answer', () => {
  test('that does not come is unavailable before the function is killed', async () => {
    const silent = Promise.withResolvers<string>();
    await expect(answerInTime(silent.promise, { getRemainingTimeInMillis: () => 510 })).rejects.toMatchObject(
      { code: 'unavailable' },
    );
    silent.reject(new Error('late')); // and is no unhandled rejection
  });

  test('that comes is the answer, and so is a failure', async () => {
    const context = { getRemainingTimeInMillis: () => 60_000 };
    expect(await answerInTime(Promise.resolve('here'), context)).toBe('here');
    await expect(answerInTime(Promise.reject(new Error('own')), context)).rejects.toThrow('own');
    expect(await answerInTime(Promise.resolve('here'), {})).toBe('here');
  });
});
