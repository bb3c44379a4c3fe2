import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { testIntervals } from '../../shared/domain/schedule/intervals.ts';
import { toSlotMinute, toSlotShard } from '../../shared/domain/schedule/slots.ts';
import { scheduleKeys } from '../../shared/domain/schedule/schedule-keys.ts';
import { tableKeys } from '../../shared/domain/table-keys.ts';
import { type Api, startApi } from '../api.ts';
import { createConnectionBody } from '../samples.ts';

let api: Api;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api[Symbol.asyncDispose]());

/** The intervals of all slots that exist for a connection. */
const listSlotIntervals = async (id: string): Promise<readonly number[]> => {
  const bare = id.slice(5);
  const keys = testIntervals.map((interval) =>
    scheduleKeys.slot(interval, toSlotMinute(bare, interval), toSlotShard(bare), bare),
  );
  const found = await api.store.getMany(keys);
  return testIntervals.filter((_, n) => found[n] !== undefined);
};

const step = fc.oneof(
  fc.record({ do: fc.constant('interval' as const), minutes: fc.constantFrom(...testIntervals) }),
  fc.record({ do: fc.constant('credentials' as const), minutes: fc.constantFrom(...testIntervals) }),
  fc.record({ do: fc.constantFrom('rename', 'reset', 'delete', 'restore', 'test', 'purge') }),
);

test('after every change of a connection exactly the slot of its interval exists', async () => {
  let number = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(undefined, ...testIntervals),
      fc.array(step, { minLength: 1, maxLength: 8 }),
      async (first, steps) => {
        number += 1;
        const options = first === undefined ? {} : { options: { test_interval_minutes: first } };
        const { body } = await api.call('POST /v1/connections?test=false', {
          body: { ...createConnectionBody(), name: `slots ${number}`, ...options },
        });
        const { id } = body;
        let interval: number = first ?? 60;
        let state: 'active' | 'deleted' | 'purged' = 'active';
        const check = async () =>
          expect(await listSlotIntervals(id)).toEqual(state === 'active' && interval !== 0 ? [interval] : []);
        await check();
        for (const each of steps) {
          const at = `/v1/connections/${id}`;
          const isDone = (status: number) => status < 300;
          if (each.do === 'interval' || each.do === 'credentials') {
            const patch = {
              options: { test_interval_minutes: 'minutes' in each ? each.minutes : 0 },
              ...(each.do === 'credentials' && { credentials: { password: 'not-a-real-secret' } }),
            };
            if (isDone((await api.call(`PATCH ${at}`, { body: patch })).status))
              interval = patch.options.test_interval_minutes;
          } else if (each.do === 'reset') {
            const body = { options: { test_interval_minutes: null } };
            if (isDone((await api.call(`PATCH ${at}`, { body })).status)) interval = 60;
          } else if (each.do === 'rename') {
            number += 1;
            await api.call(`PATCH ${at}`, { body: { name: `slots ${number}` } });
          } else if (each.do === 'delete') {
            if (isDone((await api.call(`DELETE ${at}`)).status)) state = 'deleted';
          } else if (each.do === 'restore') {
            if (isDone((await api.call(`POST ${at}/restore`)).status)) state = 'active';
          } else if (each.do === 'purge') {
            if (isDone((await api.call(`DELETE ${at}?purge=true`)).status)) state = 'purged';
          } else await api.call(`POST ${at}/test`);
          await check();
        }
      },
    ),
    { numRuns: 40 },
  );
});

test('an interval of an earlier release has the slot of the next longer one, and loses it', async () => {
  const { body } = await api.call('POST /v1/connections?test=false', {
    body: { ...createConnectionBody(), name: 'an odd interval', options: { test_interval_minutes: 10 } },
  });
  const key = tableKeys.connection({ org: 'org_test', environment: 'default' }, body.id.slice(5));
  const stored = await api.store.get(key);
  if (!stored) throw new Error('expected the connection');
  await api.store.write([
    { put: { ...stored, options: { ...Object(stored['options']), test_interval_minutes: 7 } } },
  ]);
  expect(await listSlotIntervals(body.id)).toEqual([10]);
  await api.call(`PATCH /v1/connections/${body.id}`, { body: { options: { test_interval_minutes: 30 } } });
  expect(await listSlotIntervals(body.id)).toEqual([30]);
});
