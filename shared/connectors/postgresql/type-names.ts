import { createFloatExpander, createSynonymMap, type TypeNames } from '../type-names.ts';

/** https://www.postgresql.org/docs/current/datatype.html */
export const postgresqlTypeNames: TypeNames = {
  postgresql: true,
  expand: createFloatExpander('real', 'double precision'),
  synonyms: createSynonymMap({
    smallint: 'int2|smallserial|serial2',
    integer: 'int|int4|serial|serial4',
    bigint: 'int8|bigserial|serial8',
    real: 'float4',
    'double precision': 'float8|float',
    numeric: 'decimal|dec',
    boolean: 'bool',
    character: 'char|bpchar',
    'character varying': 'varchar|char varying',
    'bit varying': 'varbit',
    'time without time zone': 'time',
    'time with time zone': 'timetz',
    'timestamp without time zone': 'timestamp',
    'timestamp with time zone': 'timestamptz',
    text: 'text',
    uuid: 'uuid',
    bytea: 'bytea',
    date: 'date',
    json: 'json',
    jsonb: 'jsonb',
  }),
};
