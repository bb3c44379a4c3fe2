import { createTableDraft } from '../sql/table-draft.ts';
import type { TableDrafts } from '../sql/table-drafts.ts';
import { createKeyUsageReader } from '../sql/key-usage.ts';
import { toDatabricksColumnKind, toDatabricksTableKind } from './kinds.ts';
import type { DatabricksRow } from './query.ts';

/** Creates readers of rows with the columns of `queries.ts`. Rows of tables must come before all others. Keys are declared, not enforced. */
export const createDatabricksRowReaders = (drafts: TableDrafts) => {
  const keyUsage = createKeyUsageReader(drafts);

  return {
    table: (row: DatabricksRow) => {
      const type = toDatabricksText(row['table_type']);
      const draft = createTableDraft(
        toDatabricksText(row['table_schema']),
        toDatabricksText(row['table_name']),
        toDatabricksTableKind(type),
      );
      draft.comment = toDatabricksText(row['comment']) || null;
      drafts.add(draft);
    },

    column: (row: DatabricksRow) => {
      const type = toDatabricksText(row['full_data_type']);
      drafts.addColumn(drafts.find(row['table_name'], row['table_schema']), {
        name: toDatabricksText(row['column_name']),
        type,
        kind: toDatabricksColumnKind(type),
        nullable: row['is_nullable'] !== 'NO',
        default: toDatabricksText(row['column_default']) || null,
        generated: null,
        comment: toDatabricksText(row['comment']) || null,
        position: Number(row['ordinal_position']) + 1, // ordinal positions begin at 0
      });
    },

    key: (row: DatabricksRow) =>
      keyUsage({
        schema: toDatabricksText(row['table_schema']),
        table: toDatabricksText(row['table_name']),
        constraint: toDatabricksText(row['constraint_name']),
        type: toDatabricksText(row['constraint_type']),
        column: toDatabricksText(row['column_name']),
        position: row['ordinal_position'],
        theirSchema: toDatabricksText(row['their_schema']),
        theirTable: toDatabricksText(row['their_table']),
        referencedPosition: row['position_in_unique_constraint'],
      }),
  };
};

const toDatabricksText = (value: unknown): string => (typeof value === 'string' ? value : '');
