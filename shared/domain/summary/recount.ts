import { Conflict, type Item, type ReadStore, type Store } from '../../ports/store.ts';
import { Problem } from '../../problem.ts';
import type { Tenant } from '../access/tenant.ts';
import { readAllConnections } from '../connections/list-connections.ts';
import { isJsonEqual } from '../json-equal.ts';
import { tableKeys } from '../table-keys.ts';
import {
  addToCells,
  readSummaryCounters,
  readSummaryEntry,
  SUMMARY_SHARDS,
  type SummaryEntry,
  toFailingItem,
  toSummaryEntry,
  toSummaryShard,
} from './summary-entry.ts';
import { buildCountersPut, countEntries } from './update-summary.ts';

/**
 * Corrects the summary of a tenant from its connections, whatever it says now. Callers may change connections meanwhile: each step holds the
 * lock of its shard, and a later revision wins. Returns how many connections are counted.
 */
export const recountSummary = async (store: Store, tenant: Tenant, now: number): Promise<number> => {
  const active = new Map<string, SummaryEntry>();
  for await (const connection of readAllConnections(store, tenant))
    active.set(connection.id, toSummaryEntry(connection, false));
  await correctEntries(store, tenant, [...active.values()], now);
  const counted = await listEntries(store, tenant);
  const gone: SummaryEntry[] = [];
  for (const entry of counted)
    if (entry.cell !== null && !(await store.get(tableKeys.connection(tenant, entry.id))))
      gone.push({ ...entry, cell: null, failing: null });
  await correctEntries(store, tenant, gone, now);
  await removeStrayFailing(store, tenant);
  for (let shard = 0; shard < SUMMARY_SHARDS; shard += 1) await recountShard(store, tenant, shard);
  return active.size;
};

const correctEntries = async (
  store: Store,
  tenant: Tenant,
  entries: readonly SummaryEntry[],
  now: number,
): Promise<void> => {
  // One by one: an entry that is right is only read, and the counters may be wrong until the end.
  for (const entry of entries)
    await countEntries(
      store,
      { tenant, shard: toSummaryShard(entry.id), entries: [entry] },
      now,
      isCorrection,
    );
};

const isCorrection = (next: SummaryEntry, counted: SummaryEntry): boolean =>
  next.revision > counted.revision || (next.revision === counted.revision && !isJsonEqual(next, counted));

const listEntries = async (store: ReadStore, tenant: Tenant): Promise<readonly SummaryEntry[]> => {
  const { pk, sk: prefix } = tableKeys.summaryEntry(tenant, '');
  const items = await listItems(store, pk, prefix);
  return items.map((item) => readSummaryEntry(item.sk.slice(prefix.length), item));
};

const listItems = async (store: ReadStore, pk: string, prefix: string): Promise<readonly Item[]> => {
  const found: Item[] = [];
  for (let from: string | undefined = prefix; from !== undefined;) {
    const page: Awaited<ReturnType<ReadStore['query']>> = await store.query({
      pk,
      from,
      to: `${prefix}~`,
      limit: PAGE,
    });
    found.push(...page.items);
    const last: string | undefined =
      page.next ?? (page.items.length === PAGE ? page.items.at(-1)?.sk : undefined);
    // Both ends of a range are inclusive: the next page begins after the last key.
    from = last === undefined ? undefined : `${last}!`;
  }
  return found;
};

const PAGE = 500;

/** Removes items of the list of failing connections that no entry knows. */
const removeStrayFailing = async (store: Store, tenant: Tenant): Promise<void> => {
  const known = new Set(
    (await listEntries(store, tenant)).flatMap((entry) => toFailingItem(tenant, entry)?.sk ?? []),
  );
  const { pk } = tableKeys.summaryCounters(tenant, 0);
  for (const { sk } of await listItems(store, pk, 'FAIL#')) {
    if (known.has(sk)) continue;
    const id = sk.split('#')[2] ?? '';
    const item = await store.get(tableKeys.summaryEntry(tenant, id));
    // It may have begun to fail since the entries were read.
    if (!item || toFailingItem(tenant, readSummaryEntry(id, item))?.sk !== sk)
      await store.write([{ remove: { pk, sk } }]);
  }
};

/** Sums the entries of a shard. A write of the shard that came meanwhile makes it start again. */
const recountShard = async (store: Store, tenant: Tenant, shard: number): Promise<void> => {
  for (let attempt = 0; attempt < MAX_RECOUNTS; attempt += 1) {
    const counters = readSummaryCounters(await store.get(tableKeys.summaryCounters(tenant, shard)));
    const entries = await listEntries(store, tenant);
    const own = entries.filter(({ id }) => toSummaryShard(id) === shard);
    const cells = addToCells(
      {},
      own.map(({ cell }) => [cell, 1] as const),
    );
    if (isJsonEqual(cells, counters.cells)) return;
    try {
      await store.write([buildCountersPut(tenant, shard, counters, cells)]);
      return;
    } catch (error) {
      if (!(error instanceof Conflict)) throw error;
    }
  }
  throw new Problem('unavailable', 'Too many changes of the health summary at the same time');
};

const MAX_RECOUNTS = 20;
