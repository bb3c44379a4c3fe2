import { createFloatExpander, createSynonymMap, type TypeNames } from '../type-names.ts';

/** https://learn.microsoft.com/sql/t-sql/data-types/data-type-synonyms-transact-sql */
export const sqlserverTypeNames: TypeNames = {
  expand: createFloatExpander('real', 'float'),
  synonyms: createSynonymMap({
    int: 'integer',
    decimal: 'dec|numeric',
    float: 'double precision',
    real: 'real',
    char: 'character',
    varchar: 'char varying|character varying',
    nchar: 'national char|national character',
    nvarchar: 'national char varying|national character varying',
    ntext: 'national text',
    varbinary: 'binary varying',
    timestamp: 'rowversion',
  }),
};
