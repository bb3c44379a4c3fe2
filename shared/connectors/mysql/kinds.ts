import type { Column } from '../catalog.ts';
import { createKindTable } from '../kind-table.ts';

type MysqlColumnKind = Column['kind'];

/**
 * A `tinyint(1)`, which is what BOOLEAN means in both servers, and a `bit(1)` are boolean. For all others the first word of `column_type`
 * decides; MariaDB's JSON is a `longtext`.
 */
export const toMysqlColumnKind = (type: string): MysqlColumnKind =>
  mysqlBooleanTypes.test(type)
    ? 'boolean'
    : (mysqlColumnKinds.get(/^\w+/.exec(type)?.[0].toLowerCase() ?? '') ?? 'other');

const mysqlBooleanTypes = /^(tinyint\(1\)|bit\(1\))$/;

/** https://dev.mysql.com/doc/refman/9.7/en/data-types.html, https://mariadb.com/kb/en/data-types/ */
const mysqlColumnKinds = createKindTable({
  string: 'char varchar tinytext text mediumtext longtext enum set inet4 inet6',
  integer: 'tinyint smallint mediumint int integer bigint year',
  decimal: 'decimal numeric',
  float: 'float double real',
  boolean: 'boolean bool',
  date: 'date',
  time: 'time',
  timestamp: 'datetime timestamp',
  binary: 'binary varbinary tinyblob blob mediumblob longblob bit',
  json: 'json',
  uuid: 'uuid',
  array: 'vector',
  geo: 'geometry point linestring polygon multipoint multilinestring multipolygon geometrycollection geomcollection',
});
