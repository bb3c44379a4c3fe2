import { bareTable } from '../bare-table.ts';
import type { Table } from '../catalog.ts';
import { numbers } from '../postgresql/sets.ts';
import { kindOf, spelled } from './kinds.ts';

type Row = readonly string[];

/** Puts rows together, each kind as `queries.ts` names its columns. A key with a column out of sight is left out whole. */
export const createCatalog = () => {
  const tables = new Map<string, Table>();
  const keys: (() => void)[] = [];
  const at = (schema = '', name = '') => tables.get(`${schema}\0${name}`);

  return {
    table: ([schema = '', name = '', type = '', comment = '']: Row) =>
      tables.set(`${schema}\0${name}`, {
        ...bareTable(schema, name, kinds.get(type) ?? 'table'),
        comment: comment || null,
      }),

    column: ([
      schema,
      table,
      name = '',
      position,
      value = '',
      nullable,
      word = '',
      length,
      precision,
      scale,
      comment = '',
    ]: Row) => {
      const identity = /^"?identity"?\(/i.test(value);
      const type = spelled(word, Number(length), Number(precision), Number(scale));
      at(schema, table)?.columns.push({
        name,
        type,
        kind: kindOf(type),
        nullable: nullable !== 'NO',
        default: identity ? null : value || null,
        generated: identity ? 'identity' : null,
        comment: comment || null,
        position: Number(position),
      });
    },

    primaryKey: ([schema, name, positions = '']: Row) =>
      keys.push(() => {
        const table = at(schema, name);
        if (table) table.primary_key = namesAt(table, positions) ?? [];
      }),

    /** Redshift enforces none; they are what somebody declared. */
    foreignKey: ([
      schema,
      table,
      name = '',
      positions = '',
      theirSchema = '',
      theirTable = '',
      theirPositions = '',
    ]: Row) =>
      keys.push(() => {
        const columns = namesAt(at(schema, table), positions);
        const theirs = namesAt(at(theirSchema, theirTable), theirPositions);
        if (!columns || !theirs) return;
        at(schema, table)?.foreign_keys.push({
          name,
          columns,
          references: { schema: theirSchema, table: theirTable, columns: theirs },
        });
      }),

    measure: ([schema, name, megabytes, rows]: Row) => {
      const table = at(schema, name);
      if (table)
        Object.assign(table, { rows: Math.round(Number(rows)), size_bytes: Number(megabytes) * 2 ** 20 });
    },

    tables: (): Table[] => {
      for (const fold of keys.splice(0)) fold();
      return [...tables.values()];
    },
  };
};

/** Keys name columns by their position. */
const namesAt = (table: Table | undefined, positions: string): string[] | undefined => {
  const names = numbers(positions).map((at) => table?.columns.find(({ position }) => position === at)?.name);
  return names.every((name) => name !== undefined) ? names : undefined;
};

/** svv_tables.table_type: https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_TABLES.html. Materialized views go as views. */
const kinds: ReadonlyMap<string, Table['kind']> = new Map([
  ['BASE TABLE', 'table'],
  ['VIEW', 'view'],
  ['EXTERNAL TABLE', 'foreign_table'],
]);
