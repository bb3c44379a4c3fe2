import type { SchemaElement } from 'hyparquet';
import { isTooLarge } from '../../network/budget.ts';
import type { Column } from '../catalog.ts';
import type { Runner } from './at-most.ts';
import type { Reading } from './columns.ts';
import { trimFooter } from './footer.ts';
import type { RangedRead } from './ranges.ts';

/** Reads the footer alone: its last eight bytes say how long it is. https://parquet.apache.org/docs/file-format/ */
export const readParquet = async (
  size: number,
  read: RangedRead,
  alone: Runner,
): Promise<Reading | 'unreadable'> => {
  if (size < 12) return 'unreadable';
  const end = await read(Math.max(0, size - firstGuess), size);
  const tail = end.subarray(-8);
  // A footer that is encrypted ends otherwise.
  if (tail.length < 8 || tail.toString('latin1', 4) !== 'PAR1') return 'unreadable';
  const length = tail.readUInt32LE(0) + 8;
  if (length > Math.min(size, mostOfAFooter)) return 'unreadable';
  if (length <= end.length) return parsed(end.subarray(-length));
  return alone(async () => parsed(Buffer.concat([await read(size - length, size - end.length), end])));
};

const parsed = async (footer: Buffer): Promise<Reading | 'unreadable'> => {
  const { parquetMetadata } = await import('hyparquet');
  try {
    const { schema, num_rows } = parquetMetadata(trimFooter(footer), { geoparquet: false });
    return { columns: columnsOf(schema), rows: Number(num_rows) };
  } catch (error) {
    if (isTooLarge(error)) throw error;
    return 'unreadable';
  }
};

/** Most footers fit, and a small file is read at once. */
const firstGuess = 2 ** 16;
const mostOfAFooter = 8 * 2 ** 20;

interface Node {
  readonly element: SchemaElement;
  readonly children: readonly Node[];
}

/** The elements stand in the order of a walk through the tree, each with the number of its children; the root is no column. */
export const columnsOf = (schema: readonly SchemaElement[]): Column[] => {
  let at = 0;
  const next = (depth: number): Node => {
    const element = schema[at];
    at += 1;
    // A damaged footer may leave out what its format requires.
    if (!element || depth > deepest || (depth > 0 && typeof element.name !== 'string'))
      throw new Error('expected a tree of elements');
    const children: Node[] = [];
    for (let left = element.num_children ?? 0; left > 0; left -= 1) children.push(next(depth + 1));
    return { element, children };
  };
  return next(0).children.map((node, index) => ({
    name: node.element.name,
    type: typeOf(node).slice(0, longestType),
    kind: kindOf(node),
    nullable: node.element.repetition_type === 'OPTIONAL',
    default: null,
    generated: null,
    comment: null,
    position: index + 1,
  }));
};

const deepest = 100;
const longestType = 2000;

/** In Parquet's own words; what is nested as Hive and Spark spell it: `array<struct<city: STRING>>`. */
const typeOf = (node: Node): string => {
  const { element, children } = node;
  const item = itemOf(node);
  if (item) return `array<${item === node ? bare(node) : typeOf(item)}>`;
  const [entry] = children;
  if (isMap(element) && entry?.children.length === 2) return `map<${entry.children.map(typeOf).join(', ')}>`;
  return bare(node);
};

const bare = ({ element, children }: Node): string => {
  if (children.length > 0) return structOf(children);
  const { logical_type: logical, converted_type: converted, type, type_length: length } = element;
  if (logical && logical.type !== 'NULL') {
    switch (logical.type) {
      case 'DECIMAL':
        return `DECIMAL(${logical.precision},${logical.scale})`;
      case 'INTEGER':
        return `INTEGER(${logical.bitWidth},${logical.isSigned})`;
      case 'TIME':
      case 'TIMESTAMP':
        return `${logical.type}(${logical.unit},${logical.isAdjustedToUTC})`;
      default:
        return logical.type;
    }
  }
  if (converted === 'DECIMAL') return `DECIMAL(${element.precision ?? 0},${element.scale ?? 0})`;
  if (converted) return converted;
  return type === 'FIXED_LEN_BYTE_ARRAY' ? `${type}(${length ?? 0})` : (type ?? 'GROUP');
};

/** Its beginning, where it is longer than what is told. */
const structOf = (children: readonly Node[]): string => {
  let fields = '';
  for (const child of children) {
    if (fields.length > longestType) break;
    fields += `${fields && ', '}${child.element.name}: ${typeOf(child)}`.slice(0, longestType);
  }
  return `struct<${fields}>`;
};

const isMap = ({ logical_type, converted_type }: SchemaElement) =>
  logical_type?.type === 'MAP' || converted_type === 'MAP' || converted_type === 'MAP_KEY_VALUE';

/** What a list holds, in any of the forms that writers gave lists; the element itself where it is repeated and no more. https://github.com/apache/parquet-format/blob/master/LogicalTypes.md#lists */
const itemOf = (node: Node): Node | undefined => {
  const { element, children } = node;
  if (element.logical_type?.type === 'LIST' || element.converted_type === 'LIST') {
    const [repeated] = children;
    if (!repeated) return undefined;
    const [only, another] = repeated.children;
    return only && !another
      ? only
      : { element: { ...repeated.element, repetition_type: 'REQUIRED' }, children: repeated.children };
  }
  return element.repetition_type === 'REPEATED' ? node : undefined;
};

const kindOf = (node: Node): Column['kind'] => {
  const { element, children } = node;
  if (itemOf(node)) return 'array';
  if (children.length > 0) return 'json';
  const logical = element.logical_type?.type;
  const known = logical && logical !== 'NULL' ? logical : element.converted_type;
  return (known && kinds[known]) ?? (element.type && kinds[element.type]) ?? 'other';
};

const kinds: Readonly<Record<string, Column['kind']>> = {
  BOOLEAN: 'boolean',
  INT32: 'integer',
  INT64: 'integer',
  INT96: 'timestamp', // what Impala and Spark wrote before there was another
  FLOAT: 'float',
  DOUBLE: 'float',
  BYTE_ARRAY: 'binary',
  FIXED_LEN_BYTE_ARRAY: 'binary',
  STRING: 'string',
  UTF8: 'string',
  ENUM: 'string',
  DECIMAL: 'decimal',
  DATE: 'date',
  TIME: 'time',
  TIME_MILLIS: 'time',
  TIME_MICROS: 'time',
  TIMESTAMP: 'timestamp',
  TIMESTAMP_MILLIS: 'timestamp',
  TIMESTAMP_MICROS: 'timestamp',
  INTEGER: 'integer',
  UINT_8: 'integer',
  UINT_16: 'integer',
  UINT_32: 'integer',
  UINT_64: 'integer',
  INT_8: 'integer',
  INT_16: 'integer',
  INT_32: 'integer',
  INT_64: 'integer',
  JSON: 'json',
  BSON: 'json',
  VARIANT: 'json',
  UUID: 'uuid',
  FLOAT16: 'float',
  GEOMETRY: 'geo',
  GEOGRAPHY: 'geo',
};
