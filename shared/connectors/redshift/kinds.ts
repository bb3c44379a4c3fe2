import type { Column } from '../catalog.ts';
import { createKindTable } from '../kind-table.ts';

/** Adds the sizes, which svv_columns has in separate columns. Types of external tables already contain their sizes. */
export const renderRedshiftType = (
  type: string,
  length: number,
  precision: number,
  scale: number,
): string => {
  if (type.startsWith('character') && length > 0 && !type.includes('(')) return `${type}(${length})`;
  return type === 'numeric' && precision > 0 ? `numeric(${precision},${scale})` : type;
};

/** Uses the first word of the type: https://docs.aws.amazon.com/redshift/latest/dg/c_Supported_data_types.html, and Hive types of Spectrum. */
export const toRedshiftColumnKind = (type: string): Column['kind'] =>
  type.endsWith('[]')
    ? 'array'
    : (redshiftColumnKinds.get(/^"?[a-z0-9]+/.exec(type.toLowerCase())?.[0] ?? '') ?? 'other');

const redshiftColumnKinds = createKindTable({
  string: 'character varchar char bpchar nchar nvarchar text string',
  integer: 'smallint integer bigint int2 int4 int8 int tinyint',
  decimal: 'numeric decimal',
  float: 'real double float float4 float8',
  boolean: 'boolean bool',
  date: 'date',
  time: 'time timetz',
  timestamp: 'timestamp timestamptz',
  binary: 'binary varbyte varbinary bytea',
  json: 'super struct map',
  geo: 'geometry geography',
  array: 'array',
});
