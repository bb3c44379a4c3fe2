import { createTableDraft } from '../sql/table-draft.ts';
import type { TableDrafts } from '../sql/table-drafts.ts';
import { createKeyUsageReader } from '../sql/key-usage.ts';
import type { BigqueryRow } from './api.ts';
import { toBigqueryColumnKind, toBigqueryTableKind } from './kinds.ts';

/** Creates readers of rows with the columns of `queries.ts`. Rows of tables must come before all others. */
export const createBigqueryRowReaders = (drafts: TableDrafts) => {
  const findDraft = ({ table_schema: schema, table_name: name }: BigqueryRow) => drafts.find(name, schema);
  const keyUsage = createKeyUsageReader(drafts);

  return {
    table: ({ table_schema: schema, table_name: name, table_type: type }: BigqueryRow) =>
      void drafts.add(createTableDraft(schema ?? '', name ?? '', toBigqueryTableKind(type ?? ''))),

    column: (row: BigqueryRow) => {
      const { column_name: name, data_type: type, ordinal_position: position, is_nullable } = row;
      if (position === null || row['is_hidden'] === 'YES') return; // pseudo-columns, such as _PARTITIONTIME
      const value = row['column_default'] ?? null;
      const computed = row['is_generated'] === 'ALWAYS' ? (row['generation_expression'] ?? null) : null;
      drafts.addColumn(findDraft(row), {
        name: name ?? '',
        type: type ?? '',
        kind: toBigqueryColumnKind(type ?? ''),
        nullable: is_nullable !== 'NO',
        default: value === 'NULL' ? computed : (value ?? computed),
        generated: toBigqueryGenerated(row),
        comment: null,
        position: Number(position),
      });
    },

    comment: (row: BigqueryRow) => {
      const draft = findDraft(row);
      if (draft) draft.comment = parseBigqueryLiteral(row['option_value'] ?? '') || null;
    },

    columnComment: (row: BigqueryRow) =>
      drafts.comment(findDraft(row), row['column_name'] ?? '', row['description'] ?? ''),

    key: (row: BigqueryRow) =>
      keyUsage({
        schema: row['table_schema'] ?? '',
        table: row['table_name'] ?? '',
        constraint: row['constraint_name'] ?? '',
        type: row['constraint_type'] ?? '',
        column: row['column_name'] ?? '',
        position: row['ordinal_position'],
        theirSchema: row['their_schema'] ?? '',
        theirTable: row['their_table'] ?? '',
        referencedPosition: row['position_in_unique_constraint'],
      }),

    size: (row: BigqueryRow) => {
      const draft = findDraft(row);
      if (!draft || row['row_count'] === null || row['size_bytes'] === null) return;
      draft.rows = Number(row['row_count']);
      draft.size_bytes = Number(row['size_bytes']);
    },
  };
};

const toBigqueryGenerated = (row: BigqueryRow): 'stored' | 'virtual' | 'identity' | null => {
  if (row['is_identity'] === 'YES') return 'identity';
  if (row['is_generated'] !== 'ALWAYS') return null;
  return row['is_stored'] === 'NO' ? 'virtual' : 'stored';
};

/** Parses the value of an option: a literal of GoogleSQL, which is the same in JSON except for rare escapes. */
const parseBigqueryLiteral = (text: string): string => {
  if (!text.startsWith('"')) return text;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'string' ? value : text;
  } catch {
    return text.replace(/^"(.*)"$/s, '$1');
  }
};
