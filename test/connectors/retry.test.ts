import { describe, expect, test } from '@jest/globals';
import { recordRetryAfter, withRetries } from '../../shared/connectors/retry.ts';

/** What fails so often before it succeeds, and how long each pause was. */
const run = async (failures: readonly Error[], isTransient = (_: unknown) => true, signal?: AbortSignal) => {
  const pauses: number[] = [];
  let attempts = 0;
  const work = async () => {
    const failure = failures[attempts++];
    if (failure) throw failure;
    return 'done';
  };
  const outcome = await withRetries(work, {
    isTransient,
    ...(signal && { signal }),
    pauses: [100, 400],
    pause: async (ms) => void pauses.push(ms),
  }).catch((error: unknown) => error);
  return { outcome, attempts, pauses };
};

describe('what fails for a moment', () => {
  test('is tried three times, after pauses that grow', async () => {
    const { outcome, attempts, pauses } = await run([new Error('1'), new Error('2')]);
    expect([outcome, attempts]).toEqual(['done', 3]);
    expect(pauses.map((ms, at) => Math.abs(ms - (at === 0 ? 100 : 400)) <= (at === 0 ? 50 : 200))).toEqual([
      true,
      true,
    ]);
    const last = new Error('3');
    expect(await run([new Error('1'), new Error('2'), last])).toMatchObject({ outcome: last, attempts: 3 });
  });

  test('and would fail again is not tried again', async () => {
    const lasting = new Error('of ours');
    expect(await run([lasting], () => false)).toEqual({ outcome: lasting, attempts: 1, pauses: [] });
  });

  const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1000).toUTCString();

  test.each([
    ['in seconds', () => '2'],
    ['with blanks around', () => ' 2 '],
    ['as a date', () => inSeconds(4.9)],
  ])('is left alone for as long as the server asks, %s', async (_, header) => {
    const { outcome, pauses } = await run([recordRetryAfter(new Error('busy'), header())]);
    expect(outcome).toBe('done');
    expect(pauses[0]).toBeGreaterThan(1000);
  });

  test.each([
    ['in seconds', () => '60'],
    ['as a date', () => inSeconds(3600)],
  ])('for longer than anybody waits is not tried again, %s', async (_, header) => {
    const busy = recordRetryAfter(new Error('busy'), header());
    expect(await run([busy])).toEqual({ outcome: busy, attempts: 1, pauses: [] });
  });

  test.each([
    '',
    '-1',
    'soon',
    '0',
    'Wed, 21 Oct 2015 07:28:00 GMT',
    undefined,
    ['5'],
    '99999999999999999999',
  ])('asks for nothing where it says %j', async (header) => {
    const { outcome, pauses } = await run([recordRetryAfter(new Error('busy'), header)]);
    expect(outcome).toBe('done');
    expect(pauses[0]).toBeLessThanOrEqual(150);
  });

  test('is given up with the reason of who gives up', async () => {
    const reason = new Error('too late');
    expect(await run([new Error('busy')], undefined, AbortSignal.abort(reason))).toMatchObject({
      outcome: reason,
      attempts: 1,
    });
  });
});
