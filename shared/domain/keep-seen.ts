import { boundColumns } from '../connectors/bound-columns.ts';
import { type Column, mayHaveMoreColumns, type Table } from '../connectors/catalog.ts';
import { byPlace } from '../connectors/order.ts';
import type { ReadStore } from '../ports/store.ts';
import { type Place, readRows } from './catalog-blocks.ts';
import { orders } from './catalog-orders.ts';
import type { CatalogSummary } from './catalog-summary.ts';
import type { StoredConnection } from './connection.ts';
import { readCatalog } from './derived.ts';

/** How long a column stays that no later sample has found. */
const keptMs = 30 * 86_400_000;

/** A table with more has data in the names of its fields: of those that it once had not all stay. */
const mostColumns = 2000;

/** The catalog from which an introspection keeps columns: none where the caller asked for a new beginning. */
export const findEarlier = (read: StoredConnection): CatalogSummary | undefined =>
  read.last_introspection?.forget === true ? undefined : (readCatalog(read) ?? undefined);

/**
 * Keeps the columns of sampled tables that this sample did not find and an earlier one did. Tables come in the order of a sink; the earlier
 * catalog is read beside them, a block at a time, and not at all where nothing was sampled.
 */
export const createKeeper = (
  store: ReadStore,
  place: Place,
  earlier: Pick<CatalogSummary, 'snapshot_id' | 'introspected_at'> | undefined,
  now: number,
): ((table: Table) => Promise<Table>) => {
  const at = Date.parse(earlier?.introspected_at ?? '');
  if (!earlier || !(now - at <= keptMs)) return (table) => Promise.resolve(table);
  const rows = readRows(store, { ...place, snapshot: earlier.snapshot_id }, orders.tables, { beginning: '' });
  let before: Table | undefined;
  const next = async () => {
    const { value } = await rows.next();
    before = value?.row;
    return before;
  };
  let begun = false;
  return async (table) => {
    if (!mayHaveMoreColumns(table)) return table;
    if (!begun) await next();
    begun = true;
    while (before && byPlace(before, table) < 0) await next();
    return before && byPlace(before, table) === 0 ? keepSeen(table, { table: before, at }, now) : table;
  };
};

interface Earlier {
  readonly table: Table;
  /** When it was read, in milliseconds since the epoch. */
  readonly at: number;
}

/** The columns stand as they stood before: the same columns come out in the same order. */
export const keepSeen = (table: Table, earlier: Earlier, now: number): Table => {
  if (!mayHaveMoreColumns(table)) return table;
  if (isAnother(table, earlier.table)) return table;
  const found = new Map(table.columns.map((column) => [column.name, column]));
  const missed = earlier.table.columns
    .flatMap((column) => keepColumn(column, found.get(column.name), earlier.at, now))
    .toSorted((a, b) => b.seen - a.seen)
    .map(({ column }) => column);
  const isMissed = new Set(missed.map(({ name }) => name));
  const others = table.columns.filter(({ name }) => !isMissed.has(name));
  // What was found is never left out for what was not.
  const room = boundColumns([...others, ...missed], mostColumns).columns.length - others.length;
  const kept = missed.slice(0, Math.max(0, room));
  const columns = inOrder(table.columns, [...others, ...kept], earlier.table.columns);
  return { ...table, columns: columns.map((column, index) => ({ ...column, position: index + 1 })) };
};

/** Of a table by the same name no sampled column is known: it was made anew, or its names are data, as where a file has no header. */
const isAnother = (table: Table, before: Table): boolean => {
  const found = table.columns.filter(({ share = 0 }) => share > 0);
  const known = new Set(before.columns.map(({ name }) => name));
  return found.length > 0 && !found.some(({ name }) => known.has(name));
};

/** Nothing where the sample found the column, or where none ever did. */
const keepColumn = (
  before: Column,
  found: Column | undefined,
  readAt: number,
  now: number,
): { readonly column: Column; readonly seen: number }[] => {
  if ((found && found.share !== 0) || before.share === 0) return [];
  // A clock may have been ahead.
  const seen = Math.min(before.seen_at === undefined ? readAt : Date.parse(before.seen_at), now);
  if (!(now - seen <= keptMs)) return [];
  // What the source itself says of the column is of now.
  const { nullable, comment } = found ?? { nullable: true, comment: before.comment };
  return [{ column: { ...before, nullable, comment, seen_at: new Date(seen).toISOString() }, seen }];
};

/** In the order of the table before; a column that was not there comes behind the one that it follows in the sample. */
const inOrder = (
  sample: readonly Column[],
  columns: readonly Column[],
  before: readonly Column[],
): Column[] => {
  const byName = new Map(columns.map((column) => [column.name, column]));
  const wasThere = new Set(before.map(({ name }) => name));
  const followers = new Map<string | undefined, Column[]>();
  let leader: string | undefined;
  for (const { name } of sample) {
    const column = byName.get(name);
    if (wasThere.has(name)) {
      leader = name;
      continue;
    }
    const following = followers.get(leader) ?? [];
    followers.set(leader, following);
    if (column) following.push(column);
  }
  const follow = (name: string | undefined) => followers.get(name) ?? [];
  return [
    ...follow(undefined),
    ...before.flatMap(({ name }) => [...[byName.get(name) ?? []].flat(), ...follow(name)]),
  ];
};
