import { createFloatExpander, createSynonymMap, type TypeNames } from '../type-names.ts';

/** https://docs.aws.amazon.com/redshift/latest/dg/c_Supported_data_types.html */
export const redshiftTypeNames: TypeNames = {
  postgresql: true,
  expand: createFloatExpander('real', 'double precision'),
  synonyms: createSynonymMap({
    smallint: 'int2',
    integer: 'int|int4',
    bigint: 'int8',
    real: 'float4',
    'double precision': 'float8|float',
    numeric: 'decimal|dec',
    boolean: 'bool',
    character: 'char|nchar|bpchar',
    'character varying': 'varchar|nvarchar|text',
    'time without time zone': 'time',
    'time with time zone': 'timetz',
    'timestamp without time zone': 'timestamp',
    'timestamp with time zone': 'timestamptz',
    varbyte: 'varbinary|binary varying',
    date: 'date',
    super: 'super',
  }),
};
