import { boundColumns } from '../connectors/bound-columns.ts';
import { type Column, mayHaveMoreColumns, type Table } from '../connectors/catalog.ts';
import { byPlace } from '../connectors/order.ts';
import type { ReadStore } from '../ports/store.ts';
import { type Place, readRows } from './catalog-blocks.ts';
import { orders } from './catalog-orders.ts';
import type { CatalogSummary } from './catalog-summary.ts';
import type { StoredConnection } from './connection.ts';
import { readCatalog } from './derived.ts';

/** How long a column is kept after the last sample that contained it. */
const keptMs = 30 * 86_400_000;

/** A table with more columns than this uses data as field names, so not all of its earlier columns are kept. */
const mostColumns = 2000;

/** The catalog from which an introspection keeps columns. Returns `undefined` if the caller asked to forget them. */
export const findEarlier = (read: StoredConnection): CatalogSummary | undefined =>
  read.last_introspection?.forget === true ? undefined : (readCatalog(read) ?? undefined);

/**
 * Keeps columns of sampled tables that only earlier samples found. Tables must arrive in the order of a sink: the earlier catalog is read
 * in parallel, block by block, and only if a table was sampled.
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
  /** When the table was introspected, in milliseconds since the epoch. */
  readonly at: number;
}

/** Columns keep their earlier order, so that the same columns always have the same positions. */
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
  // Columns that this sample found take precedence over kept columns.
  const room = boundColumns([...others, ...missed], mostColumns).columns.length - others.length;
  const kept = missed.slice(0, Math.max(0, room));
  const columns = inOrder(table.columns, [...others, ...kept], earlier.table.columns);
  return { ...table, columns: columns.map((column, index) => ({ ...column, position: index + 1 })) };
};

/**
 * Whether no column of the sample is known from the earlier table of this name. Then the table was created again, or its column names are
 * data, as in a file without a header.
 */
const isAnother = (table: Table, before: Table): boolean => {
  const found = table.columns.filter(({ share = 0 }) => share > 0);
  const known = new Set(before.columns.map(({ name }) => name));
  return found.length > 0 && !found.some(({ name }) => known.has(name));
};

/** Returns nothing if the sample found the column, or if no sample ever did. */
const keepColumn = (
  before: Column,
  found: Column | undefined,
  readAt: number,
  now: number,
): { readonly column: Column; readonly seen: number }[] => {
  if ((found && found.share !== 0) || before.share === 0) return [];
  // The clock that wrote this time may have been ahead.
  const seen = Math.min(before.seen_at === undefined ? readAt : Date.parse(before.seen_at), now);
  if (!(now - seen <= keptMs)) return [];
  // What the source declares about the column is current.
  const { nullable, comment } = found ?? { nullable: true, comment: before.comment };
  return [{ column: { ...before, nullable, comment, seen_at: new Date(seen).toISOString() }, seen }];
};

/** Sorts columns as in the earlier table. A new column follows the column that precedes it in the sample. */
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
