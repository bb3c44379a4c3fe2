import { createColumnKinds } from '../sql/common-kinds.ts';
import { createQuoter } from '../sql/create-quoter.ts';
import { parseSynonyms, type TypeNames } from '../type-names.ts';

/** The reserved words are those keywords of version 26.9 that it refuses as names, each of which was tried, and the usual ones. */
export const clickhouseQuoter = createQuoter({
  mark: '`',
  escape: 'backslash',
  bare: /^[A-Za-z_][A-Za-z0-9_]*$/,
  reserved:
    'all constraint distinct false from index inf join nan not null projection select table top true where',
});

/** https://clickhouse.com/docs/sql-reference/data-types */
export const toClickhouseColumnKind = createColumnKinds(
  {
    string: 'fixedstring ipv',
    integer: 'uint',
    float: 'bfloat',
    json: 'tuple nested dynamic variant',
    geo: 'ring',
  },
  /^((lowcardinality|nullable)\()+/,
);

/** The aliases of `system.data_type_families`. */
export const clickhouseTypeNames: TypeNames = {
  synonyms:
    parseSynonyms(`bool|boolean, datetime|timestamp, decimal|dec|numeric|fixed, float32|float|real|single, float64|double|double precision,
    int8|tinyint|int1|byte, int16|smallint, int32|int|integer|mediumint, int64|bigint|signed, fixedstring|binary, ipv4|inet4, ipv6|inet6,
    string|char|varchar|text|tinytext|mediumtext|longtext|clob|blob|tinyblob|mediumblob|longblob|varbinary|bytea`),
};
