import type { Table } from '../connectors/catalog.ts';
import type { ReadStore, Store } from '../ports/store.ts';
import { isBlockPosition, pageBytes, partition, readRows } from './catalog-blocks.ts';
import type { Place, Placed } from './catalog-blocks.ts';
import { afterKey, joined, within } from './catalog-keys.ts';
import { folded, orders } from './catalog-orders.ts';
import { inFlight } from './in-flight.ts';
import { keys } from './keys.ts';

interface Wanted {
  /** All three exact, with case. */
  readonly schema?: string | undefined;
  readonly table?: string | undefined;
  readonly kind?: Table['kind'] | undefined;
  readonly limit: number;
  /** The `next` of the page before, with the same filters; `invalid-cursor` where the snapshot does not have it. */
  readonly after?: string | undefined;
}

interface Page {
  readonly data: Table[];
  readonly next: string | null;
}

/** A page of `limit` tables, in order of schema, then name, or as many as 4 MB hold; `next` is null after the last. */
export const readTables = async (store: ReadStore, place: Place, wanted: Wanted): Promise<Page> => {
  const { schema, table, kind, limit, after } = wanted;
  const data: Table[] = [];
  let bytes = 0;
  let next: string | null = null;
  for await (const found of tablesOf(store, place, { schema, table, kind, after })) {
    bytes += found.bytes;
    if (data.length > 0 && (data.length === limit || bytes > pageBytes)) return { data, next };
    data.push(found.row);
    next = found.position;
  }
  return { data, next: null };
};

/** One table by its whole name. */
export const findTable = async (
  store: ReadStore,
  place: Place,
  schema: string,
  name: string,
): Promise<Table | undefined> => {
  const { data } = await readTables(store, place, { schema, table: name, limit: 1 });
  return data[0];
};

/** A snapshot and a `next` of it, with a blank or a line break between. */
export const isCatalogPosition = (text: string): boolean =>
  /^[0-9a-f]{32}[ \n]/.test(text) && isBlockPosition(text.slice(33));

/** Written before the first block, so that a snapshot that a crash leaves without a pointer is found (`sweep-snapshots.ts`). */
export const registerSnapshot = (store: Store, place: Place, now: number): Promise<void> => {
  const { org, environment, id, snapshot } = place;
  const key = keys.snapshot(place, id, snapshot);
  return store.write([{ put: { ...key, layout: 1, org, environment, connection: id, snapshot, at: now } }]);
};

/** Of a snapshot that nothing names any more; what a crash leaves, the next call removes. */
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

type Filters = Pick<Wanted, 'schema' | 'table' | 'kind' | 'after'>;

async function* tablesOf(store: ReadStore, place: Place, filters: Filters): AsyncGenerator<Placed<Table>> {
  const { schema, table, kind, after } = filters;
  if (table === undefined) {
    const beginning = schema === undefined ? '' : within(schema);
    for await (const found of readRows(store, place, orders.tables, { beginning, kind, after }))
      if (kind === undefined || found.row.kind === kind) yield found;
  } else if (schema === undefined) {
    yield* namedInAnySchema(store, place, table, filters);
  } else if (after === undefined) {
    // A whole name sorts before all that begin with it.
    for await (const found of readRows(store, place, orders.tables, { beginning: joined(schema, table) })) {
      if (found.row.name === table && (kind === undefined || found.row.kind === kind)) yield found;
      return;
    }
  }
}

async function* namedInAnySchema(
  store: ReadStore,
  place: Place,
  label: string,
  { kind, after }: Filters,
): AsyncGenerator<Placed<Table>> {
  const beginning = within(folded(label));
  for await (const { row, position } of readRows(store, place, orders.names, { beginning, kind, after })) {
    if (row.label !== label || (kind !== undefined && row.kind !== kind)) continue;
    for await (const found of tablesOf(store, place, { schema: row.schema, table: label }))
      yield { ...found, position };
  }
}
