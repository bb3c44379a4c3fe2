import type { Column } from '../catalog.ts';
import type { Row } from './driver.ts';

/** A type as DESCRIBE TABLE spells it; information_schema keeps its sizes beside, and says TEXT for VARCHAR. */
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

const named = (kind: Column['kind'], words: string) => words.split(' ').map((word) => [word, kind] as const);

const kinds: ReadonlyMap<string, Column['kind']> = new Map([
  ...named('string', 'TEXT VARCHAR'),
  ...named('decimal', 'DECFLOAT'),
  ...named('float', 'FLOAT'),
  ...named('boolean', 'BOOLEAN'),
  ...named('date', 'DATE'),
  ...named('time', 'TIME'),
  ...named('timestamp', 'TIMESTAMP_NTZ TIMESTAMP_LTZ TIMESTAMP_TZ'),
  ...named('binary', 'BINARY'),
  ...named('json', 'VARIANT OBJECT MAP'),
  ...named('array', 'ARRAY VECTOR'),
  ...named('geo', 'GEOGRAPHY GEOMETRY'),
  ...named('uuid', 'UUID'),
]);
