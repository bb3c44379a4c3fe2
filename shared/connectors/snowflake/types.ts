import type { Column } from '../catalog.ts';
import { kindTable } from '../kind-table.ts';
import type { Row } from './driver.ts';

/** Renders a type as DESCRIBE TABLE does; information_schema has its sizes in other columns, and says TEXT for VARCHAR. */
export const spelled = (row: Row): string => {
  const type = (row['data_type'] ?? '').toUpperCase();
  if (type === 'TEXT') return sized('VARCHAR', row['length']);
  if (type === 'BINARY') return sized('BINARY', row['length']);
  if (type === 'NUMBER') return sized('NUMBER', row['precision'], row['scale'] ?? '0');
  return type;
};

/** https://docs.snowflake.com/en/sql-reference/intro-summary-data-types; a NUMBER without a fraction is an integer. */
export const kindOf = (row: Row): Column['kind'] => {
  const word = /^[A-Z_0-9]+/.exec((row['data_type'] ?? '').toUpperCase())?.[0] ?? '';
  if (word === 'NUMBER') return (row['scale'] ?? '0') === '0' ? 'integer' : 'decimal';
  return kinds.get(word) ?? 'other';
};

const sized = (type: string, ...sizes: readonly (string | null | undefined)[]): string =>
  sizes.every((size) => /^\d{1,12}$/.test(size ?? '')) ? `${type}(${sizes.join(',')})` : type;

const kinds = kindTable({
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
