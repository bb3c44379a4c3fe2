import { draftOf } from '../sql/draft.ts';
import type { Drafts } from '../sql/drafts.ts';
import { readKeyUsage } from '../sql/key-usage.ts';
import { kindOf, tableKindOf } from './kinds.ts';
import type { Row } from './query.ts';

/** Creates readers of rows with the columns of `queries.ts`. Rows of tables must come before all others. Keys are declared, not enforced. */
export const readRows = (drafts: Drafts) => {
  const keyUsage = readKeyUsage(drafts);

  return {
    table: (row: Row) => {
      const type = text(row['table_type']);
      const draft = draftOf(text(row['table_schema']), text(row['table_name']), tableKindOf(type));
      draft.comment = text(row['comment']) || null;
      drafts.add(draft);
    },

    column: (row: Row) => {
      const type = text(row['full_data_type']);
      drafts.column(drafts.find(row['table_name'], row['table_schema']), {
        name: text(row['column_name']),
        type,
        kind: kindOf(type),
        nullable: row['is_nullable'] !== 'NO',
        default: text(row['column_default']) || null,
        generated: null,
        comment: text(row['comment']) || null,
        position: Number(row['ordinal_position']) + 1, // ordinal positions begin at 0
      });
    },

    key: (row: Row) =>
      keyUsage({
        schema: text(row['table_schema']),
        table: text(row['table_name']),
        constraint: text(row['constraint_name']),
        type: text(row['constraint_type']),
        column: text(row['column_name']),
        place: row['ordinal_position'],
        theirSchema: text(row['their_schema']),
        theirTable: text(row['their_table']),
        theirPlace: row['position_in_unique_constraint'],
      }),
  };
};

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
