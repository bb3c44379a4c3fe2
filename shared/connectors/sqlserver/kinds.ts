import type { Column } from '../catalog.ts';
import { createKindTable } from '../kind-table.ts';

/** Expects the name of a system type. https://learn.microsoft.com/sql/t-sql/data-types/data-types-transact-sql */
export const toSqlserverColumnKind = (name: string): Column['kind'] =>
  sqlserverColumnKinds.get(name) ?? 'other';

/** The type as DDL spells it. `length` is in bytes, two per character of a national type; -1 means `max`. */
export const renderSqlserverType = (
  name: string,
  length: number,
  precision: number,
  scale: number,
): string => {
  if (sizedSqlserverTypes.has(name)) {
    const characters = nationalSqlserverTypes.has(name) ? length / 2 : length;
    return `${name}(${length === -1 ? 'max' : characters})`;
  }
  if (name === 'decimal' || name === 'numeric') return `${name}(${precision},${scale})`;
  if (name === 'datetime2' || name === 'datetimeoffset' || name === 'time') return `${name}(${scale})`;
  return name;
};

const sizedSqlserverTypes = new Set(['char', 'varchar', 'nchar', 'nvarchar', 'binary', 'varbinary']);
const nationalSqlserverTypes = new Set(['nchar', 'nvarchar']);

const sqlserverColumnKinds = createKindTable({
  string: 'char varchar nchar nvarchar text ntext xml sysname',
  integer: 'tinyint smallint int bigint',
  decimal: 'decimal numeric money smallmoney',
  float: 'float real',
  boolean: 'bit',
  date: 'date',
  time: 'time',
  timestamp: 'datetime datetime2 smalldatetime datetimeoffset',
  binary: 'binary varbinary image timestamp rowversion', // `timestamp` is a row version, not a time
  json: 'json',
  uuid: 'uniqueidentifier',
  array: 'vector',
  geo: 'geometry geography',
});
