import type { TableDrafts } from './table-drafts.ts';

/** A row of `key_column_usage` of the SQL standard, joined with the type of its constraint and the referenced table. */
interface KeyUsage {
  readonly schema: string;
  readonly table: string;
  readonly constraint: string;
  readonly type: string;
  readonly column: string;
  /** The ordinal position, from 1. */
  readonly position: unknown;
  readonly theirSchema: string;
  readonly theirTable: string;
  /** The position in the unique constraint. */
  readonly referencedPosition: unknown;
}

/**
 * Adds declared keys, which engines of this kind do not enforce, to the drafts of their tables. A foreign key to a table that is not visible
 * is left out.
 */
export const createKeyUsageReader =
  (drafts: TableDrafts) =>
  (key: KeyUsage): void => {
    const draft = drafts.find(key.table, key.schema);
    if (draft && key.type === 'PRIMARY KEY') drafts.put(draft.primaryKey, key.position, key.column);
    if (draft && key.type === 'FOREIGN KEY')
      drafts.addForeignKeyPart(draft, key.constraint, key.position, key.column, {
        schema: key.theirSchema,
        table: key.theirTable,
        by: 'primary-key-position',
        column: Number(key.referencedPosition),
        valid: false, // the engine does not check it
      });
  };
