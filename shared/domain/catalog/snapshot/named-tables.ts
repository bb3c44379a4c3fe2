import type { Table } from '../../../connectors/catalog.ts';
import { foldCase } from '../../../connectors/name-rules.ts';
import type { ReadStore } from '../../../ports/store.ts';
import { type SnapshotRef, readCatalogRows } from './catalog-blocks.ts';
import { encodeNamePrefix } from './catalog-sort-keys.ts';
import { type CatalogName, catalogOrders } from './catalog-orders.ts';
import { findTable } from './snapshot-reader.ts';
import { createConcurrencyLimit } from '../../concurrency-limit.ts';

interface SnapshotTables {
  readonly place: SnapshotRef;
  /** The number of tables in the snapshot. */
  readonly tables: number;
}

interface NamedTables {
  /** All tables with this name, in any case and schema. */
  readonly named: (name: string) => readonly Table[];
  /** The tables to search for a misspelt name. */
  readonly near: (name: string) => Promise<readonly { readonly schema: string; readonly name: string }[]>;
}

/** Reads several tables of a snapshot by name: a small snapshot as a whole, a large one by lookups. */
export const findNamedTables = async (
  store: ReadStore,
  { place, tables }: SnapshotTables,
  asked: readonly { readonly schema?: string; readonly name: string }[],
): Promise<NamedTables> => {
  const wanted = new Set(asked.map(({ name }) => foldCase(name)));
  const schemas = new Set(asked.flatMap(({ schema }) => (schema === undefined ? [] : foldCase(schema))));
  const found = new Map<string, Table[]>();
  const addTable = (table: Table) => {
    const key = foldCase(table.name);
    const alike = found.get(key) ?? [];
    found.set(key, alike);
    if (alike.length < MAX_TABLES_PER_NAME || schemas.has(foldCase(table.schema))) alike.push(table);
  };
  if (tables <= wanted.size * TABLES_PER_LOOKUP)
    for await (const { row } of readCatalogRows(store, place, catalogOrders.tables, { beginning: '' })) {
      if (wanted.has(foldCase(row.name))) addTable(row);
    }
  else {
    const lookups = createConcurrencyLimit(8);
    for (const name of wanted)
      await lookups.start(async () => {
        for (const table of await readTablesByName(store, place, name, schemas)) addTable(table);
      });
    await lookups.done();
  }

  let near: Promise<{ schema: string; name: string }[]> | undefined;
  return {
    named: (name) => found.get(foldCase(name)) ?? [],
    near: () => (near ??= readSomeNames(store, place)),
  };
};

/** A lookup of one name costs as much as reading this many tables. */
const TABLES_PER_LOOKUP = 100;

const readTablesByName = async (
  store: ReadStore,
  place: SnapshotRef,
  name: string,
  schemas: ReadonlySet<string>,
): Promise<Table[]> => {
  const labels: CatalogName[] = [];
  for await (const { row } of readCatalogRows(store, place, catalogOrders.names, {
    beginning: encodeNamePrefix(name),
  }))
    labels.push(row);
  const [askedLabels, otherLabels] = [true, false].map((one) =>
    labels.filter(({ schema }) => schemas.has(foldCase(schema)) === one),
  );
  const tables: Table[] = [];
  for (const { schema, label } of [...(askedLabels ?? []), ...(otherLabels ?? [])].slice(
    0,
    MAX_TABLES_PER_NAME,
  )) {
    const table = await findTable(store, place, schema, label);
    if (table) tables.push(table);
  }
  return tables;
};

/** One database may have a schema per customer, each with the same table names. */
const MAX_TABLES_PER_NAME = 200;

const readSomeNames = async (store: ReadStore, place: SnapshotRef) => {
  const names: { schema: string; name: string }[] = [];
  for await (const { row } of readCatalogRows(store, place, catalogOrders.names, { beginning: '' })) {
    names.push({ schema: row.schema, name: row.label });
    if (names.length >= MAX_NAMES_READ) break;
  }
  return names;
};

/** Limits the cost of the search for similar names. */
const MAX_NAMES_READ = 20_000;
