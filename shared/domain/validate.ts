import * as v from 'valibot';
import { type Column, columnKinds, type Table } from '../connectors/catalog.ts';
import type { ReadStore } from '../ports/store.ts';
import type { Place } from './catalog-blocks.ts';
import { folded } from './catalog-orders.ts';
import type { CatalogSummary } from './catalog-summary.ts';
import { nearest } from './nearest.ts';
import { tablesNamed } from './wanted-tables.ts';

const name = v.pipe(v.string(), v.minLength(1), v.maxLength(255));

/** A table that somebody relies on. What is not said may be anything. */
export const ExpectedTable = v.strictObject({
  schema: v.exactOptional(name),
  name,
  columns: v.optional(
    v.pipe(
      v.array(
        v.strictObject({
          name: v.pipe(v.string(), v.minLength(1), v.maxLength(1000)),
          type: v.exactOptional(name),
          kind: v.exactOptional(v.picklist(columnKinds)),
          nullable: v.exactOptional(v.boolean()),
        }),
      ),
      v.maxLength(1000),
    ),
    [],
  ),
});
export type ExpectedTable = v.InferOutput<typeof ExpectedTable>;

export const mismatches = [
  'table-not-found',
  'column-not-found',
  'type-mismatch',
  'kind-mismatch',
  'nullability-mismatch',
] as const;

/** One way in which a source is not as expected. */
export const Mismatch = v.object({
  code: v.picklist(mismatches),
  /** `null` where none was asked for and there is no such table. */
  schema: v.nullable(v.string()),
  table: v.string(),
  column: v.exactOptional(v.string()),
  expected: v.exactOptional(v.string()),
  found: v.exactOptional(v.string()),
  did_you_mean: v.exactOptional(v.string()),
});
export type Mismatch = v.InferOutput<typeof Mismatch>;

interface Asked {
  readonly store: ReadStore;
  readonly place: Omit<Place, 'snapshot'>;
  readonly catalog: CatalogSummary;
  /** Names match without case. */
  readonly anyCase?: boolean;
  /** Whether to look for what was probably meant. */
  readonly suggest?: boolean;
}

/** What is not as expected, table by table in the order of the question; an empty list where all is. */
export const validateTables = async (
  { store, place, catalog, anyCase = false, suggest = true }: Asked,
  wanted: readonly ExpectedTable[],
): Promise<Mismatch[][]> => {
  const equal: Equal = anyCase ? (a, b) => folded(a) === folded(b) : (a, b) => a === b;
  const found = await tablesNamed(
    store,
    { place: { ...place, snapshot: catalog.snapshot_id }, tables: catalog.tables },
    wanted,
  );
  return Promise.all(
    wanted.map(async (table) => {
      const named = found.named(table.name).filter((one) => equal(one.name, table.name));
      const fitting = named.filter(({ schema }) => table.schema === undefined || equal(schema, table.schema));
      const least = fitting
        .map((one) => mismatchesOf(one, table, equal, suggest))
        .toSorted((a, b) => a.length - b.length)[0];
      if (least) return least;
      const meant = suggest ? meantTable(table, await found.near(table.name)) : undefined;
      return [absent(table, meant)];
    }),
  );
};

type Equal = (a: string, b: string) => boolean;
type ExpectedColumn = ExpectedTable['columns'][number];
interface Named {
  readonly schema: string;
  readonly name: string;
}

const absent = ({ schema, name: table }: ExpectedTable, meant: string | undefined): Mismatch => ({
  code: 'table-not-found',
  schema: schema ?? null,
  table,
  ...(meant !== undefined && { did_you_mean: meant }),
});

/** In the same schema where there is one like it, else wherever; then with its schema. */
const meantTable = (wanted: ExpectedTable, near: readonly Named[]): string | undefined => {
  const here = near.filter(({ schema }) => wanted.schema === undefined || schema === wanted.schema);
  const beside = nearest(
    wanted.name,
    here.map((one) => one.name),
  );
  if (beside !== undefined || wanted.schema === undefined) return beside;
  const label = nearest(
    wanted.name,
    near.map((one) => one.name),
  );
  const other = near.find((one) => one.name === label);
  return other && `${other.schema}.${other.name}`;
};

const mismatchesOf = (
  { schema, name: table, kind, columns }: Table,
  wanted: ExpectedTable,
  equal: Equal,
  suggest: boolean,
): Mismatch[] => {
  const known = new Map(columns.map((column) => [column.name, column]));
  const named = (label: string) => known.get(label) ?? columns.find((column) => equal(column.name, label));
  return wanted.columns.flatMap((column): Mismatch[] => {
    const at = { schema, table, column: column.name };
    const found = named(column.name);
    if (found) return differences(found, column).map((difference) => ({ ...difference, ...at }));
    if (documentKinds.has(kind) && columns.some((one) => one.name.startsWith(`${column.name}.`))) return [];
    const meant = suggest ? nearest(column.name, known.keys()) : undefined;
    return [{ code: 'column-not-found', ...at, ...(meant !== undefined && { did_you_mean: meant }) }];
  });
};

/** Where columns are paths: what holds `a.b` holds `a`. */
const documentKinds: ReadonlySet<Table['kind']> = new Set(['collection', 'topic', 'file'] as const);

type Difference = Pick<Mismatch, 'code' | 'expected' | 'found'>;

const differences = (found: Column, { type, kind, nullable }: ExpectedColumn): Difference[] => [
  ...(type !== undefined && folded(type.trim()) !== folded(found.type)
    ? [{ code: 'type-mismatch' as const, expected: type, found: found.type }]
    : []),
  ...(kind !== undefined && kind !== found.kind
    ? [{ code: 'kind-mismatch' as const, expected: kind, found: found.kind }]
    : []),
  ...(nullable !== undefined && nullable !== found.nullable
    ? [{ code: 'nullability-mismatch' as const, expected: words(nullable), found: words(found.nullable) }]
    : []),
];

const words = (nullable: boolean) => (nullable ? 'nullable' : 'not nullable');
