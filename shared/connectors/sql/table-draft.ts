import type { Column, Table } from '../catalog.ts';

/** A part of a key: the name of a column, its position, or an expression. `undefined` if the source does not show the part. */
export type KeyPart = string | number | undefined;

export interface ForeignKeyReferences {
  readonly schema: string;
  readonly table: string;
  /** The meaning of numbers in `columns`. Default: the `position` of a column. */
  readonly by?: 'position' | 'primary-key-position';
  readonly columns: KeyPart[];
}

export interface ForeignKeyDraft {
  readonly name: string;
  readonly parts: KeyPart[];
  readonly references: ForeignKeyReferences;
  readonly valid: boolean;
}

export interface IndexDraft {
  readonly name: string;
  readonly unique: boolean;
  readonly parts: KeyPart[];
  /** The condition of a partial index. */
  readonly predicate?: string | null;
  /** Default: true. */
  readonly valid?: boolean;
}

/** A table of an SQL engine while its rows arrive, in any order. */
export interface TableDraft {
  schema: string;
  name: string;
  /** Undefined until the row of the table itself arrives. A draft that never gets a kind is not a table. */
  kind: Table['kind'] | undefined;
  comment: string | null;
  rows: number | null;
  size_bytes: number | null;
  statistics_at: string | null;
  parent: string | null;
  /** A view that no account can read. */
  isBroken: boolean;
  /** The share of its columns that the account may read. */
  access: 'all' | 'some' | 'none';
  /** The positions of the readable columns, if the source also lists the others. */
  readable: ReadonlySet<number> | undefined;
  columns: Column[];
  /** Comments by column name, if they arrive separately from the columns. */
  comments: Map<string, string> | undefined;
  /** May be the same array as the parts of an index. */
  primaryKey: KeyPart[];
  foreignKeys: ForeignKeyDraft[];
  indexes: IndexDraft[];
  /** Whether the catalog shows parts of keys that are not columns, such as expressions. */
  expressions: boolean;
}

export const createTableDraft = (schema: string, name: string, kind?: Table['kind']): TableDraft => ({
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
