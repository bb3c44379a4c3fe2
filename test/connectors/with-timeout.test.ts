import { once } from 'node:events';
import { expect, test } from '@jest/globals';
import { withTimeout } from '../../shared/connectors/reading/with-timeout.ts';

const bounds = { limit: 60_000, remediation: 'Wait.' };

test('withTimeout returns or throws the outcome of work that ends in time', async () => {
  expect(await withTimeout(bounds, async () => 7)).toBe(7);
  await expect(withTimeout(bounds, () => Promise.reject(new Error('theirs')))).rejects.toThrow('theirs');
});

test('withTimeout fails with its remediation at the limit, aborts the work and ignores its outcome', async () => {
  let told: unknown;
  const late = withTimeout({ ...bounds, limit: 1 }, async (signal) => {
    await once(signal, 'abort');
    told = signal.reason;
    throw new Error('too late to be heard');
  });
  await expect(late).rejects.toMatchObject({
    code: 'timeout',
    message: 'The source did not answer within 0.001 s.',
    extras: { remediation: 'Wait.' },
  });
  expect(told).toMatchObject({ code: 'timeout' });
});

test.each(['before', 'meanwhile'])(
  'withTimeout fails with the reason of a signal that is aborted %s',
  async (when) => {
    const enough = new AbortController();
    const reason = new Error('given up');
    if (when === 'before') enough.abort(reason);
    const begun: string[] = [];
    const work = withTimeout({ ...bounds, signal: enough.signal }, async (signal) => {
      begun.push('begun');
      enough.abort(reason);
      expect(signal.aborted).toBe(true);
      return new Promise<never>(() => {});
    });
    await expect(work).rejects.toBe(reason);
    expect(begun).toEqual(when === 'before' ? [] : ['begun']);
  },
);
