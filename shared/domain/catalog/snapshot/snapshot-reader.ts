import type { Table } from '../../../connectors/catalog.ts';
import {
  exactNames,
  findSameName,
  foldCase,
  isSameName,
  type NameRules,
} from '../../../connectors/name-rules.ts';
import type { ReadStore, Store } from '../../../ports/store.ts';
import {
  isBlockPosition,
  MAX_CATALOG_PAGE_BYTES,
  toSnapshotPartition,
  readCatalogRows,
} from './catalog-blocks.ts';
import type { CatalogOrder, SnapshotRef, PositionedRow } from './catalog-blocks.ts';
import { toKeyAfter, encodeNameKey, encodeNamePrefix } from './catalog-sort-keys.ts';
import { type CatalogName, catalogOrders } from './catalog-orders.ts';
import { createConcurrencyLimit } from '../../concurrency-limit.ts';
import { tableKeys } from '../../table-keys.ts';

interface TableQuery {
  /** How `schema` and `table` are compared; exactly by default. */
  readonly names?: NameRules;
  readonly schema?: string | undefined;
  readonly table?: string | undefined;
  readonly kind?: Table['kind'] | undefined;
  readonly limit: number;
  /** The `next` of the previous page, with the same filters. Throws `invalid-cursor` if it is not a position in this snapshot. */
  readonly after?: string | undefined;
}

interface TablePage {
  readonly data: Table[];
  readonly next: string | null;
}

/** Reads a page of at most `limit` tables and 4 MB, sorted by schema, then name. `next` is null after the last page. */
export const readTables = async (
  store: ReadStore,
  place: SnapshotRef,
  wanted: TableQuery,
): Promise<TablePage> => {
  const { names = exactNames, table, kind, limit, after } = wanted;
  const schema =
    wanted.schema === undefined ? undefined : await findSchema(store, place, wanted.schema, names);
  const data: Table[] = [];
  let bytes = 0;
  let next: string | null = null;
  for await (const found of readMatchingTables(store, place, { names, schema, table, kind, after })) {
    bytes += found.bytes;
    if (data.length > 0 && (data.length === limit || bytes > MAX_CATALOG_PAGE_BYTES)) return { data, next };
    data.push(found.row);
    next = found.position;
  }
  return { data, next: null };
};

/** Finds a table by its full name: first by the exact name, then by the rules by which the source compares names. */
export const findTable = async (
  store: ReadStore,
  place: SnapshotRef,
  schema: string,
  table: string,
  names = exactNames,
): Promise<Table | undefined> => {
  const find = async (rules: NameRules) =>
    (await readTables(store, place, { names: rules, schema, table, limit: 1 })).data[0];
  const exact = await find(exactNames);
  return exact === undefined && (names.schemas !== 'exact' || names.tables !== 'exact') ? find(names) : exact;
};

/** Returns the schema's name as the catalog spells it if the source considers the given name equal, else the given name. */
export const findSchema = async (
  store: ReadStore,
  place: SnapshotRef,
  schema: string,
  { schemas }: NameRules,
): Promise<string> => {
  if (schemas === 'exact') return schema;
  const alike = await readLabels(store, place, catalogOrders.schemas, encodeNamePrefix(foldCase(schema)));
  return findSameName(schemas, schema, alike, (label) => label) ?? schema;
};

/** Reads labels that differ only in case. There are rarely more than a few, so the limit hides none in practice. */
const readLabels = async (
  store: ReadStore,
  place: SnapshotRef,
  order: CatalogOrder<CatalogName>,
  beginning: string,
): Promise<readonly string[]> => {
  const labels: string[] = [];
  for await (const { row } of readCatalogRows(store, place, order, { beginning })) {
    labels.push(row.label);
    if (labels.length >= MAX_SIMILAR_LABELS) break;
  }
  return labels;
};

const MAX_SIMILAR_LABELS = 200;

/** Whether a text is a snapshot id and a `next` of that snapshot, separated by a space or a line break. */
export const isCatalogPosition = (text: string): boolean =>
  /^[0-9a-f]{32}[ \n]/.test(text) && isBlockPosition(text.slice(33));

/**
 * Call this before writing the first block: if a crash leaves the snapshot without a pointer, `sweep-snapshots.ts` finds it by this item.
 */
export const registerSnapshot = (store: Store, place: SnapshotRef, now: number): Promise<void> => {
  const { org, environment, id, snapshot } = place;
  const key = tableKeys.snapshot(place, id, snapshot);
  return store.write([{ put: { ...key, layout: 1, org, environment, connection: id, snapshot, at: now } }]);
};

/** Removes a snapshot that no connection points to. If a crash interrupts it, the next call removes the rest. */
export const removeSnapshot = async (store: Store, place: SnapshotRef): Promise<void> => {
  const pk = toSnapshotPartition(place);
  const removals = createConcurrencyLimit(8);
  let from: string | undefined = '';
  while (from !== undefined) {
    const limit = 25;
    const { items, next } = await store.query({ pk, ...(from && { from }), limit });
    for (const { sk } of items) await removals.start(() => store.write([{ remove: { pk, sk } }]));
    const last = next ?? (items.length < limit ? undefined : items.at(-1)?.sk);
    from = last === undefined ? undefined : toKeyAfter(last);
  }
  await removals.done();
  await store.write([{ remove: tableKeys.snapshot(place, place.id, place.snapshot) }]);
};

type TableFilters = Omit<TableQuery, 'limit'>;

async function* readMatchingTables(
  store: ReadStore,
  place: SnapshotRef,
  filters: TableFilters,
): AsyncGenerator<PositionedRow<Table>> {
  const { names = exactNames, schema, table, kind, after } = filters;
  if (table === undefined) {
    const beginning = schema === undefined ? '' : encodeNamePrefix(schema);
    for await (const found of readCatalogRows(store, place, catalogOrders.tables, { beginning, kind, after }))
      if (kind === undefined || found.row.kind === kind) yield found;
  } else if (schema === undefined) {
    yield* readTablesInAnySchema(store, place, table, filters);
  } else if (after === undefined) {
    const name = await findTableLabel(store, place, schema, table, names);
    // A complete name sorts before all names that start with it, so the first row decides.
    for await (const found of readCatalogRows(store, place, catalogOrders.tables, {
      beginning: encodeNameKey(schema, name),
    })) {
      if (found.row.name === name && (kind === undefined || found.row.kind === kind)) yield found;
      return;
    }
  }
}

const findTableLabel = async (
  store: ReadStore,
  place: SnapshotRef,
  schema: string,
  table: string,
  { tables }: NameRules,
): Promise<string> => {
  if (tables === 'exact') return table;
  const beginning = encodeNamePrefix(schema, foldCase(table));
  const alike = await readLabels(store, place, catalogOrders.namesInSchema, beginning);
  return findSameName(tables, table, alike, (label) => label) ?? table;
};

async function* readTablesInAnySchema(
  store: ReadStore,
  place: SnapshotRef,
  label: string,
  { names = exactNames, kind, after }: TableFilters,
): AsyncGenerator<PositionedRow<Table>> {
  const beginning = encodeNamePrefix(foldCase(label));
  for await (const { row, position } of readCatalogRows(store, place, catalogOrders.names, {
    beginning,
    kind,
    after,
  })) {
    if (!isSameName(names.tables, row.label, label) || (kind !== undefined && row.kind !== kind)) continue;
    for await (const found of readMatchingTables(store, place, { schema: row.schema, table: row.label }))
      yield { ...found, position };
  }
}
