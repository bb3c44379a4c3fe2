import type { Column } from '../catalog.ts';
import { createKindTable } from '../kind-table.ts';

type PostgresqlColumnKind = Column['kind'];

/** Converts a row of pg_type. The caller resolves domains and arrays first. */
export const toPostgresqlColumnKind = (name: string, type: string, category: string): PostgresqlColumnKind =>
  type === enumTypeLetter
    ? 'string'
    : (type === baseTypeLetter && postgresqlKindsByName.get(name)) ||
      postgresqlKindsByCategory.get(category) ||
      'other';

/** pg_type.typtype: https://www.postgresql.org/docs/current/catalog-pg-type.html */
const baseTypeLetter = 'b';
const enumTypeLetter = 'e';

/** Types of extensions match by name, in any schema. A type that products store as text is a string. */
const postgresqlKindsByName = createKindTable({
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
 * Arrays, booleans, geometric types and strings (also citext):
 * https://www.postgresql.org/docs/current/catalog-pg-type.html#CATALOG-TYPCATEGORY-TABLE.
 * The rest is `other`: intervals, ranges, bit strings, composites, text search, and other types of extensions.
 */
const postgresqlKindsByCategory: ReadonlyMap<string, PostgresqlColumnKind> = new Map([
  ['A', 'array'],
  ['B', 'boolean'],
  ['G', 'geo'],
  ['S', 'string'],
]);

/**
 * Renders a type of pg_catalog with its modifier, as format_type() does. Returns `undefined` if only the server can render it.
 * https://github.com/postgres/postgres/blob/master/src/backend/utils/adt/format_type.c
 */
export const renderPostgresqlType = (name: string, modifier: number): string | undefined => {
  const form = postgresqlTypeForms.get(name);
  const size = modifier - (name === 'varchar' || name === 'bpchar' ? MODIFIER_HEADER_BYTES : 0);
  return form?.replace(
    '?',
    name === 'numeric' ? renderNumericModifier(modifier - MODIFIER_HEADER_BYTES) : `${size}`,
  );
};

/** VARHDRSZ, which is part of some modifiers. */
const MODIFIER_HEADER_BYTES = 4;

/** The lower 11 bits are the scale, signed since PostgreSQL 15; the precision is above: numeric_typmod_scale in numeric.c. */
const renderNumericModifier = (packed: number) =>
  `${(packed >> 16) & 0xffff},${((packed & 0x7ff) ^ 1024) - 1024}`;

const postgresqlTypeForms: ReadonlyMap<string, string> = new Map([
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
