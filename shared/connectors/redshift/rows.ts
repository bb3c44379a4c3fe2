import type { Table } from '../catalog.ts';
import { parseNumberArray } from '../postgresql/relation-sets.ts';
import { createTableDraft } from '../sql/table-draft.ts';
import type { TableDrafts } from '../sql/table-drafts.ts';
import { toRedshiftColumnKind, renderRedshiftType } from './kinds.ts';

type RedshiftRow = readonly string[];

/** Creates the handlers that add rows to the drafts. The columns of each row are those of its query in `queries.ts`. */
export const createRedshiftRowReaders = (drafts: TableDrafts) => ({
  table: ([schema = '', name = '', type = '', comment = '']: RedshiftRow) => {
    const draft = drafts.add(createTableDraft(schema, name, redshiftTableKinds.get(type) ?? 'table'));
    draft.comment = comment || null;
  },

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
  ]: RedshiftRow) => {
    const identity = /^"?identity"?\(/i.test(value);
    const type = renderRedshiftType(word, Number(length), Number(precision), Number(scale));
    drafts.addColumn(drafts.find(table, schema), {
      name,
      type,
      kind: toRedshiftColumnKind(type),
      nullable: nullable !== 'NO',
      default: identity ? null : value || null,
      generated: identity ? 'identity' : null,
      comment: comment || null,
      position: Number(position),
    });
  },

  primaryKey: ([schema, name, positions = '']: RedshiftRow) => {
    const draft = drafts.find(name, schema);
    if (draft) draft.primaryKey = parseNumberArray(positions);
  },

  /** Redshift does not enforce declared foreign keys, so none is valid. */
  foreignKey: ([
    schema,
    table,
    name = '',
    positions = '',
    theirSchema = '',
    theirTable = '',
    theirPositions = '',
  ]: RedshiftRow) => {
    const references = { schema: theirSchema, table: theirTable, columns: parseNumberArray(theirPositions) };
    drafts.find(table, schema)?.foreignKeys.push({
      name,
      parts: parseNumberArray(positions),
      references,
      valid: false,
    });
  },

  measure: ([schema, name, megabytes, rows]: RedshiftRow) => {
    const draft = drafts.find(name, schema);
    if (!draft) return;
    draft.rows = Math.round(Number(rows));
    draft.size_bytes = Number(megabytes) * 2 ** 20;
  },
});

/** By svv_tables.table_type, where materialized views appear as views: https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_TABLES.html */
const redshiftTableKinds: ReadonlyMap<string, Table['kind']> = new Map([
  ['BASE TABLE', 'table'],
  ['VIEW', 'view'],
  ['EXTERNAL TABLE', 'foreign_table'],
]);
