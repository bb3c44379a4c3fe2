import { bareTable } from '../bare-table.ts';
import type { Table } from '../catalog.ts';
import { byPlace } from '../order.ts';
import type { Row } from './api.ts';
import { kindOf, tableKindOf } from './kinds.ts';

/** Puts rows together, each kind as `queries.ts` names its columns, in whatever order they come. */
export const createCatalog = () => {
  const tables = new Map<string, Table>();
  const comments = new Map<string, string>();
  const keys = new Map<string, Row[]>();
  const at = ({ table_schema: schema, table_name: name }: Row) => tables.get(`${schema}\0${name}`);

  return {
    table: ({ table_schema: schema, table_name: name, table_type: type }: Row) =>
      void tables.set(`${schema}\0${name}`, bareTable(schema ?? '', name ?? '', tableKindOf(type ?? ''))),

    column: (row: Row) => {
      const { column_name: name, data_type: type, ordinal_position: position, is_nullable } = row;
      if (position === null || row['is_hidden'] === 'YES') return; // pseudo-columns, as _PARTITIONTIME
      const value = row['column_default'] ?? null;
      const computed = row['is_generated'] === 'ALWAYS' ? (row['generation_expression'] ?? null) : null;
      at(row)?.columns.push({
        name: name ?? '',
        type: type ?? '',
        kind: kindOf(type ?? ''),
        nullable: is_nullable !== 'NO',
        default: value === 'NULL' ? computed : (value ?? computed),
        generated: generatedOf(row),
        comment: null,
        position: Number(position),
      });
    },

    comment: (row: Row) => {
      const table = at(row);
      if (table) table.comment = literalOf(row['option_value'] ?? '') || null;
    },

    columnComment: ({ table_schema: schema, table_name: table, column_name: name, description }: Row) =>
      void comments.set(`${schema}\0${table}\0${name}`, description ?? ''),

    key: (row: Row) => {
      const name = `${row['table_schema']}\0${row['table_name']}\0${row['constraint_name']}`;
      const columns = keys.get(name) ?? [];
      columns.push(row);
      keys.set(name, columns);
    },

    size: (row: Row) => {
      const table = at(row);
      if (!table || row['row_count'] === null || row['size_bytes'] === null) return;
      table.rows = Number(row['row_count']);
      table.size_bytes = Number(row['size_bytes']);
    },

    tables: (): Table[] => {
      for (const { schema, name, columns } of tables.values()) {
        columns.sort((a, b) => a.position - b.position);
        for (const column of columns) {
          column.comment = comments.get(`${schema}\0${name}\0${column.name}`) || null;
        }
      }
      const constraints = [...keys.values()].map((rows) =>
        rows.toSorted((a, b) => Number(a['ordinal_position']) - Number(b['ordinal_position'])),
      );
      for (const rows of constraints) foldPrimary(rows, at);
      for (const rows of constraints) foldForeign(rows, at);
      return [...tables.values()].sort(byPlace);
    },
  };
};

type Find = (row: Row) => Table | undefined;

const namesOf = (rows: readonly Row[]) => rows.map(({ column_name: name }) => name ?? '');

const foldPrimary = (rows: readonly Row[], at: Find) => {
  const [first] = rows;
  const table = first?.['constraint_type'] === 'PRIMARY KEY' ? at(first) : undefined;
  if (table) table.primary_key = namesOf(rows);
};

/** After the primary keys, which foreign ones refer to by position. One whose other side is out of sight is left out whole. */
const foldForeign = (rows: readonly Row[], at: Find) => {
  const [first] = rows;
  if (first?.['constraint_type'] !== 'FOREIGN KEY') return;
  const theirs = at({
    table_schema: first['their_schema'] ?? null,
    table_name: first['their_table'] ?? null,
  });
  const columns = rows.map((row) => theirs?.primary_key[Number(row['position_in_unique_constraint']) - 1]);
  if (!theirs || !columns.every((name) => name !== undefined)) return;
  at(first)?.foreign_keys.push({
    name: first['constraint_name'] ?? '',
    columns: namesOf(rows),
    references: { schema: theirs.schema, table: theirs.name, columns },
  });
};

const generatedOf = (row: Row): 'stored' | 'virtual' | 'identity' | null => {
  if (row['is_identity'] === 'YES') return 'identity';
  if (row['is_generated'] !== 'ALWAYS') return null;
  return row['is_stored'] === 'NO' ? 'virtual' : 'stored';
};

/** Options are told as GoogleSQL's literals, which are JSON's but for rare escapes. */
const literalOf = (text: string): string => {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'string' ? value : text;
  } catch {
    return text.replace(/^"(.*)"$/s, '$1');
  }
};
