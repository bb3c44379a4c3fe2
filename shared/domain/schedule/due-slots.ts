import type { Item, ItemKey, ReadStore } from '../../ports/store.ts';
import { createConcurrencyLimit } from '../concurrency-limit.ts';
import { scheduleKeys } from './schedule-keys.ts';
import type { Claim } from './claims.ts';
import { type TestInterval, testIntervals } from './intervals.ts';
import { readSlot } from './slots.ts';

/** A slot that is due, and where it stands. */
export interface DueSlot extends ReturnType<typeof readSlot> {
  readonly key: ItemKey;
  /** Since the epoch. */
  readonly minute: number;
  /** Of a regular slot. */
  readonly interval?: TestInterval;
}

/**
 * Reads the slots of the claimed minutes. A regular slot is due once per interval at most, however long the gap is, so of each interval only
 * the last minutes are read.
 */
export const listDueSlots = async (
  store: ReadStore,
  claims: readonly Claim[],
): Promise<readonly DueSlot[]> => {
  const found: DueSlot[] = [];
  const reads = createConcurrencyLimit(MAX_PARALLEL_QUERIES);
  const read = (pk: string, at: Pick<DueSlot, 'minute' | 'interval'>) =>
    reads.start(async () => {
      for await (const item of readPartition(store, pk))
        found.push({ ...readSlot(item), ...at, key: { pk: item.pk, sk: item.sk } });
    });
  for (const { shard, from, to } of claims) {
    for (const interval of testIntervals) {
      if (interval === 0) continue;
      for (let minute = Math.max(from, to - interval + 1); minute <= to; minute += 1)
        await read(scheduleKeys.slotPartition(interval, minute % interval, shard), { minute, interval });
    }
    // One-off slots expire, so a longer gap has none.
    for (let minute = Math.max(from, to - MAX_ONE_OFF_GAP + 1); minute <= to; minute += 1)
      await read(scheduleKeys.oneOffPartition(minute, shard), { minute });
  }
  await reads.done();
  return found;
};

/** 8 days, the retention of one-off slots. */
const MAX_ONE_OFF_GAP = 8 * 1440;

const MAX_PARALLEL_QUERIES = 64;

async function* readPartition(store: ReadStore, pk: string): AsyncGenerator<Item> {
  let from: string | undefined;
  for (;;) {
    const { items, next } = await store.query({
      pk,
      limit: MAX_PAGE_SLOTS,
      ...(from !== undefined && { from }),
    });
    yield* items;
    const last = items.length === MAX_PAGE_SLOTS ? items.at(-1)?.sk : next;
    if (last === undefined) return;
    from = `${last}\0`;
  }
}

const MAX_PAGE_SLOTS = 5_000;
