import type { Column } from '../catalog.ts';
import { kindTable } from '../kind-table.ts';

/** What the catalog calls a type; a NUMBER without a fraction is an integer. https://docs.oracle.com/en/database/oracle/oracle-database/19/sqlrf/Data-Types.html */
export const kindOf = (type: string, scale: number | null): Column['kind'] =>
  type === 'NUMBER'
    ? scale !== null && scale <= 0
      ? 'integer'
      : 'decimal'
    : (kinds.get(type.replaceAll(/\(\d+\)/g, '')) ?? 'other');

interface Sizes {
  readonly bytes: number | null;
  readonly chars: number | null;
  /** `C` where a length is meant in characters. */
  readonly unit: string;
  readonly precision: number | null;
  readonly scale: number | null;
}

/** A type as a table's definition spells it; times and intervals come with their precision already. */
export const spelled = (type: string, { bytes, chars, unit, precision, scale }: Sizes): string => {
  if (type === 'VARCHAR2' || type === 'CHAR')
    return `${type}(${chars ?? bytes ?? 0}${unit === 'C' ? ' CHAR' : ''})`;
  if (type === 'NVARCHAR2' || type === 'NCHAR') return `${type}(${chars ?? 0})`;
  if (type === 'RAW') return `${type}(${bytes ?? 0})`;
  if (type === 'FLOAT' && precision !== null) return `${type}(${precision})`;
  if (type !== 'NUMBER') return type;
  if (precision === null) return scale === 0 ? 'INTEGER' : 'NUMBER';
  return `NUMBER(${precision},${scale ?? 0})`;
};

/** A DATE has hours and seconds. */
const kinds = kindTable(
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
