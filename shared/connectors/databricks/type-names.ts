import { createSynonymMap, type TypeNames } from '../type-names.ts';

/** https://docs.databricks.com/sql/language-manual/sql-ref-datatypes */
export const databricksTypeNames: TypeNames = {
  synonyms: createSynonymMap({
    int: 'integer',
    bigint: 'long',
    smallint: 'short',
    tinyint: 'byte',
    float: 'real',
    decimal: 'dec|numeric',
    timestamp: 'timestamp_ltz',
    string: 'string',
  }),
};
