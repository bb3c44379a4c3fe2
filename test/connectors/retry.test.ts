import { describe, expect, test } from '@jest/globals';
import { recordRetryAfter, withRetries } from '../../shared/connectors/reading/retry.ts';

/** Runs work that fails with these errors before it succeeds, and records each pause. */
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

describe('retries', () => {
  test('are made twice after the first attempt, with growing pauses', async () => {
    const { outcome, attempts, pauses } = await run([new Error('1'), new Error('2')]);
    expect([outcome, attempts]).toEqual(['done', 3]);
    expect(pauses.map((ms, at) => Math.abs(ms - (at === 0 ? 100 : 400)) <= (at === 0 ? 50 : 200))).toEqual([
      true,
      true,
    ]);
    const last = new Error('3');
    expect(await run([new Error('1'), new Error('2'), last])).toMatchObject({ outcome: last, attempts: 3 });
  });

  test('are not made for a permanent failure', async () => {
    const lasting = new Error('of ours');
    expect(await run([lasting], () => false)).toEqual({ outcome: lasting, attempts: 1, pauses: [] });
  });

  test('never wait less than the server asks, whatever the jitter', async () => {
    const waits = Array.from({ length: 50 }, () => run([recordRetryAfter(new Error('busy'), '1')]));
    for (const { pauses } of await Promise.all(waits)) expect(pauses[0]).toBeGreaterThanOrEqual(1000);
  });

  const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1000).toUTCString();

  test.each([
    ['in seconds', () => '2'],
    ['with blanks around', () => ' 2 '],
    ['as a date', () => inSeconds(4.9)],
  ])('wait as long as the server asks, %s', async (_, header) => {
    const { outcome, pauses } = await run([recordRetryAfter(new Error('busy'), header())]);
    expect(outcome).toBe('done');
    expect(pauses[0]).toBeGreaterThan(1000);
  });

  test.each([
    ['in seconds', () => '60'],
    ['as a date', () => inSeconds(3600)],
  ])('are not made when the server asks for a longer wait than the limit, %s', async (_, header) => {
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
  ])('ignore the Retry-After header %j', async (header) => {
    const { outcome, pauses } = await run([recordRetryAfter(new Error('busy'), header)]);
    expect(outcome).toBe('done');
    expect(pauses[0]).toBeLessThanOrEqual(150);
  });

  test('stop with the reason of the abort signal', async () => {
    const reason = new Error('too late');
    expect(await run([new Error('busy')], undefined, AbortSignal.abort(reason))).toMatchObject({
      outcome: reason,
      attempts: 1,
    });
  });
});
