import type { Column } from '../catalog.ts';
import { createKindTable } from '../kind-table.ts';

/**
 * Creates the function that decides the kind of a column by the letters at the start of its type, in any case: `Decimal(12, 2)`, `int8`. `more` are the
 * types that only this engine has. `wrapper` matches what surrounds the type and does not change its kind: `Nullable(`.
 */
export const createColumnKinds = (
  more: Parameters<typeof createKindTable>[0],
  wrapper = /^$/,
): ((type: string) => Column['kind']) => {
  const kinds = new Map([...commonKinds, ...createKindTable(more)]);
  return (type) => kinds.get(/^[a-z]+/.exec(type.toLowerCase().replace(wrapper, ''))?.[0] ?? '') ?? 'other';
};

/** The names that SQL's standard and most engines use. */
const commonKinds = createKindTable({
  string: 'char varchar nchar nvarchar text string clob enum',
  integer: 'int integer tinyint smallint mediumint bigint',
  decimal: 'decimal numeric',
  float: 'float real double',
  boolean: 'bool boolean',
  date: 'date',
  time: 'time',
  timestamp: 'timestamp datetime',
  binary: 'binary varbinary blob bytea',
  json: 'json map struct object',
  uuid: 'uuid',
  array: 'array',
  geo: 'geometry geography point linestring polygon multipoint multilinestring multipolygon',
});
