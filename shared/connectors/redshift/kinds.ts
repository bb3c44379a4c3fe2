import type { Column } from '../catalog.ts';
import { kindTable } from '../kind-table.ts';

/** A type as svv_columns spells it, with the sizes that it keeps beside. External tables bring their own spelling, sizes included. */
export const spelled = (type: string, length: number, precision: number, scale: number): string =>
  type.startsWith('character') && length > 0 && !type.includes('(')
    ? `${type}(${length})`
    : type === 'numeric' && precision > 0
      ? `numeric(${precision},${scale})`
      : type;

/** Goes by the first word: https://docs.aws.amazon.com/redshift/latest/dg/c_Supported_data_types.html, and Spectrum's of Hive. */
export const kindOf = (type: string): Column['kind'] =>
  type.endsWith('[]') ? 'array' : (kinds.get(/^"?[a-z0-9]+/.exec(type.toLowerCase())?.[0] ?? '') ?? 'other');

const kinds = kindTable({
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
