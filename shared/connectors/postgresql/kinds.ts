import type { Column } from '../catalog.ts';
import { kindTable } from '../kind-table.ts';

type Kind = Column['kind'];

/** What the catalog calls a type, told from its row in pg_type; domains and arrays are resolved before. */
export const kindOf = (name: string, type: string, category: string): Kind =>
  type === enumType
    ? 'string'
    : (type === baseType && byName.get(name)) || byCategory.get(category) || 'other';

/** pg_type.typtype: https://www.postgresql.org/docs/current/catalog-pg-type.html */
const baseType = 'b';
const enumType = 'e';

/** Types of extensions go by their name, in whatever schema they live. What a product would hold as text is a string. */
const byName = kindTable({
  integer: 'int2 int4 int8 oid',
  decimal: 'numeric money',
  float: 'float4 float8',
  date: 'date',
  time: 'time timetz',
  timestamp: 'timestamp timestamptz',
  binary: 'bytea',
  json: 'json jsonb',
  uuid: 'uuid',
  string: 'char xml inet cidr macaddr macaddr8 ltree',
  geo: 'geometry geography',
  array: 'vector halfvec',
});

/**
 * Arrays, booleans, shapes and strings (citext too): https://www.postgresql.org/docs/current/catalog-pg-type.html#CATALOG-TYPCATEGORY-TABLE.
 * The rest is `other`: intervals, ranges, bit strings, composites, text search, and what extensions bring.
 */
const byCategory: ReadonlyMap<string, Kind> = new Map([
  ['A', 'array'],
  ['B', 'boolean'],
  ['G', 'geo'],
  ['S', 'string'],
]);

/**
 * A type of pg_catalog with its modifier, as format_type() spells it; `undefined` where only the server knows.
 * https://github.com/postgres/postgres/blob/master/src/backend/utils/adt/format_type.c
 */
export const spelled = (name: string, modifier: number): string | undefined => {
  const form = forms.get(name);
  const size = modifier - (name === 'varchar' || name === 'bpchar' ? header : 0);
  return form?.replace('?', name === 'numeric' ? precision(modifier - header) : `${size}`);
};

/** VARHDRSZ, which some modifiers include. */
const header = 4;

/** Precision above, scale in the lower 11 bits with its sign (since 15): numeric_typmod_scale in numeric.c. */
const precision = (packed: number) => `${(packed >> 16) & 0xffff},${((packed & 0x7ff) ^ 1024) - 1024}`;

const forms: ReadonlyMap<string, string> = new Map([
  ['numeric', 'numeric(?)'],
  ['varchar', 'character varying(?)'],
  ['bpchar', 'character(?)'],
  ['bit', 'bit(?)'],
  ['varbit', 'bit varying(?)'],
  ['time', 'time(?) without time zone'],
  ['timetz', 'time(?) with time zone'],
  ['timestamp', 'timestamp(?) without time zone'],
  ['timestamptz', 'timestamp(?) with time zone'],
]);
