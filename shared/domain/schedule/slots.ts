import { createHash } from 'node:crypto';
import type { Item, StoreChange } from '../../ports/store.ts';
import type { Tenant } from '../access/tenant.ts';
import { resolveCurrentLayout } from '../stored-item.ts';
import { scheduleKeys } from './schedule-keys.ts';
import { tableKeys } from '../table-keys.ts';
import { resolveTestInterval, type TestInterval } from './intervals.ts';

export const MINUTE_MS = 60_000;

/** Slots of one minute are spread over this many partitions. */
export const SLOT_SHARDS = 4;

/** What a one-off slot requests. */
export type SlotKind = 'test' | 'retry' | 'expiring' | 'usage' | 'webhook';

/** The minute within its interval in which a connection is due: a hash of its id, so that connections spread evenly. */
export const toSlotMinute = (id: string, interval: TestInterval): number =>
  interval === 0 ? 0 : createHash('sha256').update(id).digest().readUInt32BE(0) % interval;

export const toSlotShard = (id: string): number =>
  createHash('sha256').update(id).digest().readUInt8(4) % SLOT_SHARDS;

/** The next time at which the regular slot of a connection is due, in milliseconds, after `now`. `null` if it is never due. */
export const findNextDue = (id: string, minutes: number, now: number): number | null => {
  const interval = resolveTestInterval(minutes);
  if (interval === 0) return null;
  const minute = Math.floor(now / MINUTE_MS) + 1;
  const wait = (((toSlotMinute(id, interval) - minute) % interval) + interval) % interval;
  return (minute + wait) * MINUTE_MS;
};

/** The connection that a slot belongs to. */
export interface SlotOwner {
  readonly tenant: Tenant;
  readonly id: string;
}

const toRegularSlotKey = ({ id }: SlotOwner, interval: TestInterval) =>
  scheduleKeys.slot(interval, toSlotMinute(id, interval), toSlotShard(id), id);

/**
 * The writes that keep the regular slot of a connection in step with its interval. Part of the transaction that changes the connection;
 * `undefined` means that it does not exist (any more). Without a change there are no writes.
 */
export const buildSlotChanges = (
  owner: SlotOwner,
  before: number | undefined,
  after: number | undefined,
): readonly StoreChange[] => {
  const [old, next] = [before ?? 0, after ?? 0].map(resolveTestInterval) as [TestInterval, TestInterval];
  if (old === next) return [];
  return [
    ...(old === 0 ? [] : [{ remove: toRegularSlotKey(owner, old) }]),
    ...(next === 0 ? [] : [buildRegularSlotPut(owner, next)]),
  ];
};

export const buildRegularSlotPut = (owner: SlotOwner, interval: TestInterval): StoreChange => ({
  put: {
    ...toRegularSlotKey(owner, interval),
    layout: resolveCurrentLayout('slot'),
    o: owner.tenant.org,
    e: owner.tenant.environment,
  },
});

/** Removes the slot of an interval that the connection does not have, unless the connection was changed since it was read. */
export const buildStaleSlotRemoval = (
  owner: SlotOwner,
  minutes: number,
  revision: number | undefined,
): readonly StoreChange[] => [
  { remove: toRegularSlotKey(owner, resolveTestInterval(minutes)) },
  {
    check: tableKeys.connection(owner.tenant, owner.id),
    if: revision === undefined ? 'absent' : { revision },
  },
];

/** A slot for one time, such as a retry. */
export interface OneOffSlot extends SlotOwner {
  readonly kind: SlotKind;
  /** When it is due, in milliseconds. It is taken in the run of the minute that contains this time, or of the next one if that has begun. */
  readonly at: number;
  /** The `seq` of the health item for which a retry is planned. */
  readonly seq?: number;
  /** Distinguishes several slots of one kind, such as the deliveries of a webhook; part of the key. */
  readonly ref?: string;
}

const ONE_OFF_RETENTION_SECONDS = 8 * 86_400;

/** The write that adds a one-off slot. A slot with the same kind, connection, `ref` and minute is replaced. */
export const buildOneOffSlotPut = ({ kind, tenant, id, at, seq, ref = '' }: OneOffSlot): StoreChange => ({
  put: {
    ...scheduleKeys.oneOffSlot(Math.ceil(at / MINUTE_MS), toSlotShard(id), `${kind}#${id}#${ref}`),
    layout: resolveCurrentLayout('slot'),
    o: tenant.org,
    e: tenant.environment,
    ...(seq !== undefined && { seq }),
    expires: Math.floor(at / 1000) + ONE_OFF_RETENTION_SECONDS,
  },
});

/** Reads what a slot says from an item of a regular or a one-off partition. */
export const readSlot = (item: Item): SlotOwner & { kind?: SlotKind; seq?: number; ref?: string } => {
  const tenant = { org: String(item['o']), environment: String(item['e']) };
  const [kind, id, ref] = item.sk.includes('#') ? item.sk.split('#') : [undefined, item.sk];
  return {
    tenant,
    id: String(id),
    ...(kind !== undefined && { kind: kind as SlotKind }), // written by `buildOneOffSlotPut`
    ...(typeof item['seq'] === 'number' && { seq: item['seq'] }),
    ...(ref !== undefined && ref !== '' && { ref }),
  };
};
