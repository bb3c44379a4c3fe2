import { Problem } from '../../problem.ts';
import type { Column, ForeignKey, Index, Table } from '../catalog.ts';
import { compareUtf8 } from '../reading/compare-names.ts';
import type { TableDraft, KeyPart } from './table-draft.ts';

/**
 * Builds the table of the catalog from the draft of any SQL engine. Leaves out a key or index if the account cannot see one of its parts.
 * Empties the draft: only its schema, name and scalar fields stay.
 */
export const buildTable = (draft: TableDraft): Table => {
  const { readable } = draft;
  const all = sortByPosition(draft.columns);
  const columns = readable ? all.filter(({ position }) => readable.has(position)) : all;
  checkDistinctColumns(all);
  const names = draft.expressions ? undefined : new Set(columns.map(({ name }) => name));
  if (names && names.size < columns.length) throw createSameNameProblem();
  if (draft.comments) {
    for (const column of columns) column.comment = draft.comments.get(column.name) || null;
  }
  const resolveNames = (parts: readonly KeyPart[]) => resolveKeyNames(parts, columns, names);
  const table = {
    schema: draft.schema,
    name: draft.name,
    kind: draft.kind ?? 'table',
    comment: draft.comment,
    rows: draft.rows,
    size_bytes: draft.size_bytes,
    statistics_at: draft.statistics_at,
    parent: draft.parent,
    columns,
    ...((columns.length < all.length || draft.access === 'some' || (draft.isBroken && all.length === 0)) && {
      partial: true as const,
    }),
    primary_key: resolveNames(draft.primaryKey) ?? [],
    foreign_keys: buildForeignKeys(draft, resolveNames),
    indexes: buildIndexes(draft, resolveNames),
  };
  draft.columns = [];
  draft.comments = undefined;
  draft.foreignKeys = [];
  draft.indexes = [];
  draft.primaryKey = [];
  return table;
};

/** Two things have the same name: their rows cannot be distinguished, and must not be merged. */
export const createSameNameProblem = (): Problem =>
  new Problem('server-error', 'Expected each name once, but two objects arrived with the same name', {
    remediation:
      'Configure the server, or the proxy in front of it, to send names in UTF-8. In another character set, characters that it lacks become question marks, and different names become the same.',
  });

/** Column names of one table differ. They are equal only if a conversion of character sets replaced different letters by the same one. */
const checkDistinctColumns = (columns: readonly Column[]): void => {
  const converted = columns.filter(({ name }) => name.includes('?') || name.includes('\ufffd'));
  if (converted.length < 2) return;
  if (new Set(converted.map(({ name }) => name)).size < converted.length) throw createSameNameProblem();
};

type ResolveKeyNames = (parts: readonly KeyPart[]) => string[] | undefined;

const buildIndexes = ({ indexes, readable }: TableDraft, resolveNames: ResolveKeyNames): Index[] => {
  const folded: Index[] = [];
  for (const { name, unique, parts, predicate = null, valid = true } of indexes) {
    if (predicate !== null && readable) continue; // the predicate may name a column that the account may not see
    const columns = resolveNames(parts);
    if (columns) folded.push({ name, columns, unique, predicate, valid });
  }
  return folded.toSorted(compareByName);
};

const buildForeignKeys = ({ foreignKeys }: TableDraft, resolveNames: ResolveKeyNames): ForeignKey[] => {
  const folded: ForeignKey[] = [];
  for (const { name, parts, references, valid } of foreignKeys) {
    const columns = resolveNames(parts);
    const theirs = resolveKeyNames(references.columns);
    if (!columns || !theirs || theirs.length !== columns.length) continue;
    const { schema, table } = references;
    folded.push({ name, columns, references: { schema, table, columns: theirs }, valid });
  }
  return folded.toSorted(compareByName);
};

/** Sorting makes two reads of the same catalog equal, whatever order the server returns. */
const compareByName = (a: { readonly name: string }, b: { readonly name: string }) =>
  compareUtf8(a.name, b.name);

const sortByPosition = (columns: Column[]): Column[] => {
  for (let i = 1; i < columns.length; i++) {
    if ((columns[i]?.position ?? 0) < (columns[i - 1]?.position ?? 0))
      return columns.sort((a, b) => a.position - b.position);
  }
  return columns;
};

/** Returns `undefined` if there are no parts, or if a part has no name or a name that is not in `known`. */
const resolveKeyNames = (
  parts: readonly KeyPart[],
  columns: readonly Column[] = [],
  known?: ReadonlySet<string>,
): string[] | undefined => {
  const names = parts.map((part) => (typeof part === 'number' ? findColumnAt(columns, part)?.name : part));
  return names.length > 0 && hasEveryName(names, known) ? names : undefined;
};

/** Loops by index: a part that never arrived leaves a hole in the array, which array methods skip. */
const hasEveryName = (
  names: readonly (string | undefined)[],
  known?: ReadonlySet<string>,
): names is string[] => {
  for (let i = 0; i < names.length; i++) {
    const name = names[i];
    if (name === undefined || (known && !known.has(name))) return false;
  }
  return true;
};

/** Positions start at 1, mostly without gaps. If there are gaps, builds an index of the table once. */
export const findColumnAt = (columns: readonly Column[], position: number): Column | undefined => {
  const near = columns[position - 1];
  if (near?.position === position) return near;
  const known = columnsByPosition.get(columns) ?? new Map(columns.map((column) => [column.position, column]));
  columnsByPosition.set(columns, known);
  return known.get(position);
};

const columnsByPosition = new WeakMap<readonly Column[], ReadonlyMap<number, Column>>();
