import type { Table } from '../connectors/catalog.ts';
import { foldCase } from '../connectors/names.ts';
import type { ReadStore } from '../ports/store.ts';
import { type Place, readRows } from './catalog-blocks.ts';
import { within } from './catalog-keys.ts';
import { type Name, orders } from './catalog-orders.ts';
import { findTable } from './catalogs.ts';
import { inFlight } from './in-flight.ts';

interface Snapshot {
  readonly place: Place;
  /** The number of tables in the snapshot. */
  readonly tables: number;
}

interface Found {
  /** All tables with this name, in any case and schema. */
  readonly named: (name: string) => readonly Table[];
  /** The tables to search for a misspelt name. */
  readonly near: (name: string) => Promise<readonly { readonly schema: string; readonly name: string }[]>;
}

/** Reads several tables of a snapshot by name: a small snapshot as a whole, a large one by lookups. */
export const tablesNamed = async (
  store: ReadStore,
  { place, tables }: Snapshot,
  asked: readonly { readonly schema?: string; readonly name: string }[],
): Promise<Found> => {
  const wanted = new Set(asked.map(({ name }) => foldCase(name)));
  const schemas = new Set(asked.flatMap(({ schema }) => (schema === undefined ? [] : foldCase(schema))));
  const found = new Map<string, Table[]>();
  const keep = (table: Table) => {
    const key = foldCase(table.name);
    const alike = found.get(key) ?? [];
    found.set(key, alike);
    if (alike.length < mostAlike || schemas.has(foldCase(table.schema))) alike.push(table);
  };
  if (tables <= wanted.size * worthALook)
    for await (const { row } of readRows(store, place, orders.tables, { beginning: '' })) {
      if (wanted.has(foldCase(row.name))) keep(row);
    }
  else {
    const lookups = inFlight(8);
    for (const name of wanted)
      await lookups.start(async () => {
        for (const table of await inAnySchema(store, place, name, schemas)) keep(table);
      });
    await lookups.done();
  }

  let near: Promise<{ schema: string; name: string }[]> | undefined;
  return {
    named: (name) => found.get(foldCase(name)) ?? [],
    near: () => (near ??= someNames(store, place)),
  };
};

/** A lookup of one name costs as much as reading this many tables. */
const worthALook = 100;

const inAnySchema = async (
  store: ReadStore,
  place: Place,
  name: string,
  schemas: ReadonlySet<string>,
): Promise<Table[]> => {
  const labels: Name[] = [];
  for await (const { row } of readRows(store, place, orders.names, { beginning: within(name) }))
    labels.push(row);
  const [asked, others] = [true, false].map((one) =>
    labels.filter(({ schema }) => schemas.has(foldCase(schema)) === one),
  );
  const tables: Table[] = [];
  for (const { schema, label } of [...(asked ?? []), ...(others ?? [])].slice(0, mostAlike)) {
    const table = await findTable(store, place, schema, label);
    if (table) tables.push(table);
  }
  return tables;
};

/** One database may have a schema per customer, each with the same table names. */
const mostAlike = 200;

const someNames = async (store: ReadStore, place: Place) => {
  const names: { schema: string; name: string }[] = [];
  for await (const { row } of readRows(store, place, orders.names, { beginning: '' })) {
    names.push({ schema: row.schema, name: row.label });
    if (names.length >= mostNames) break;
  }
  return names;
};

/** Limits the cost of the search for similar names. */
const mostNames = 20_000;
