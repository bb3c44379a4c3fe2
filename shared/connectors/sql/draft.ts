import type { Column, Table } from '../catalog.ts';

/** What a key is made of: a column by its name or by its position, or an expression. `undefined` is what the source does not show. */
export type Part = string | number | undefined;

export interface References {
  readonly schema: string;
  readonly table: string;
  /** What numbers among its columns count: `position`s of columns, unless it is said. */
  readonly by?: 'position' | 'place in the primary key';
  readonly columns: Part[];
}

export interface ForeignKeyDraft {
  readonly name: string;
  readonly parts: Part[];
  readonly references: References;
  readonly valid: boolean;
}

export interface IndexDraft {
  readonly name: string;
  readonly unique: boolean;
  readonly parts: Part[];
  /** Of a partial index: which rows are in it. */
  readonly predicate?: string | null;
  /** True where it is left out. */
  readonly valid?: boolean;
}

/** What is known of a table of an SQL engine while its rows arrive, in whatever order. */
export interface Draft {
  schema: string;
  name: string;
  /** Unknown until the table's own row comes; what has none to the end is no table. */
  kind: Table['kind'] | undefined;
  comment: string | null;
  rows: number | null;
  size_bytes: number | null;
  statistics_at: string | null;
  parent: string | null;
  /** A view that cannot be read, whoever asks. */
  isBroken: boolean;
  /** How many of its columns the account may read. */
  access: 'all' | 'some' | 'none';
  /** Which, by position, where the others came too. */
  readable: ReadonlySet<number> | undefined;
  columns: Column[];
  /** Comments on columns by their names, where they come apart from these. */
  comments: Map<string, string> | undefined;
  /** May be the parts of an index. */
  primaryKey: Part[];
  foreignKeys: ForeignKeyDraft[];
  indexes: IndexDraft[];
  /** Whether parts of keys that name no column are shown, as expressions are. */
  expressions: boolean;
}

/** A table of which the place is known, and perhaps the kind. */
export const draftOf = (schema: string, name: string, kind?: Table['kind']): Draft => ({
  schema,
  name,
  kind,
  comment: null,
  rows: null,
  size_bytes: null,
  statistics_at: null,
  parent: null,
  isBroken: false,
  access: 'all',
  readable: undefined,
  columns: [],
  comments: undefined,
  primaryKey: [],
  foreignKeys: [],
  indexes: [],
  expressions: false,
});
