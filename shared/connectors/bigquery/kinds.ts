import type { Column, Table } from '../catalog.ts';
import { createKindTable } from '../kind-table.ts';

/** Decides by the first word: https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types */
export const toBigqueryColumnKind = (type: string): Column['kind'] =>
  bigqueryColumnKinds.get(/^\w+/.exec(type)?.[0].toUpperCase() ?? '') ?? 'other';

/** `table_type`: https://cloud.google.com/bigquery/docs/information-schema-tables#schema */
export const toBigqueryTableKind = (type: string): Table['kind'] => bigqueryTableKinds.get(type) ?? 'table';

const bigqueryTableKinds: ReadonlyMap<string, Table['kind']> = new Map([
  ['VIEW', 'view'],
  ['MATERIALIZED VIEW', 'materialized_view'],
  ['EXTERNAL', 'foreign_table'],
]);

const bigqueryColumnKinds = createKindTable({
  string: 'STRING',
  integer: 'INT64',
  decimal: 'NUMERIC BIGNUMERIC',
  float: 'FLOAT64',
  boolean: 'BOOL',
  date: 'DATE',
  time: 'TIME',
  timestamp: 'DATETIME TIMESTAMP',
  binary: 'BYTES',
  json: 'JSON STRUCT',
  array: 'ARRAY',
  geo: 'GEOGRAPHY',
});
