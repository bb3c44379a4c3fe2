import type { Column } from '../catalog.ts';
import { createKindTable } from '../kind-table.ts';
import type { SnowflakeRow } from './driver.ts';

/** Renders a type as DESCRIBE TABLE does; information_schema has its sizes in other columns, and says TEXT for VARCHAR. */
export const renderSnowflakeType = (row: SnowflakeRow): string => {
  const type = (row['data_type'] ?? '').toUpperCase();
  if (type === 'TEXT') return renderSizedType('VARCHAR', row['length']);
  if (type === 'BINARY') return renderSizedType('BINARY', row['length']);
  if (type === 'NUMBER') return renderSizedType('NUMBER', row['precision'], row['scale'] ?? '0');
  return type;
};

/** https://docs.snowflake.com/en/sql-reference/intro-summary-data-types; a NUMBER without a fraction is an integer. */
export const toSnowflakeColumnKind = (row: SnowflakeRow): Column['kind'] => {
  const word = /^[A-Z_0-9]+/.exec((row['data_type'] ?? '').toUpperCase())?.[0] ?? '';
  if (word === 'NUMBER') return (row['scale'] ?? '0') === '0' ? 'integer' : 'decimal';
  return snowflakeColumnKinds.get(word) ?? 'other';
};

const renderSizedType = (type: string, ...sizes: readonly (string | null | undefined)[]): string =>
  sizes.every((size) => /^\d{1,12}$/.test(size ?? '')) ? `${type}(${sizes.join(',')})` : type;

const snowflakeColumnKinds = createKindTable({
  string: 'TEXT VARCHAR',
  decimal: 'DECFLOAT',
  float: 'FLOAT',
  boolean: 'BOOLEAN',
  date: 'DATE',
  time: 'TIME',
  timestamp: 'TIMESTAMP_NTZ TIMESTAMP_LTZ TIMESTAMP_TZ',
  binary: 'BINARY',
  json: 'VARIANT OBJECT MAP',
  array: 'ARRAY VECTOR',
  geo: 'GEOGRAPHY GEOMETRY',
  uuid: 'UUID',
});
