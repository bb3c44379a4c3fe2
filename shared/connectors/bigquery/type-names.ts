import { createSynonymMap, type TypeNames } from '../type-names.ts';

/** https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types */
export const bigqueryTypeNames: TypeNames = {
  synonyms: createSynonymMap({
    int64: 'int|smallint|integer|bigint|tinyint|byteint',
    numeric: 'decimal',
    bignumeric: 'bigdecimal',
    float64: 'float',
    bool: 'boolean',
    struct: 'record',
    string: 'string',
  }),
};
