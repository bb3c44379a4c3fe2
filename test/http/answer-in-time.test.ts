import { describe, expect, test } from '@jest/globals';
import { answerInTime } from '../../shared/http/answer-in-time.ts';

describe('answerInTime', () => {
  test('rejects with unavailable before the function times out', async () => {
    const silent = Promise.withResolvers<string>();
    await expect(answerInTime(silent.promise, { getRemainingTimeInMillis: () => 510 })).rejects.toMatchObject(
      { code: 'unavailable' },
    );
    silent.reject(new Error('late')); // this is not an unhandled rejection
  });

  test('passes on an answer or failure that comes in time', async () => {
    const context = { getRemainingTimeInMillis: () => 60_000 };
    expect(await answerInTime(Promise.resolve('here'), context)).toBe('here');
    await expect(answerInTime(Promise.reject(new Error('own')), context)).rejects.toThrow('own');
    expect(await answerInTime(Promise.resolve('here'), {})).toBe('here');
  });
});
