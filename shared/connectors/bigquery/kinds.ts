import type { Column, Table } from '../catalog.ts';

/** Goes by the first word: https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types */
export const kindOf = (type: string): Column['kind'] =>
  columnKinds.get(/^\w+/.exec(type)?.[0].toUpperCase() ?? '') ?? 'other';

/** `table_type`: https://cloud.google.com/bigquery/docs/information-schema-tables#schema */
export const tableKindOf = (type: string): Table['kind'] => tableKinds.get(type) ?? 'table';

const tableKinds: ReadonlyMap<string, Table['kind']> = new Map([
  ['VIEW', 'view'],
  ['MATERIALIZED VIEW', 'materialized_view'],
  ['EXTERNAL', 'foreign_table'],
]);

const columnKinds: ReadonlyMap<string, Column['kind']> = new Map([
  ['STRING', 'string'],
  ['INT64', 'integer'],
  ['NUMERIC', 'decimal'],
  ['BIGNUMERIC', 'decimal'],
  ['FLOAT64', 'float'],
  ['BOOL', 'boolean'],
  ['DATE', 'date'],
  ['TIME', 'time'],
  ['DATETIME', 'timestamp'],
  ['TIMESTAMP', 'timestamp'],
  ['BYTES', 'binary'],
  ['JSON', 'json'],
  ['STRUCT', 'json'],
  ['ARRAY', 'array'],
  ['GEOGRAPHY', 'geo'],
]);
