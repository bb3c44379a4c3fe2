import type { Column } from '../catalog.ts';
import { createKindTable } from '../kind-table.ts';
import { createQuoter } from '../sql/create-quoter.ts';
import { createSynonymMap, type TypeNames } from '../type-names.ts';

/** The reserved words are those keywords of version 26.9 that it refuses as names of tables or columns, and the usual ones. */
export const clickhouseQuoter = createQuoter({
  mark: '`',
  escape: 'backslash',
  bare: /^[A-Za-z_][A-Za-z0-9_]*$/,
  reserved:
    'all constraint distinct false from index inf join nan not null projection select table top true where',
});

/** Decides by the letters of the type inside `Nullable` and `LowCardinality`: https://clickhouse.com/docs/sql-reference/data-types */
export const toClickhouseColumnKind = (type: string): Column['kind'] =>
  clickhouseKinds.get(/^(?:(?:LowCardinality|Nullable)\()*([A-Za-z]+)/.exec(type)?.[1] ?? '') ?? 'other';

const clickhouseKinds = createKindTable({
  string: 'String FixedString Enum IPv',
  integer: 'Int UInt',
  decimal: 'Decimal',
  float: 'Float BFloat',
  boolean: 'Bool',
  date: 'Date',
  time: 'Time',
  timestamp: 'DateTime',
  uuid: 'UUID',
  json: 'JSON Object Map Tuple Nested Dynamic Variant',
  array: 'Array',
  geo: 'Geometry Point Ring LineString MultiLineString Polygon MultiPolygon',
});

/** The aliases of `system.data_type_families`. */
export const clickhouseTypeNames: TypeNames = {
  synonyms: createSynonymMap({
    ...{ bool: 'boolean', datetime: 'timestamp', decimal: 'dec|numeric|fixed', fixedstring: 'binary' },
    ...{ float32: 'float|real|single', float64: 'double|double precision', ipv4: 'inet4', ipv6: 'inet6' },
    ...{
      int8: 'tinyint|int1|byte',
      int16: 'smallint',
      int32: 'int|integer|mediumint',
      int64: 'bigint|signed',
    },
    ...{ uint16: 'year', uint64: 'unsigned|bit|set' },
    string:
      'char|character|varchar|varchar2|nchar|nvarchar|text|tinytext|mediumtext|longtext|clob|blob|tinyblob|mediumblob|longblob|varbinary|bytea',
  }),
};
