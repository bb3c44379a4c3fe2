import * as v from 'valibot';
import { cutText } from '../../characters.ts';
import { type Column, columnKinds, type Table } from '../../connectors/catalog.ts';
import {
  exactNames,
  foldColumnName,
  isSameName,
  type NameRule,
  type NameRules,
} from '../../connectors/name-rules.ts';
import { matchesType, type TypeNames } from '../../connectors/type-names.ts';
import type { ReadStore } from '../../ports/store.ts';
import type { SnapshotRef } from './snapshot/catalog-blocks.ts';
import type { CatalogSummary } from './catalog-summary.ts';
import { type Finding, isMismatch, classifyBySample, type Mismatch } from './mismatch.ts';
import {
  type NameCandidates,
  type SearchBudget,
  findClosestName,
  createNameCandidates,
} from './closest-name.ts';
import { findNamedTables } from './snapshot/named-tables.ts';

const ExpectedName = v.pipe(v.string(), v.minLength(1), v.maxLength(255));

/** A table that a consumer relies on. Attributes that are absent are not checked. */
export const ExpectedTable = v.strictObject({
  schema: v.exactOptional(ExpectedName),
  name: ExpectedName,
  columns: v.optional(
    v.pipe(
      v.array(
        v.strictObject({
          name: v.pipe(v.string(), v.minLength(1), v.maxLength(1000)),
          type: v.exactOptional(ExpectedName),
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

interface ValidationContext {
  readonly store: ReadStore;
  readonly place: Omit<SnapshotRef, 'snapshot'>;
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
  { store, place, catalog, names, suggest = true, typeNames }: ValidationContext,
  wanted: readonly ExpectedTable[],
): Promise<Finding[][]> => {
  const findColumns = createColumnIndexer(names.columns);
  const budget: SearchBudget = { remaining: suggest ? MAX_SEARCH_BUDGET : 0 };
  let candidates: Promise<TableCandidates> | undefined;
  const found = await findNamedTables(
    store,
    { place: { ...place, snapshot: catalog.snapshot_id }, tables: catalog.tables },
    wanted,
  );
  return Promise.all(
    wanted.map(async (table) => {
      const alike = found.named(table.name);
      const exact = alike.filter((one) => isExpectedTable(exactNames, one, table));
      // If a table has exactly this name, only that table counts, even if the source compares names without case.
      const fitting = exact.length > 0 ? exact : alike.filter((one) => isExpectedTable(names, one, table));
      const best = fitting
        .map((one) =>
          classifyBySample(one, findMismatches(one, table, findColumns(one), { effort: budget, typeNames })),
        )
        .toSorted((a, b) => countMismatches(a) - countMismatches(b) || a.length - b.length)[0];
      if (best) return best;
      if (budget.remaining <= 0) return [toTableNotFound(table, undefined)];
      candidates ??= found.near(table.name).then(indexTableNames);
      return [toTableNotFound(table, findMeantTable(table, await candidates, budget))];
    }),
  );
};

const countMismatches = (findings: readonly Finding[]): number => findings.filter(isMismatch).length;

const isExpectedTable = (names: NameRules, found: Table, wanted: ExpectedTable): boolean =>
  isSameName(names.tables, found.name, wanted.name) &&
  (wanted.schema === undefined || isSameName(names.schemas, found.schema, wanted.schema));

type ExpectedColumn = ExpectedTable['columns'][number];
interface NamedTable {
  readonly schema: string;
  readonly name: string;
}

const toTableNotFound = ({ schema, name: table }: ExpectedTable, meant: string | undefined): Mismatch => ({
  code: 'table-not-found',
  schema: schema ?? null,
  table,
  ...(meant !== undefined && { did_you_mean: meant }),
});

/** The tables to search for a misspelt name. */
interface TableCandidates {
  readonly all: readonly NamedTable[];
  /** The names of one schema, or of all schemas. */
  readonly in: (schema: string | undefined) => NameCandidates;
}

const indexTableNames = (all: readonly NamedTable[]): TableCandidates => {
  const bySchema = Map.groupBy(all, ({ schema }) => schema);
  const made = new Map<string | undefined, NameCandidates>();
  return {
    all,
    in: (schema) => {
      const listNames = () =>
        (schema === undefined ? all : (bySchema.get(schema) ?? [])).map(({ name }) => name);
      const candidates = made.get(schema) ?? createNameCandidates(listNames());
      made.set(schema, candidates);
      return candidates;
    },
  };
};

/** Searches the same schema first, then all schemas; a name from another schema is returned with its schema. */
const findMeantTable = (
  wanted: ExpectedTable,
  candidates: TableCandidates,
  budget: SearchBudget,
): string | undefined => {
  const sameSchema = findClosestName(wanted.name, candidates.in(wanted.schema), budget);
  if (sameSchema !== undefined || wanted.schema === undefined) return sameSchema;
  const label = findClosestName(wanted.name, candidates.in(undefined), budget);
  const other = candidates.all.find((one) => one.name === label);
  return other && `${other.schema}.${other.name}`;
};

/** Limits the search to some 20 ms of a request, for any number of names. */
const MAX_SEARCH_BUDGET = 40_000;

/** An index of the columns of a table. */
interface ColumnIndex {
  readonly named: (label: string) => Column | undefined;
  /** Whether there are columns below this path. */
  readonly hasBelow: (path: string) => boolean;
  readonly candidates: () => NameCandidates;
}

/** A table is indexed only once, even if the request names it often. */
const createColumnIndexer = (names: NameRule) => {
  const made = new WeakMap<Table, ColumnIndex>();
  return (table: Table): ColumnIndex => {
    const columns = made.get(table) ?? indexTableColumns(table, names);
    made.set(table, columns);
    return columns;
  };
};

const indexTableColumns = ({ columns }: Table, names: NameRule): ColumnIndex => {
  const byName = new Map(columns.map((column) => [column.name, column]));
  // Of several columns with the same folded name, the first in the table wins.
  const byFolded =
    names === 'any-case'
      ? new Map(columns.toReversed().map((column) => [foldColumnName(column.name), column]))
      : undefined;
  let sorted: readonly string[] | undefined;
  let candidates: NameCandidates | undefined;
  return {
    named: (label) => byName.get(label) ?? byFolded?.get(foldColumnName(label)),
    hasBelow: (path) => {
      sorted ??= [...byName.keys()].sort();
      return sorted[findFirstNotBefore(sorted, `${path}.`)]?.startsWith(`${path}.`) === true;
    },
    candidates: () => (candidates ??= createNameCandidates(byName.keys())),
  };
};

/** The index of the first text that is not less than the given one. */
const findFirstNotBefore = (sorted: readonly string[], text: string): number => {
  let [from, to] = [0, sorted.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((sorted[middle] ?? '') < text) from = middle + 1;
    else to = middle;
  }
  return from;
};

const findMismatches = (
  { schema, name: table, kind }: Table,
  wanted: ExpectedTable,
  columns: ColumnIndex,
  { effort, typeNames }: { readonly effort: SearchBudget; readonly typeNames: TypeNames | undefined },
): Mismatch[] =>
  wanted.columns.flatMap((column): Mismatch[] => {
    const at = { schema, table, column: column.name };
    const found = columns.named(column.name);
    if (found) return compareColumn(found, column, typeNames).map((difference) => ({ ...difference, ...at }));
    if (documentKinds.has(kind) && columns.hasBelow(column.name)) return [];
    const meant =
      effort.remaining > 0 ? findClosestName(column.name, columns.candidates(), effort) : undefined;
    return [{ code: 'column-not-found', ...at, ...(meant !== undefined && { did_you_mean: meant }) }];
  });

/** In these kinds, columns are paths: a table that contains `a.b` also contains `a`. */
const documentKinds: ReadonlySet<Table['kind']> = new Set(['collection', 'topic', 'file'] as const);

/** In characters. A type may be a list of values with a megabyte of text. */
const MAX_FOUND_TYPE_LENGTH = 255;

type ColumnDifference = Pick<Mismatch, 'code' | 'expected' | 'found'>;

const compareColumn = (
  found: Column,
  { type, kind, nullable }: ExpectedColumn,
  typeNames: TypeNames | undefined,
): ColumnDifference[] => [
  ...(type !== undefined && !matchesType(type, found.type, typeNames)
    ? [{ code: 'type-mismatch' as const, expected: type, found: cutText(found.type, MAX_FOUND_TYPE_LENGTH) }]
    : []),
  ...(kind !== undefined && kind !== found.kind
    ? [{ code: 'kind-mismatch' as const, expected: kind, found: found.kind }]
    : []),
  ...(nullable !== undefined && nullable !== found.nullable
    ? [
        {
          code: 'nullability-mismatch' as const,
          expected: renderNullable(nullable),
          found: renderNullable(found.nullable),
        },
      ]
    : []),
];

const renderNullable = (nullable: boolean) => (nullable ? 'nullable' : 'not nullable');
