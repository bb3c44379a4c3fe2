import type { Drafts } from './drafts.ts';

/** A row of the standard's key_column_usage, with the kind of its constraint and the table that it refers to joined to it. */
interface KeyUsage {
  readonly schema: string;
  readonly table: string;
  readonly constraint: string;
  readonly type: string;
  readonly column: string;
  /** Its ordinal position, from 1. */
  readonly place: unknown;
  readonly theirSchema: string;
  readonly theirTable: string;
  /** Its position in the unique constraint. */
  readonly theirPlace: unknown;
}

/** Reads declared keys, which no engine of this kind enforces, into the drafts of their tables. A foreign key to a table out of sight comes to nothing. */
export const readKeyUsage =
  (drafts: Drafts) =>
  (key: KeyUsage): void => {
    const draft = drafts.find(key.table, key.schema);
    if (draft && key.type === 'PRIMARY KEY') drafts.put(draft.primaryKey, key.place, key.column);
    if (draft && key.type === 'FOREIGN KEY')
      drafts.pair(draft, key.constraint, key.place, key.column, {
        schema: key.theirSchema,
        table: key.theirTable,
        by: 'place in the primary key',
        column: Number(key.theirPlace),
        valid: false, // nothing checks it
      });
  };
