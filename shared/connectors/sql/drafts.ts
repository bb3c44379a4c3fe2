import { spend, tooLarge as sourceTooLarge, type Allowance } from '../../network/budget.ts';
import { Problem } from '../../problem.ts';
import type { Column } from '../catalog.ts';
import { byPlace } from '../order.ts';
import { draftOf, type Draft, type IndexDraft, type Part, type References } from './draft.ts';
import { columnAt, refuseSameName } from './fold.ts';

/** Finds the table that a row describes, by schema and name or by an id, assembles its keys, and limits the size of the catalog. */
export const createDrafts = () => {
  const places = new Map<unknown, Map<unknown, Draft>>();
  const pieces: Allowance = { left: mostPieces, spent: tooLarge };
  const tables: Allowance = { left: mostTables, spent: tooLarge };
  let last: { readonly schema: unknown; readonly name: unknown; readonly draft: Draft } | undefined;

  /** Drivers create a string for each field. Names and types repeat, so each text is kept once. */
  const texts = new Map<string, string>();
  const shared = (text: string): string => {
    const known = texts.get(text);
    if (known !== undefined) return known;
    if (texts.size < mostShared && text.length < longestShared) texts.set(text, text);
    return text;
  };

  const count = (more = 1) => spend(pieces, more);

  const add = (draft: Draft, { name, schema }: Place = draft): Draft => {
    const within = places.get(schema) ?? new Map<unknown, Draft>();
    if (within.size === 0) places.set(schema, within);
    const before = within.get(name);
    if (before?.kind !== undefined) throw refuseSameName();
    if (!before) spend(tables);
    within.set(name, draft);
    last = { schema, name, draft };
    return draft;
  };

  const find = (name: unknown, schema: unknown): Draft | undefined => {
    // Rows of one table are mostly consecutive.
    if (last && last.name === name && last.schema === schema) return last.draft;
    const draft = places.get(schema)?.get(name);
    if (draft) last = { schema, name, draft };
    return draft;
  };

  /** Sets the part of a key at its place, counted from 1, in any order. Throws if the place has another part. */
  const put = (parts: Part[], place: unknown, part: Part): void => {
    const at = Number(place);
    if (!Number.isInteger(at) || at < 1 || at > mostParts)
      throw new Problem('protocol-mismatch', 'Expected the parts of a key to be numbered');
    count(Math.max(0, at - parts.length));
    if (at - 1 in parts && parts[at - 1] !== part) throw refuseSameName();
    parts[at - 1] = part;
  };

  /** Replaces numbers by column names. Needs all rows, and drafts that `buildTable` has not emptied yet. */
  const settle = ({ schema, table, by, columns }: References) => {
    if (!columns.some((part) => typeof part === 'number')) return;
    const theirs = places.get(schema)?.get(table) ?? draftOf(schema, table);
    for (const [at, part] of columns.entries()) {
      if (typeof part !== 'number') continue;
      const counted = by === 'place in the primary key' ? theirs.primaryKey[part - 1] : part;
      columns[at] = typeof counted === 'number' ? columnAt(theirs.columns, counted)?.name : counted;
    }
  };

  const all = function* (): Generator<Draft> {
    for (const within of places.values()) yield* within.values();
  };

  return {
    /** Counts something that the caller keeps beside the drafts. */
    count,
    add,
    find,
    /** Creates the draft if it does not exist, because the row of the table may arrive later. */
    at: (name: unknown, schema: unknown): Draft =>
      find(name, schema) ?? add(draftOf('', ''), { name, schema }),
    column: (draft: Draft | undefined, column: Column): void => {
      count();
      if (!draft) return;
      column.name = shared(column.name);
      column.type = shared(column.type);
      draft.columns.push(column);
    },
    /** Sets the kind of a table whose draft existed before its own row arrived. */
    declare: (draft: Draft, kind: NonNullable<Draft['kind']>): void => {
      if (draft.kind !== undefined) throw refuseSameName();
      draft.kind = kind;
    },
    /** Adds a comment that arrives separately from its column. */
    comment: (draft: Draft | undefined, column: string, comment: string): void => {
      count();
      if (draft) (draft.comments ??= new Map()).set(column, comment);
    },
    put,
    index: (draft: Draft, index: Omit<IndexDraft, 'parts'>): IndexDraft => {
      const found = entry(draft.indexes, index.name, () => ({ ...index, parts: [] }));
      if (found.unique !== index.unique || found.predicate !== index.predicate) throw refuseSameName();
      return found;
    },
    /** Adds a column of a foreign key and the column that it references. */
    pair: (draft: Draft, name: string, place: unknown, ours: Part, theirs: Theirs): void => {
      const { column, valid, ...to } = theirs;
      const key = entry(draft.foreignKeys, name, () => ({
        name,
        parts: [],
        references: { ...to, columns: [] },
        valid,
      }));
      if (key.references.schema !== to.schema || key.references.table !== to.table) throw refuseSameName();
      put(key.parts, place, ours);
      put(key.references.columns, place, column);
    },
    /** Removes the result of a read that failed halfway: half of a key is not a key. */
    drop: (...fields: readonly Dropped[]): void => {
      for (const draft of all()) for (const field of fields) draft[field] = [];
    },
    /** Lists the drafts that have a kind, in the order that a sink requires. */
    inOrder: (): Draft[] => {
      const found: Draft[] = [];
      for (const draft of all()) if (draft.kind !== undefined) found.push(draft);
      for (const { foreignKeys } of found) for (const { references } of foreignKeys) settle(references);
      return found.sort(byPlace);
    },
  };
};

export type Drafts = ReturnType<typeof createDrafts>;

/** How rows identify a table: by schema and name, or by ids. */
interface Place {
  readonly schema?: unknown;
  readonly name: unknown;
}

type Dropped = 'columns' | 'primaryKey' | 'foreignKeys' | 'indexes';
type Theirs = Omit<References, 'columns'> & { readonly column: Part; readonly valid: boolean };

/** Counts columns, their comments and parts of keys: each takes hundreds of bytes in memory, so a limit on received bytes is not enough. */
const mostPieces = 3_000_000;
const mostTables = 150_000;
const mostShared = 50_000;
const longestShared = 100;
/** No engine has keys with more parts, or tables with more keys. */
const mostParts = 1000;
const mostKeys = 1024;

export const tooLarge = () =>
  sourceTooLarge(
    'The catalog is larger than what can be read at once',
    'Name the schemas that are needed, or leave some out by excluded_schemas.',
  );

/** Finds the entry with the name or creates it. Rows of one entry are mostly consecutive. */
const entry = <E extends { readonly name: string }>(list: E[], name: string, made: () => E): E => {
  const before = list.at(-1);
  const found = before?.name === name ? before : list.find((one) => one.name === name);
  if (found) return found;
  if (list.length >= mostKeys) throw tooLarge();
  const one = made();
  list.push(one);
  return one;
};
