import type { Table } from '../connectors/catalog.ts';
import { exactNames, findSameName, foldCase, isSameName, type NameRules } from '../connectors/names.ts';
import type { ReadStore, Store } from '../ports/store.ts';
import { isBlockPosition, pageBytes, partition, readRows } from './catalog-blocks.ts';
import type { Order, Place, Placed } from './catalog-blocks.ts';
import { afterKey, joined, within } from './catalog-keys.ts';
import { type Name, orders } from './catalog-orders.ts';
import { inFlight } from './in-flight.ts';
import { keys } from './keys.ts';

interface Wanted {
  /** How `schema` and `table` are compared; exactly by default. */
  readonly names?: NameRules;
  readonly schema?: string | undefined;
  readonly table?: string | undefined;
  readonly kind?: Table['kind'] | undefined;
  readonly limit: number;
  /** The `next` of the previous page, with the same filters. Throws `invalid-cursor` if it is not a position in this snapshot. */
  readonly after?: string | undefined;
}

interface Page {
  readonly data: Table[];
  readonly next: string | null;
}

/** Reads a page of at most `limit` tables and 4 MB, sorted by schema, then name. `next` is null after the last page. */
export const readTables = async (store: ReadStore, place: Place, wanted: Wanted): Promise<Page> => {
  const { names = exactNames, table, kind, limit, after } = wanted;
  const schema =
    wanted.schema === undefined ? undefined : await findSchema(store, place, wanted.schema, names);
  const data: Table[] = [];
  let bytes = 0;
  let next: string | null = null;
  for await (const found of tablesOf(store, place, { names, schema, table, kind, after })) {
    bytes += found.bytes;
    if (data.length > 0 && (data.length === limit || bytes > pageBytes)) return { data, next };
    data.push(found.row);
    next = found.position;
  }
  return { data, next: null };
};

/** Finds a table by its full name: first by the exact name, then by the rules by which the source compares names. */
export const findTable = async (
  store: ReadStore,
  place: Place,
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
  place: Place,
  schema: string,
  { schemas }: NameRules,
): Promise<string> => {
  if (schemas === 'exact') return schema;
  const alike = await readLabels(store, place, orders.schemas, within(foldCase(schema)));
  return findSameName(schemas, schema, alike, (label) => label) ?? schema;
};

/** Reads labels that differ only in case. There are rarely more than a few, so the limit hides none in practice. */
const readLabels = async (
  store: ReadStore,
  place: Place,
  order: Order<Name>,
  beginning: string,
): Promise<readonly string[]> => {
  const labels: string[] = [];
  for await (const { row } of readRows(store, place, order, { beginning })) {
    labels.push(row.label);
    if (labels.length >= mostAlike) break;
  }
  return labels;
};

const mostAlike = 200;

/** Whether a text is a snapshot id and a `next` of that snapshot, separated by a space or a line break. */
export const isCatalogPosition = (text: string): boolean =>
  /^[0-9a-f]{32}[ \n]/.test(text) && isBlockPosition(text.slice(33));

/**
 * Call this before writing the first block: if a crash leaves the snapshot without a pointer, `sweep-snapshots.ts` finds it by this item.
 */
export const registerSnapshot = (store: Store, place: Place, now: number): Promise<void> => {
  const { org, environment, id, snapshot } = place;
  const key = keys.snapshot(place, id, snapshot);
  return store.write([{ put: { ...key, layout: 1, org, environment, connection: id, snapshot, at: now } }]);
};

/** Removes a snapshot that no connection points to. If a crash interrupts it, the next call removes the rest. */
export const removeSnapshot = async (store: Store, place: Place): Promise<void> => {
  const pk = partition(place);
  const removals = inFlight(8);
  let from: string | undefined = '';
  while (from !== undefined) {
    const limit = 25;
    const { items, next } = await store.query({ pk, ...(from && { from }), limit });
    for (const { sk } of items) await removals.start(() => store.write([{ remove: { pk, sk } }]));
    const last = next ?? (items.length < limit ? undefined : items.at(-1)?.sk);
    from = last === undefined ? undefined : afterKey(last);
  }
  await removals.done();
  await store.write([{ remove: keys.snapshot(place, place.id, place.snapshot) }]);
};

type Filters = Omit<Wanted, 'limit'>;

async function* tablesOf(store: ReadStore, place: Place, filters: Filters): AsyncGenerator<Placed<Table>> {
  const { names = exactNames, schema, table, kind, after } = filters;
  if (table === undefined) {
    const beginning = schema === undefined ? '' : within(schema);
    for await (const found of readRows(store, place, orders.tables, { beginning, kind, after }))
      if (kind === undefined || found.row.kind === kind) yield found;
  } else if (schema === undefined) {
    yield* namedInAnySchema(store, place, table, filters);
  } else if (after === undefined) {
    const name = await findLabel(store, place, schema, table, names);
    // A complete name sorts before all names that start with it, so the first row decides.
    for await (const found of readRows(store, place, orders.tables, { beginning: joined(schema, name) })) {
      if (found.row.name === name && (kind === undefined || found.row.kind === kind)) yield found;
      return;
    }
  }
}

const findLabel = async (
  store: ReadStore,
  place: Place,
  schema: string,
  table: string,
  { tables }: NameRules,
): Promise<string> => {
  if (tables === 'exact') return table;
  const beginning = within(schema, foldCase(table));
  const alike = await readLabels(store, place, orders.namesInSchema, beginning);
  return findSameName(tables, table, alike, (label) => label) ?? table;
};

async function* namedInAnySchema(
  store: ReadStore,
  place: Place,
  label: string,
  { names = exactNames, kind, after }: Filters,
): AsyncGenerator<Placed<Table>> {
  const beginning = within(foldCase(label));
  for await (const { row, position } of readRows(store, place, orders.names, { beginning, kind, after })) {
    if (!isSameName(names.tables, row.label, label) || (kind !== undefined && row.kind !== kind)) continue;
    for await (const found of tablesOf(store, place, { schema: row.schema, table: row.label }))
      yield { ...found, position };
  }
}
