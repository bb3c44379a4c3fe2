import { createFloatExpander, createSynonymMap, type TypeNames } from '../type-names.ts';

/** https://dev.mysql.com/doc/refman/9.7/en/other-vendor-data-types.html, https://dev.mysql.com/doc/refman/9.7/en/numeric-type-syntax.html */
export const mysqlTypeNames: TypeNames = {
  expand: (name, modifiers) => {
    if (name === 'serial') return { name: 'bigint unsigned' };
    if (/^(char|character) byte$/.test(name)) return { name: 'binary', modifiers: modifiers ?? '1' };
    return createFloatExpander('float', 'double')(name, modifiers);
  },
  unsized: new Set(['tinyint', 'smallint', 'mediumint', 'int', 'bigint']),
  synonyms: createSynonymMap({
    tinyint: 'bool|boolean|int1',
    smallint: 'int2',
    mediumint: 'int3|middleint',
    int: 'integer|int4',
    bigint: 'int8',
    decimal: 'numeric|dec|fixed',
    float: 'float4',
    double: 'double precision|float8|real',
    char: 'character|nchar|national char|national character',
    varchar:
      'character varying|char varying|nvarchar|nchar varchar|nchar varying|national varchar|national char varying|national character varying',
    mediumtext: 'long|long varchar',
    mediumblob: 'long varbinary',
  }),
};
