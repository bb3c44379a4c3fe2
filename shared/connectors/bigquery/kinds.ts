import type { Column, Table } from '../catalog.ts';
import { kindTable } from '../kind-table.ts';

/** Decides by the first word: https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types */
export const kindOf = (type: string): Column['kind'] =>
  columnKinds.get(/^\w+/.exec(type)?.[0].toUpperCase() ?? '') ?? 'other';

/** `table_type`: https://cloud.google.com/bigquery/docs/information-schema-tables#schema */
export const tableKindOf = (type: string): Table['kind'] => tableKinds.get(type) ?? 'table';

const tableKinds: ReadonlyMap<string, Table['kind']> = new Map([
  ['VIEW', 'view'],
  ['MATERIALIZED VIEW', 'materialized_view'],
  ['EXTERNAL', 'foreign_table'],
]);

const columnKinds = kindTable({
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
