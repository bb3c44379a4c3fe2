import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createFairQueue } from '../../shared/adapters/local/fair-queue.ts';

/** Work that the test ends itself, in the order in which it began. */
const queueOf = (options: Parameters<typeof createFairQueue>[0]) => {
  const queue = createFairQueue(options);
  const begun: { readonly name: string; readonly end: () => void }[] = [];
  const add = (name: string, tenant = 'a', destination = '') =>
    queue.run({ tenant, destination }, async () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      begun.push({ name, end: resolve });
      await promise;
      return name;
    });
  return { add, begun, names: () => begun.map(({ name }) => name) };
};

/** Resolves when the microtasks that are pending now have run. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('fair queue', () => {
  test('begins jobs in order up to the limit, and the next one when a job ends', async () => {
    const { add, begun, names } = queueOf({ atOnce: 2 });
    const all = ['1', '2', '3'].map((name) => add(name));
    await settled();
    expect(names()).toEqual(['1', '2']);
    begun[1]?.end();
    await settled();
    expect(names()).toEqual(['1', '2', '3']);
    for (const { end } of begun) end();
    expect(await Promise.all(all)).toEqual(['1', '2', '3']);
  });

  test('alternates between tenants', async () => {
    const { add, begun, names } = queueOf({ atOnce: 1 });
    for (const name of ['a1', 'a2', 'a3', 'b1', 'c1']) void add(name, name[0]);
    for (let at = 0; at < 5; at++) {
      await settled();
      begun[at]?.end();
    }
    expect(names()).toEqual(['a1', 'a2', 'b1', 'c1', 'a3']);
  });

  test('begins jobs for other destinations before those for a busy one', async () => {
    const { add, names } = queueOf({ atOnce: 100, perTenant: 50, perDestination: 16 });
    for (let n = 0; n < 200; n++) void add('silent', 'a', 'silent');
    void add('healthy', 'a', 'healthy');
    void add('other', 'b', 'silent');
    await settled();
    expect(names().filter((name) => name === 'silent')).toHaveLength(16);
    expect(names()).toEqual(expect.arrayContaining(['healthy', 'other']));
  });

  test('limits the jobs of one tenant, even to many destinations', async () => {
    const { add, names } = queueOf({ atOnce: 100, perTenant: 50, perDestination: 16 });
    for (let n = 0; n < 200; n++) void add('many', 'a', `host ${n}`);
    void add('other', 'b', 'host');
    await settled();
    expect(names().filter((name) => name === 'many')).toHaveLength(50);
    expect(names()).toContain('other');
  });

  test('continues after a job that failed', async () => {
    const queue = createFairQueue({ atOnce: 1 });
    const place = { tenant: 'a' };
    await expect(queue.run(place, () => Promise.reject(new Error('not today')))).rejects.toThrow('not today');
    expect(await queue.run(place, async () => 'done')).toBe('done');
  });

  test('runs every job and exceeds no limit, for any jobs in any order', async () => {
    const job = fc.record({
      tenant: fc.constantFrom('a', 'b', '["Ta","x"]'),
      destination: fc.constantFrom('', 'x', 'y'),
      turns: fc.nat(3),
      fails: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(job, { maxLength: 40 }), async (jobs) => {
        const limits = { atOnce: 4, perTenant: 3, perDestination: 2 };
        const queue = createFairQueue(limits);
        const running: (typeof jobs)[number][] = [];
        const outcomes = await Promise.allSettled(
          jobs.map((one) =>
            queue.run(one, async () => {
              running.push(one);
              const same = running.filter(({ tenant }) => tenant === one.tenant);
              expect(running.length).toBeLessThanOrEqual(limits.atOnce);
              expect(same.length).toBeLessThanOrEqual(limits.perTenant);
              expect(
                same.filter(({ destination }) => destination === one.destination).length,
              ).toBeLessThanOrEqual(limits.perDestination);
              for (let turn = 0; turn < one.turns; turn++) await settled();
              running.splice(running.indexOf(one), 1);
              if (one.fails) throw new Error('failed on purpose');
              return one;
            }),
          ),
        );
        expect(outcomes.map((one) => (one.status === 'fulfilled' ? one.value : one.reason.message))).toEqual(
          jobs.map((one) => (one.fails ? 'failed on purpose' : one)),
        );
      }),
    );
  });
});
