import type { ItemKey } from '../../ports/store.ts';

/** The keys of slots and of the scheduler. Apart from the other table keys, because every function of the probe loads those at its start. */
export const scheduleKeys = {
  /** Connections whose scheduled test is due in one minute of each interval. */
  slotPartition: (interval: number, minute: number, shard: number) => `SLOT#${interval}#${minute}#${shard}`,
  slot: (interval: number, minute: number, shard: number, id: string): ItemKey => ({
    pk: scheduleKeys.slotPartition(interval, minute, shard),
    sk: id,
  }),
  /** What is due once, in one minute since the epoch. */
  oneOffPartition: (minute: number, shard: number) => `ONCE#${minute}#${shard}`,
  oneOffSlot: (minute: number, shard: number, entry: string): ItemKey => ({
    pk: scheduleKeys.oneOffPartition(minute, shard),
    sk: entry,
  }),
  /** The minutes that the scheduler has taken, by shard. `minute` is since the epoch. */
  claim: (shard: number, minute: number): ItemKey => ({
    pk: `CLAIM#${shard}`,
    sk: String(minute).padStart(12, '0'),
  }),
  /** How far the slots of the connections of earlier releases are written, per segment of the table. */
  backfill: (segment: number): ItemKey => ({ pk: 'SLOTS', sk: `BACKFILL#${segment}` }),
  /** Held by the running back-fill. There is at most one. */
  backfillLock: { pk: 'SLOTS', sk: 'BACKFILL-LOCK' } satisfies ItemKey,
} as const;
