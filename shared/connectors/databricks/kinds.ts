import type { Column, Table } from '../catalog.ts';
import { createKindTable } from '../kind-table.ts';

/** Decides by the first word: https://docs.databricks.com/sql/language-manual/sql-ref-datatypes */
export const toDatabricksColumnKind = (type: string): Column['kind'] =>
  databricksColumnKinds.get(/^\w+/.exec(type)?.[0].toLowerCase() ?? '') ?? 'other';

/** The values of https://docs.databricks.com/sql/language-manual/information-schema/tables and of Hive's catalog. */
export const toDatabricksTableKind = (type: string): Table['kind'] =>
  databricksTableKinds.get(type) ?? 'table';

const databricksTableKinds: ReadonlyMap<string, Table['kind']> = new Map([
  ['VIEW', 'view'],
  ['METRIC_VIEW', 'view'],
  ['MATERIALIZED_VIEW', 'materialized_view'],
  ['FOREIGN', 'foreign_table'],
]);

const databricksColumnKinds = createKindTable({
  string: 'string varchar char',
  integer: 'tinyint smallint int integer bigint byte short long',
  decimal: 'decimal dec numeric',
  float: 'float real double',
  boolean: 'boolean',
  date: 'date',
  timestamp: 'timestamp timestamp_ntz timestamp_ltz',
  binary: 'binary',
  json: 'struct map variant object',
  array: 'array',
  geo: 'geometry geography',
});
