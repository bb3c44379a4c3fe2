import {
  spendAllowance,
  createTooLargeProblem as sourceTooLarge,
  type ReadAllowance,
} from '../../network/budget.ts';
import { Problem } from '../../problem.ts';
import type { Column } from '../catalog.ts';
import { compareQualifiedNames } from '../reading/compare-names.ts';
import {
  createTableDraft,
  type TableDraft,
  type IndexDraft,
  type KeyPart,
  type ForeignKeyReferences,
} from './table-draft.ts';
import { findColumnAt, createSameNameProblem } from './build-table.ts';

/** Finds the table that a row describes, by schema and name or by an id, assembles its keys, and limits the size of the catalog. */
export const createTableDrafts = () => {
  const draftsBySchema = new Map<unknown, Map<unknown, TableDraft>>();
  const pieces: ReadAllowance = { left: MAX_CATALOG_PIECES, spent: createCatalogTooLargeProblem };
  const tables: ReadAllowance = { left: MAX_CATALOG_TABLES, spent: createCatalogTooLargeProblem };
  let last: { readonly schema: unknown; readonly name: unknown; readonly draft: TableDraft } | undefined;

  /** Drivers create a string for each field. Names and types repeat, so each text is kept once. */
  const texts = new Map<string, string>();
  const shareText = (text: string): string => {
    const known = texts.get(text);
    if (known !== undefined) return known;
    if (texts.size < MAX_SHARED_TEXTS && text.length < MAX_SHARED_TEXT_LENGTH) texts.set(text, text);
    return text;
  };

  const count = (more = 1) => spendAllowance(pieces, more);

  const add = (draft: TableDraft, { name, schema }: TableReference = draft): TableDraft => {
    const within = draftsBySchema.get(schema) ?? new Map<unknown, TableDraft>();
    if (within.size === 0) draftsBySchema.set(schema, within);
    const before = within.get(name);
    if (before?.kind !== undefined) throw createSameNameProblem();
    if (!before) spendAllowance(tables);
    within.set(name, draft);
    last = { schema, name, draft };
    return draft;
  };

  const find = (name: unknown, schema: unknown): TableDraft | undefined => {
    // Rows of one table are mostly consecutive.
    if (last && last.name === name && last.schema === schema) return last.draft;
    const draft = draftsBySchema.get(schema)?.get(name);
    if (draft) last = { schema, name, draft };
    return draft;
  };

  /** Sets the part of a key at its position, counted from 1, in any order. Throws if the position has another part. */
  const put = (parts: KeyPart[], position: unknown, part: KeyPart): void => {
    const at = Number(position);
    if (!Number.isInteger(at) || at < 1 || at > MAX_KEY_PARTS)
      throw new Problem('protocol-mismatch', 'Expected the parts of a key to be numbered from 1');
    count(Math.max(0, at - parts.length));
    if (at - 1 in parts && parts[at - 1] !== part) throw createSameNameProblem();
    parts[at - 1] = part;
  };

  /** Replaces numbers by column names. Needs all rows, and drafts that `buildTable` has not emptied yet. */
  const resolveReferences = ({ schema, table, by, columns }: ForeignKeyReferences) => {
    if (!columns.some((part) => typeof part === 'number')) return;
    const theirs = draftsBySchema.get(schema)?.get(table) ?? createTableDraft(schema, table);
    for (const [at, part] of columns.entries()) {
      if (typeof part !== 'number') continue;
      const counted = by === 'primary-key-position' ? theirs.primaryKey[part - 1] : part;
      columns[at] = typeof counted === 'number' ? findColumnAt(theirs.columns, counted)?.name : counted;
    }
  };

  const iterateDrafts = function* (): Generator<TableDraft> {
    for (const within of draftsBySchema.values()) yield* within.values();
  };

  return {
    /** Counts something that the caller keeps beside the drafts. */
    count,
    add,
    find,
    /** Creates the draft if it does not exist, because the row of the table may arrive later. */
    findOrAdd: (name: unknown, schema: unknown): TableDraft =>
      find(name, schema) ?? add(createTableDraft('', ''), { name, schema }),
    addColumn: (draft: TableDraft | undefined, column: Column): void => {
      count();
      if (!draft) return;
      column.name = shareText(column.name);
      column.type = shareText(column.type);
      draft.columns.push(column);
    },
    /** Sets the kind of a table whose draft existed before its own row arrived. */
    declare: (draft: TableDraft, kind: NonNullable<TableDraft['kind']>): void => {
      if (draft.kind !== undefined) throw createSameNameProblem();
      draft.kind = kind;
    },
    /** Adds a comment that arrives separately from its column. */
    comment: (draft: TableDraft | undefined, column: string, comment: string): void => {
      count();
      if (draft) (draft.comments ??= new Map()).set(column, comment);
    },
    put,
    findOrAddIndex: (draft: TableDraft, index: Omit<IndexDraft, 'parts'>): IndexDraft => {
      const found = findOrCreateEntry(draft.indexes, index.name, () => ({ ...index, parts: [] }));
      if (found.unique !== index.unique || found.predicate !== index.predicate) throw createSameNameProblem();
      return found;
    },
    /** Adds a column of a foreign key and the column that it references. */
    addForeignKeyPart: (
      draft: TableDraft,
      name: string,
      position: unknown,
      ours: KeyPart,
      theirs: ReferencedColumn,
    ): void => {
      const { column, valid, ...to } = theirs;
      const key = findOrCreateEntry(draft.foreignKeys, name, () => ({
        name,
        parts: [],
        references: { ...to, columns: [] },
        valid,
      }));
      if (key.references.schema !== to.schema || key.references.table !== to.table)
        throw createSameNameProblem();
      put(key.parts, position, ours);
      put(key.references.columns, position, column);
    },
    /** Removes the result of a read that failed halfway: half of a key is not a key. */
    drop: (...fields: readonly DroppableField[]): void => {
      for (const draft of iterateDrafts()) for (const field of fields) draft[field] = [];
    },
    /** Lists the drafts that have a kind, in the order that a sink requires. */
    listInOrder: (): TableDraft[] => {
      const found: TableDraft[] = [];
      for (const draft of iterateDrafts()) if (draft.kind !== undefined) found.push(draft);
      for (const { foreignKeys } of found)
        for (const { references } of foreignKeys) resolveReferences(references);
      return found.sort(compareQualifiedNames);
    },
  };
};

export type TableDrafts = ReturnType<typeof createTableDrafts>;

/** How rows identify a table: by schema and name, or by ids. */
interface TableReference {
  readonly schema?: unknown;
  readonly name: unknown;
}

type DroppableField = 'columns' | 'primaryKey' | 'foreignKeys' | 'indexes';
type ReferencedColumn = Omit<ForeignKeyReferences, 'columns'> & {
  readonly column: KeyPart;
  readonly valid: boolean;
};

/** Counts columns, their comments and parts of keys: each takes hundreds of bytes in memory, so a limit on received bytes is not enough. */
const MAX_CATALOG_PIECES = 3_000_000;
const MAX_CATALOG_TABLES = 150_000;
const MAX_SHARED_TEXTS = 50_000;
const MAX_SHARED_TEXT_LENGTH = 100;
/** No engine has keys with more parts, or tables with more keys. */
const MAX_KEY_PARTS = 1000;
const MAX_TABLE_KEYS = 1024;

export const createCatalogTooLargeProblem = () =>
  sourceTooLarge(
    'The catalog is larger than Mooring can read at once',
    'List only the schemas that you need, or exclude schemas with excluded_schemas.',
  );

/** Finds the entry with the name or creates it. Rows of one entry are mostly consecutive. */
const findOrCreateEntry = <E extends { readonly name: string }>(
  list: E[],
  name: string,
  create: () => E,
): E => {
  const before = list.at(-1);
  const found = before?.name === name ? before : list.find((one) => one.name === name);
  if (found) return found;
  if (list.length >= MAX_TABLE_KEYS) throw createCatalogTooLargeProblem();
  const one = create();
  list.push(one);
  return one;
};
