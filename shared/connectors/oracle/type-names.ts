import { type ExpandedType, createSynonymMap, type TypeNames } from '../type-names.ts';

/** The ANSI types stand for NUMBER or FLOAT with a fixed precision. */
const oracleTypeExpansions: ReadonlyMap<string, ExpandedType> = new Map([
  ...['integer', 'int', 'smallint'].map((name) => [name, { name: 'number', modifiers: '38' }] as const),
  ['double precision', { name: 'float', modifiers: '126' }],
  ['real', { name: 'float', modifiers: '63' }],
]);

/** https://docs.oracle.com/en/database/oracle/oracle-database/19/sqlrf/Data-Types.html */
export const oracleTypeNames: TypeNames = {
  expand: (name) => oracleTypeExpansions.get(name),
  synonyms: createSynonymMap({
    number: 'numeric|decimal|dec',
    varchar2: 'varchar|character varying|char varying',
    char: 'character',
    nchar: 'national character|national char',
    nvarchar2: 'national character varying|national char varying|nchar varying',
    float: 'float',
    timestamp: 'timestamp',
    date: 'date',
  }),
};
