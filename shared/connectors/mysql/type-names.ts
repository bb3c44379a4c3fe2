import { readSynonyms, type TypeNames } from '../type-names.ts';

/** https://dev.mysql.com/doc/refman/9.7/en/other-vendor-data-types.html and numeric-type-syntax.html beside it */
export const typeNames: TypeNames = {
  unsized: new Set(['tinyint', 'smallint', 'mediumint', 'int', 'bigint']),
  synonyms: readSynonyms({
    tinyint: 'bool|boolean|int1',
    smallint: 'int2',
    mediumint: 'int3|middleint',
    int: 'integer|int4',
    bigint: 'int8',
    decimal: 'numeric|dec|fixed',
    float: 'float4',
    double: 'double precision|float8|real',
    char: 'character',
    varchar: 'character varying',
    mediumtext: 'long|long varchar',
    mediumblob: 'long varbinary',
  }),
};
