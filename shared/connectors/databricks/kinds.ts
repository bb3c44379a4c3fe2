import type { Column, Table } from '../catalog.ts';

/** Goes by the first word: https://docs.databricks.com/sql/language-manual/sql-ref-datatypes */
export const kindOf = (type: string): Column['kind'] =>
  columnKinds.get(/^\w+/.exec(type)?.[0].toLowerCase() ?? '') ?? 'other';

/** https://docs.databricks.com/sql/language-manual/information-schema/tables and what Hive's catalog says */
export const tableKindOf = (type: string): Table['kind'] => tableKinds.get(type) ?? 'table';

const tableKinds: ReadonlyMap<string, Table['kind']> = new Map([
  ['VIEW', 'view'],
  ['METRIC_VIEW', 'view'],
  ['MATERIALIZED_VIEW', 'materialized_view'],
  ['FOREIGN', 'foreign_table'],
]);

const named = (kind: Column['kind'], words: string) => words.split(' ').map((word) => [word, kind] as const);

const columnKinds: ReadonlyMap<string, Column['kind']> = new Map([
  ...named('string', 'string varchar char'),
  ...named('integer', 'tinyint smallint int integer bigint byte short long'),
  ...named('decimal', 'decimal dec numeric'),
  ...named('float', 'float real double'),
  ...named('boolean', 'boolean'),
  ...named('date', 'date'),
  ...named('timestamp', 'timestamp timestamp_ntz timestamp_ltz'),
  ...named('binary', 'binary'),
  ...named('json', 'struct map variant object'),
  ...named('array', 'array'),
  ...named('geo', 'geometry geography'),
]);
