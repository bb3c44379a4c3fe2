import { createSynonymMap, type TypeNames } from '../type-names.ts';

/** https://docs.snowflake.com/en/sql-reference/intro-summary-data-types */
export const snowflakeTypeNames: TypeNames = {
  unsized: new Set(['time', 'timestamp_ntz', 'timestamp_ltz', 'timestamp_tz']),
  expand: (name, modifiers) => {
    if (/^(int|integer|bigint|smallint|tinyint|byteint)$/.test(name))
      return { name: 'number', modifiers: '38' };
    return /^(char|character|nchar)$/.test(name)
      ? { name: 'varchar', modifiers: modifiers ?? '1' }
      : undefined;
  },
  synonyms: createSynonymMap({
    number: 'decimal|dec|numeric',
    float: 'float4|float8|double|double precision|real',
    varchar: 'string|text|nvarchar|nvarchar2|char varying|nchar varying',
    binary: 'varbinary',
    boolean: 'boolean',
    timestamp_ntz: 'timestampntz|datetime|timestamp without time zone|timestamp',
    timestamp_ltz: 'timestampltz|timestamp with local time zone',
    timestamp_tz: 'timestamptz|timestamp with time zone',
    time: 'time',
    date: 'date',
  }),
};
