import * as v from 'valibot';
import { cutText } from '../characters.ts';
import { type Column, columnKinds, type Table } from '../connectors/catalog.ts';
import { exactNames, foldColumn, isSameName, type NameRule, type NameRules } from '../connectors/names.ts';
import { matchesType, type TypeNames } from '../connectors/type-names.ts';
import type { ReadStore } from '../ports/store.ts';
import type { Place } from './catalog-blocks.ts';
import type { CatalogSummary } from './catalog-summary.ts';
import { type Finding, isMismatch, judgeBySample, type Mismatch } from './mismatch.ts';
import { type Candidates, type Effort, findNearest, listCandidates } from './nearest.ts';
import { tablesNamed } from './wanted-tables.ts';

const name = v.pipe(v.string(), v.minLength(1), v.maxLength(255));

/** A table that a consumer relies on. Attributes that are absent are not checked. */
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

interface Asked {
  readonly store: ReadStore;
  readonly place: Omit<Place, 'snapshot'>;
  readonly catalog: CatalogSummary;
  /** How the source compares names. */
  readonly names: NameRules;
  /** How the source spells types. */
  readonly typeNames?: TypeNames | undefined;
  /** Whether to search for the name that was probably meant. */
  readonly suggest?: boolean;
}

/** Compares tables with the catalog. Returns the findings of each table, in the order of `wanted`. */
export const validateTables = async (
  { store, place, catalog, names, suggest = true, typeNames }: Asked,
  wanted: readonly ExpectedTable[],
): Promise<Finding[][]> => {
  const columnsOf = indexColumns(names.columns);
  const effort: Effort = { left: suggest ? MOST_EFFORT : 0 };
  let near: Promise<NearTables> | undefined;
  const found = await tablesNamed(
    store,
    { place: { ...place, snapshot: catalog.snapshot_id }, tables: catalog.tables },
    wanted,
  );
  return Promise.all(
    wanted.map(async (table) => {
      const alike = found.named(table.name);
      const exact = alike.filter((one) => isTable(exactNames, one, table));
      // If a table has exactly this name, only that table counts, even if the source compares names without case.
      const fitting = exact.length > 0 ? exact : alike.filter((one) => isTable(names, one, table));
      const least = fitting
        .map((one) => judgeBySample(one, mismatchesOf(one, table, columnsOf(one), { effort, typeNames })))
        .toSorted((a, b) => count(a) - count(b) || a.length - b.length)[0];
      if (least) return least;
      if (effort.left <= 0) return [absent(table, undefined)];
      near ??= found.near(table.name).then(indexTables);
      return [absent(table, meantTable(table, await near, effort))];
    }),
  );
};

const count = (findings: readonly Finding[]): number => findings.filter(isMismatch).length;

const isTable = (names: NameRules, found: Table, wanted: ExpectedTable): boolean =>
  isSameName(names.tables, found.name, wanted.name) &&
  (wanted.schema === undefined || isSameName(names.schemas, found.schema, wanted.schema));

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

/** The tables to search for a misspelt name. */
interface NearTables {
  readonly all: readonly Named[];
  /** The names of one schema, or of all schemas. */
  readonly in: (schema: string | undefined) => Candidates;
}

const indexTables = (all: readonly Named[]): NearTables => {
  const bySchema = Map.groupBy(all, ({ schema }) => schema);
  const made = new Map<string | undefined, Candidates>();
  return {
    all,
    in: (schema) => {
      const names = () => (schema === undefined ? all : (bySchema.get(schema) ?? [])).map(({ name }) => name);
      const candidates = made.get(schema) ?? listCandidates(names());
      made.set(schema, candidates);
      return candidates;
    },
  };
};

/** Searches the same schema first, then all schemas; a name from another schema is returned with its schema. */
const meantTable = (wanted: ExpectedTable, near: NearTables, effort: Effort): string | undefined => {
  const beside = findNearest(wanted.name, near.in(wanted.schema), effort);
  if (beside !== undefined || wanted.schema === undefined) return beside;
  const label = findNearest(wanted.name, near.in(undefined), effort);
  const other = near.all.find((one) => one.name === label);
  return other && `${other.schema}.${other.name}`;
};

/** Limits the search to some 20 ms of a request, for any number of names. */
const MOST_EFFORT = 40_000;

/** An index of the columns of a table. */
interface Columns {
  readonly named: (label: string) => Column | undefined;
  /** Whether there are columns below this path. */
  readonly hasBelow: (path: string) => boolean;
  readonly candidates: () => Candidates;
}

/** A table is indexed only once, even if the request names it often. */
const indexColumns = (names: NameRule) => {
  const made = new WeakMap<Table, Columns>();
  return (table: Table): Columns => {
    const columns = made.get(table) ?? indexTable(table, names);
    made.set(table, columns);
    return columns;
  };
};

const indexTable = ({ columns }: Table, names: NameRule): Columns => {
  const byName = new Map(columns.map((column) => [column.name, column]));
  // Of several columns with the same folded name, the first in the table wins.
  const byFolded =
    names === 'any-case'
      ? new Map(columns.toReversed().map((column) => [foldColumn(column.name), column]))
      : undefined;
  let sorted: readonly string[] | undefined;
  let candidates: Candidates | undefined;
  return {
    named: (label) => byName.get(label) ?? byFolded?.get(foldColumn(label)),
    hasBelow: (path) => {
      sorted ??= [...byName.keys()].sort();
      return sorted[firstFrom(sorted, `${path}.`)]?.startsWith(`${path}.`) === true;
    },
    candidates: () => (candidates ??= listCandidates(byName.keys())),
  };
};

/** The index of the first text that is not less than the given one. */
const firstFrom = (sorted: readonly string[], text: string): number => {
  let [from, to] = [0, sorted.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((sorted[middle] ?? '') < text) from = middle + 1;
    else to = middle;
  }
  return from;
};

const mismatchesOf = (
  { schema, name: table, kind }: Table,
  wanted: ExpectedTable,
  columns: Columns,
  { effort, typeNames }: { readonly effort: Effort; readonly typeNames: TypeNames | undefined },
): Mismatch[] =>
  wanted.columns.flatMap((column): Mismatch[] => {
    const at = { schema, table, column: column.name };
    const found = columns.named(column.name);
    if (found) return differences(found, column, typeNames).map((difference) => ({ ...difference, ...at }));
    if (documentKinds.has(kind) && columns.hasBelow(column.name)) return [];
    const meant = effort.left > 0 ? findNearest(column.name, columns.candidates(), effort) : undefined;
    return [{ code: 'column-not-found', ...at, ...(meant !== undefined && { did_you_mean: meant }) }];
  });

/** In these kinds, columns are paths: a table that contains `a.b` also contains `a`. */
const documentKinds: ReadonlySet<Table['kind']> = new Set(['collection', 'topic', 'file'] as const);

/** In characters. A type may be a list of values with a megabyte of text. */
const longestFound = 255;

type Difference = Pick<Mismatch, 'code' | 'expected' | 'found'>;

const differences = (
  found: Column,
  { type, kind, nullable }: ExpectedColumn,
  typeNames: TypeNames | undefined,
): Difference[] => [
  ...(type !== undefined && !matchesType(type, found.type, typeNames)
    ? [{ code: 'type-mismatch' as const, expected: type, found: cutText(found.type, longestFound) }]
    : []),
  ...(kind !== undefined && kind !== found.kind
    ? [{ code: 'kind-mismatch' as const, expected: kind, found: found.kind }]
    : []),
  ...(nullable !== undefined && nullable !== found.nullable
    ? [{ code: 'nullability-mismatch' as const, expected: words(nullable), found: words(found.nullable) }]
    : []),
];

const words = (nullable: boolean) => (nullable ? 'nullable' : 'not nullable');
