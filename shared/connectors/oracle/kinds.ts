import type { Column } from '../catalog.ts';
import { createKindTable } from '../kind-table.ts';

/** A NUMBER without a fraction is an integer. https://docs.oracle.com/en/database/oracle/oracle-database/19/sqlrf/Data-Types.html */
export const toOracleColumnKind = (type: string, scale: number | null): Column['kind'] => {
  if (type === 'NUMBER') return scale !== null && scale <= 0 ? 'integer' : 'decimal';
  return oracleColumnKinds.get(type.replaceAll(/\(\d+\)/g, '')) ?? 'other';
};

interface OracleTypeSizes {
  readonly bytes: number | null;
  readonly chars: number | null;
  /** `C` if the length is in characters. */
  readonly unit: string;
  readonly precision: number | null;
  readonly scale: number | null;
}

/** The type as DDL spells it. The dictionary already includes the precision of times and intervals. */
export const renderOracleType = (
  type: string,
  { bytes, chars, unit, precision, scale }: OracleTypeSizes,
): string => {
  if (type === 'VARCHAR2' || type === 'CHAR')
    return `${type}(${chars ?? bytes ?? 0}${unit === 'C' ? ' CHAR' : ''})`;
  if (type === 'NVARCHAR2' || type === 'NCHAR') return `${type}(${chars ?? 0})`;
  if (type === 'RAW') return `${type}(${bytes ?? 0})`;
  if (type === 'FLOAT' && precision !== null) return `${type}(${precision})`;
  if (type !== 'NUMBER') return type;
  if (precision === null) return scale === 0 ? 'INTEGER' : 'NUMBER';
  return `NUMBER(${precision},${scale ?? 0})`;
};

/** A DATE includes the time, to the second. */
const oracleColumnKinds = createKindTable(
  {
    string: 'VARCHAR2,CHAR,NVARCHAR2,NCHAR,CLOB,NCLOB,LONG,ROWID,UROWID,XMLTYPE',
    float: 'FLOAT,BINARY_FLOAT,BINARY_DOUBLE',
    timestamp: 'DATE,TIMESTAMP,TIMESTAMP WITH TIME ZONE,TIMESTAMP WITH LOCAL TIME ZONE',
    binary: 'RAW,LONG RAW,BLOB,BFILE',
    json: 'JSON',
    boolean: 'BOOLEAN',
    array: 'VECTOR',
    geo: 'SDO_GEOMETRY',
  },
  ',',
);
