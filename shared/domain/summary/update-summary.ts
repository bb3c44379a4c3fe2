import { Conflict, type Item, type Store, type StoreChange, type StoreEvent } from '../../ports/store.ts';
import { Problem } from '../../problem.ts';
import type { Tenant } from '../access/tenant.ts';
import { toTenant } from '../connections/connection-repository.ts';
import { readConnection } from '../connections/stored-connection.ts';
import { isJsonEqual } from '../json-equal.ts';
import { resolveCurrentLayout } from '../stored-item.ts';
import { tableKeys } from '../table-keys.ts';
import {
  addToCells,
  readSummaryCounters,
  readSummaryEntry,
  type SummaryCounters,
  type SummaryEntry,
  toFailingItem,
  toSummaryEntry,
  toSummaryEntryItem,
  toSummaryShard,
} from './summary-entry.ts';

/**
 * Counts changes of connections. Each connection has an entry with the revision that was counted; the entry, the counters and the list of
 * failing connections are written in one transaction, on condition that no other write of the shard came first. So each change counts
 * once, although the stream delivers at least once, and an image that arrives late changes nothing.
 */
export const updateSummary = async (
  store: Store,
  changes: readonly StoreEvent[],
  now: number,
): Promise<void> => {
  const groups = new Map<string, SummaryGroup>();
  for (const { tenant, entry } of changes.flatMap(readCountedChange)) {
    const shard = toSummaryShard(entry.id);
    const key = JSON.stringify([tenant.org, tenant.environment, shard]);
    const group = groups.get(key) ?? { tenant, shard, entries: new Map<string, SummaryEntry>() };
    const other = group.entries.get(entry.id);
    if (!other || other.revision < entry.revision) group.entries.set(entry.id, entry);
    groups.set(key, group);
  }
  await Promise.all(
    [...groups.values()].map(async ({ tenant, shard, entries }) => {
      const all = [...entries.values()];
      for (let at = 0; at < all.length; at += ENTRIES_PER_WRITE)
        await countEntries(store, { tenant, shard, entries: all.slice(at, at + ENTRIES_PER_WRITE) }, now);
    }),
  );
};

interface SummaryGroup {
  readonly tenant: Tenant;
  readonly shard: number;
  readonly entries: Map<string, SummaryEntry>;
}

/** An entry needs at most three writes, and a transaction has at most 100. */
const ENTRIES_PER_WRITE = 30;

/** What a change means for the summary. A change that cannot be read is left out: `publish` parks it. */
const readCountedChange = ({ before, after }: StoreEvent) => {
  if (!after || !/^(CONN|GONE)#/.test(after.sk)) return [];
  try {
    const connection = readConnection(after);
    const entry = toSummaryEntry(connection, after.sk.startsWith('GONE#'));
    return isCountedAlready(before, entry) ? [] : [{ tenant: toTenant(connection), entry }];
  } catch {
    return [];
  }
};

/** Most writes of a connection change nothing that is counted. */
const isCountedAlready = (before: Item | undefined, { revision: _, ...next }: SummaryEntry): boolean => {
  if (!before) return false;
  const { revision: __, ...previous } = toSummaryEntry(readConnection(before), before.sk.startsWith('GONE#'));
  return isJsonEqual(previous, next);
};

interface CountedGroup {
  readonly tenant: Tenant;
  readonly shard: number;
  readonly entries: readonly SummaryEntry[];
}

/** Counts entries of one shard, and starts again if another write of the shard came first. */
export const countEntries = async (
  store: Store,
  { tenant, shard, entries }: CountedGroup,
  now: number,
  isNewer: (next: SummaryEntry, counted: SummaryEntry) => boolean = isLaterRevision,
): Promise<void> => {
  for (let attempt = 0; ; attempt += 1) {
    const [counters, ...known] = await store.getMany([
      tableKeys.summaryCounters(tenant, shard),
      ...entries.map(({ id }) => tableKeys.summaryEntry(tenant, id)),
    ]);
    const due = entries.flatMap((next, at) => {
      const item = known[at];
      const counted = item && readSummaryEntry(next.id, item);
      return counted && !isNewer(next, counted) ? [] : [{ next, counted }];
    });
    if (due.length === 0) return;
    const stored = readSummaryCounters(counters);
    const cells = addToCells(
      stored.cells,
      due.flatMap(({ next, counted }) => [[counted?.cell ?? null, -1] as const, [next.cell, 1] as const]),
    );
    const writes = due.flatMap(({ next, counted }) => buildEntryWrites(tenant, next, counted, now));
    try {
      await store.write([buildCountersPut(tenant, shard, stored, cells), ...writes]);
      return;
    } catch (error) {
      if (!(error instanceof Conflict)) throw error;
      if (attempt >= MAX_ATTEMPTS)
        throw new Problem('unavailable', 'Too many changes of the health summary at the same time', {
          cause: error,
        });
      await new Promise((resolve) => setTimeout(resolve, Math.random() * Math.min(200, 5 * 2 ** attempt)));
    }
  }
};

const MAX_ATTEMPTS = 40;

const isLaterRevision = (next: SummaryEntry, counted: SummaryEntry) => next.revision > counted.revision;

/** The write of the counters of a shard, on condition that nothing has changed the shard since they were read. */
export const buildCountersPut = (
  tenant: Tenant,
  shard: number,
  { seq }: SummaryCounters,
  cells: SummaryCounters['cells'],
): StoreChange => ({
  put: {
    ...tableKeys.summaryCounters(tenant, shard),
    layout: resolveCurrentLayout('summary'),
    seq: seq + 1,
    cells,
  },
  if: seq === 0 ? 'absent' : { seq },
});

const buildEntryWrites = (
  tenant: Tenant,
  next: SummaryEntry,
  counted: SummaryEntry | undefined,
  now: number,
): readonly StoreChange[] => {
  const [old, failing] = [counted && toFailingItem(tenant, counted), toFailingItem(tenant, next)];
  return [
    { put: toSummaryEntryItem(tenant, next, now) },
    ...(old && old.sk !== failing?.sk ? [{ remove: { pk: old.pk, sk: old.sk } }] : []),
    ...(failing ? [{ put: failing }] : []),
  ];
};
