import { limitColumns } from '../../connectors/reading/limit-columns.ts';
import { type Column, canHaveMoreColumns, type Table } from '../../connectors/catalog.ts';
import { compareQualifiedNames } from '../../connectors/reading/compare-names.ts';
import type { ReadStore } from '../../ports/store.ts';
import { type SnapshotRef, readCatalogRows } from './snapshot/catalog-blocks.ts';
import { catalogOrders } from './snapshot/catalog-orders.ts';
import type { CatalogSummary } from './catalog-summary.ts';
import type { StoredConnection } from '../connections/connection.ts';
import { readCurrentCatalog } from '../connections/derived-data.ts';

/** How long a column is kept after the last sample that contained it. */
const COLUMN_RETENTION_MS = 30 * 86_400_000;

/** A table with more columns than this uses data as field names, so not all of its earlier columns are kept. */
const MAX_SAMPLED_COLUMNS = 2000;

/** The catalog from which an introspection keeps columns. Returns `undefined` if the caller asked to forget them. */
export const findEarlierCatalog = (read: StoredConnection): CatalogSummary | undefined =>
  read.last_introspection?.forget === true ? undefined : (readCurrentCatalog(read) ?? undefined);

/**
 * Keeps columns of sampled tables that only earlier samples found. Tables must arrive in the order of a sink: the earlier catalog is read
 * in parallel, block by block, and only if a table was sampled.
 */
export const createColumnKeeper = (
  store: ReadStore,
  place: SnapshotRef,
  earlier: Pick<CatalogSummary, 'snapshot_id' | 'introspected_at'> | undefined,
  now: number,
): ((table: Table) => Promise<Table>) => {
  const at = Date.parse(earlier?.introspected_at ?? '');
  if (!earlier || !(now - at <= COLUMN_RETENTION_MS)) return (table) => Promise.resolve(table);
  const rows = readCatalogRows(store, { ...place, snapshot: earlier.snapshot_id }, catalogOrders.tables, {
    beginning: '',
  });
  let before: Table | undefined;
  const readNext = async () => {
    const { value } = await rows.next();
    before = value?.row;
    return before;
  };
  let begun = false;
  return async (table) => {
    if (!canHaveMoreColumns(table)) return table;
    if (!begun) await readNext();
    begun = true;
    while (before && compareQualifiedNames(before, table) < 0) await readNext();
    return before && compareQualifiedNames(before, table) === 0
      ? keepEarlierColumns(table, { table: before, at }, now)
      : table;
  };
};

interface EarlierTable {
  readonly table: Table;
  /** When the table was introspected, in milliseconds since the epoch. */
  readonly at: number;
}

/** Columns keep their earlier order, so that the same columns always have the same positions. */
export const keepEarlierColumns = (table: Table, earlier: EarlierTable, now: number): Table => {
  if (!canHaveMoreColumns(table)) return table;
  if (isReplacedTable(table, earlier.table)) return table;
  const found = new Map(table.columns.map((column) => [column.name, column]));
  const missed = earlier.table.columns
    .flatMap((column) => keepMissedColumn(column, found.get(column.name), earlier.at, now))
    .toSorted((a, b) => b.seen - a.seen)
    .map(({ column }) => column);
  const missedNames = new Set(missed.map(({ name }) => name));
  const others = table.columns.filter(({ name }) => !missedNames.has(name));
  // Columns that this sample found take precedence over kept columns.
  const room = limitColumns([...others, ...missed], MAX_SAMPLED_COLUMNS).columns.length - others.length;
  const kept = missed.slice(0, Math.max(0, room));
  const columns = orderColumns(table.columns, [...others, ...kept], earlier.table.columns);
  return { ...table, columns: columns.map((column, index) => ({ ...column, position: index + 1 })) };
};

/**
 * Whether no column of the sample is known from the earlier table of this name. Then the table was created again, or its column names are
 * data, as in a file without a header.
 */
const isReplacedTable = (table: Table, before: Table): boolean => {
  const found = table.columns.filter(({ share = 0 }) => share > 0);
  const known = new Set(before.columns.map(({ name }) => name));
  return found.length > 0 && !found.some(({ name }) => known.has(name));
};

/** Returns nothing if the sample found the column, or if no sample ever did. */
const keepMissedColumn = (
  before: Column,
  found: Column | undefined,
  readAt: number,
  now: number,
): { readonly column: Column; readonly seen: number }[] => {
  if ((found && found.share !== 0) || before.share === 0) return [];
  // The clock that wrote this time may have been ahead.
  const seen = Math.min(before.seen_at === undefined ? readAt : Date.parse(before.seen_at), now);
  if (!(now - seen <= COLUMN_RETENTION_MS)) return [];
  // What the source declares about the column is current.
  const { nullable, comment } = found ?? { nullable: true, comment: before.comment };
  return [{ column: { ...before, nullable, comment, seen_at: new Date(seen).toISOString() }, seen }];
};

/** Sorts columns as in the earlier table. A new column follows the column that precedes it in the sample. */
const orderColumns = (
  sample: readonly Column[],
  columns: readonly Column[],
  before: readonly Column[],
): Column[] => {
  const byName = new Map(columns.map((column) => [column.name, column]));
  const earlierNames = new Set(before.map(({ name }) => name));
  const followers = new Map<string | undefined, Column[]>();
  let preceding: string | undefined;
  for (const { name } of sample) {
    const column = byName.get(name);
    if (earlierNames.has(name)) {
      preceding = name;
      continue;
    }
    const following = followers.get(preceding) ?? [];
    followers.set(preceding, following);
    if (column) following.push(column);
  }
  const listFollowers = (name: string | undefined) => followers.get(name) ?? [];
  return [
    ...listFollowers(undefined),
    ...before.flatMap(({ name }) => [...[byName.get(name) ?? []].flat(), ...listFollowers(name)]),
  ];
};
