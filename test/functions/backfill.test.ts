import { expect, test } from '@jest/globals';
import { runBackfill } from '../../functions/backfill.ts';
import { testIntervals } from '../../shared/domain/schedule/intervals.ts';
import { toSlotMinute, toSlotShard } from '../../shared/domain/schedule/slots.ts';
import { scheduleKeys } from '../../shared/domain/schedule/schedule-keys.ts';
import { tableKeys } from '../../shared/domain/table-keys.ts';
import type { Store } from '../../shared/ports/store.ts';
import { startApi } from '../api.ts';
import { createConnectionBody } from '../samples.ts';

/** An API whose connections have no slots, as an earlier release has left them. */
const startEarlier = async (intervals: readonly number[]) => {
  let now = Date.UTC(2031, 0, 1);
  const api = await startApi({ clock: () => now });
  const ids: string[] = [];
  for (const [n, minutes] of intervals.entries()) {
    const { body } = await api.call('POST /v1/connections?test=false', {
      body: { ...createConnectionBody(), name: `earlier ${n}`, options: { test_interval_minutes: 60 } },
    });
    const id = body.id.slice(5);
    const key = tableKeys.connection({ org: 'org_test', environment: 'default' }, id);
    const stored = await api.store.get(key);
    if (!stored) throw new Error('expected the connection');
    const options = { ...Object(stored['options']), test_interval_minutes: minutes };
    await api.store.write([
      { put: { ...stored, options } },
      { remove: scheduleKeys.slot(60, toSlotMinute(id, 60), toSlotShard(id), id) },
    ]);
    ids.push(id);
  }
  const listSlots = async (id: string) => {
    const keys = testIntervals.map((each) =>
      scheduleKeys.slot(each, toSlotMinute(id, each), toSlotShard(id), id),
    );
    const found = await api.store.getMany(keys);
    return testIntervals.filter((_, n) => found[n] !== undefined);
  };
  const run = (limits: Partial<Parameters<typeof runBackfill>[1]> = {}, store: Store = api.store) =>
    runBackfill(
      { clock: () => now, writeLog: (line) => void api.logged.push(line), ports: async () => ({ store }) },
      { budgetMs: 60_000, lockMs: 120_000, passes: 1, ...limits },
    );
  return {
    api,
    ids,
    run,
    listSlots,
    pass: (ms: number) => {
      now += ms;
    },
    [Symbol.asyncDispose]: () => api[Symbol.asyncDispose](),
  };
};

test('every connection of an earlier release gets the slot of its interval, once', async () => {
  await using earlier = await startEarlier([0, 5, 7, 60, 61, 10_080, 9_999]);
  expect(await earlier.run()).toBe(true);
  expect(await Promise.all(earlier.ids.map(earlier.listSlots))).toEqual([
    [],
    [5],
    [10],
    [60],
    [120],
    [10_080],
    [10_080],
  ]);
  const scans: unknown[] = [];
  const counting: Store = { ...earlier.api.store, scan: async (range) => (scans.push(range), { items: [] }) };
  expect(await earlier.run({}, counting)).toBe(true);
  expect(scans).toEqual([]);
  expect(earlier.api.logged.join()).toContain('"slot backfill completed"');
});

test('a run that fails is continued where it was, and each connection is read once', async () => {
  await using earlier = await startEarlier(Array.from({ length: 250 }, () => 15));
  const { store } = earlier.api;
  const read: string[] = [];
  let left = 2;
  const failing: Store = {
    ...store,
    scan: async (range) => {
      if (left === 0) throw new Error('the function ended');
      left -= range.segment === 0 ? 1 : 0;
      const page = await store.scan?.({ ...range, limit: 40 });
      read.push(...(page?.items ?? []).map(({ sk }) => sk));
      return page ?? { items: [] };
    },
  };
  await expect(earlier.run({}, failing)).rejects.toThrow('the function ended');
  // The lock of the run that ended expires.
  expect(await earlier.run()).toBe(false);
  earlier.pass(121_000);
  left = Infinity;
  expect(await earlier.run({}, failing)).toBe(true);
  expect(new Set(read).size).toBe(250);
  expect(read).toHaveLength(250);
  for (const id of earlier.ids) expect(await earlier.listSlots(id)).toEqual([15]);
});

test('a second pass finds connections that functions of the earlier release create during the deployment', async () => {
  await using earlier = await startEarlier([30]);
  const [id = ''] = earlier.ids;
  expect(await earlier.run({ passes: 2 })).toBe(false);
  await earlier.api.store.write([
    { remove: scheduleKeys.slot(30, toSlotMinute(id, 30), toSlotShard(id), id) },
  ]);
  expect(await earlier.run({ passes: 2 })).toBe(false);
  expect(await earlier.listSlots(id)).toEqual([]);
  earlier.pass(3_600_000);
  expect(await earlier.run({ passes: 2 })).toBe(true);
  expect(await earlier.listSlots(id)).toEqual([30]);
});

test('connections of an earlier release are found by events and counted in the health summary', async () => {
  await using earlier = await startEarlier([60, 0]);
  const { api, ids } = earlier;
  const [id = ''] = ids;
  const key = tableKeys.connection({ org: 'org_test', environment: 'default' }, id);
  const stored = await api.store.get(key);
  if (!stored) throw new Error('expected the connection');
  const host = 'shop.c1a2b3c4d5e6.eu-central-1.rds.amazonaws.com';
  await api.store.write([{ put: { ...stored, config: { ...Object(stored['config']), host } } }]);
  expect(await earlier.run()).toBe(true);
  const pk = tableKeys.rdsTriggerPartition('eu-central-1', 'shop');
  expect((await api.store.query({ pk, limit: 10 })).items.map(({ sk }) => sk)).toEqual([id]);
  expect((await api.call('GET /v1/health/connections')).body).toMatchObject({
    total: 2,
    by_status: { pending: 2 },
    by_connector: { postgresql: { pending: 2 } },
  });
});
