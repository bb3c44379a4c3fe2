import type { Table } from '../catalog.ts';
import { numbers } from '../postgresql/sets.ts';
import { draftOf } from '../sql/draft.ts';
import type { Drafts } from '../sql/drafts.ts';
import { kindOf, spelled } from './kinds.ts';

type Row = readonly string[];

/** Creates the handlers that add rows to the drafts. The columns of each row are those of its query in `queries.ts`. */
export const readRows = (drafts: Drafts) => ({
  table: ([schema = '', name = '', type = '', comment = '']: Row) => {
    const draft = drafts.add(draftOf(schema, name, kinds.get(type) ?? 'table'));
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
  ]: Row) => {
    const identity = /^"?identity"?\(/i.test(value);
    const type = spelled(word, Number(length), Number(precision), Number(scale));
    drafts.column(drafts.find(table, schema), {
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

  primaryKey: ([schema, name, positions = '']: Row) => {
    const draft = drafts.find(name, schema);
    if (draft) draft.primaryKey = numbers(positions);
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
  ]: Row) => {
    const references = { schema: theirSchema, table: theirTable, columns: numbers(theirPositions) };
    drafts.find(table, schema)?.foreignKeys.push({
      name,
      parts: numbers(positions),
      references,
      valid: false,
    });
  },

  measure: ([schema, name, megabytes, rows]: Row) => {
    const draft = drafts.find(name, schema);
    if (!draft) return;
    draft.rows = Math.round(Number(rows));
    draft.size_bytes = Number(megabytes) * 2 ** 20;
  },
});

/** By svv_tables.table_type, where materialized views appear as views: https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_TABLES.html */
const kinds: ReadonlyMap<string, Table['kind']> = new Map([
  ['BASE TABLE', 'table'],
  ['VIEW', 'view'],
  ['EXTERNAL TABLE', 'foreign_table'],
]);
