import { bareTable } from '../bare-table.ts';
import type { Table } from '../catalog.ts';
import { byPlace } from '../order.ts';
import { kindOf, tableKindOf } from './kinds.ts';
import type { Row } from './query.ts';

/** Puts rows together, each kind as `queries.ts` names its columns, in whatever order they come. Keys are what somebody declared. */
export const createCatalog = () => {
  const tables = new Map<string, Table>();
  const keys = new Map<string, Row[]>();
  const at = (schema: unknown, name: unknown) => tables.get(`${text(schema)}\0${text(name)}`);

  return {
    table: ({ table_schema: schema, table_name: name, table_type: type, comment }: Row) =>
      void tables.set(`${text(schema)}\0${text(name)}`, {
        ...bareTable(text(schema), text(name), tableKindOf(text(type))),
        comment: text(comment) || null,
      }),

    column: (row: Row) => {
      const type = text(row['full_data_type']);
      at(row['table_schema'], row['table_name'])?.columns.push({
        name: text(row['column_name']),
        type,
        kind: kindOf(type),
        nullable: row['is_nullable'] !== 'NO',
        default: text(row['column_default']) || null,
        generated: null,
        comment: text(row['comment']) || null,
        position: Number(row['ordinal_position']) + 1, // theirs begin at 0
      });
    },

    key: (row: Row) => {
      const name = [row['table_schema'], row['table_name'], row['constraint_name']].map(text).join('\0');
      const columns = keys.get(name) ?? [];
      columns.push(row);
      keys.set(name, columns);
    },

    tables: (): Table[] => {
      for (const { columns } of tables.values()) columns.sort((a, b) => a.position - b.position);
      const constraints = [...keys.values()].map((rows) =>
        rows.toSorted((a, b) => Number(a['ordinal_position']) - Number(b['ordinal_position'])),
      );
      for (const rows of constraints) {
        const [first] = rows;
        const table = at(first?.['table_schema'], first?.['table_name']);
        if (table && first?.['constraint_type'] === 'PRIMARY KEY') table.primary_key = namesOf(rows);
      }
      // Foreign keys name the columns of the other side by their position in its primary key.
      for (const rows of constraints) {
        const [first] = rows;
        if (first?.['constraint_type'] !== 'FOREIGN KEY') continue;
        const theirs = at(first['their_schema'], first['their_table']);
        const columns = rows.map(
          (row) => theirs?.primary_key[Number(row['position_in_unique_constraint']) - 1],
        );
        if (!theirs || !columns.every((name) => name !== undefined)) continue;
        at(first['table_schema'], first['table_name'])?.foreign_keys.push({
          name: text(first['constraint_name']),
          columns: namesOf(rows),
          references: { schema: theirs.schema, table: theirs.name, columns },
        });
      }
      return [...tables.values()].sort(byPlace);
    },
  };
};

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const namesOf = (rows: readonly Row[]) => rows.map(({ column_name: name }) => text(name));
