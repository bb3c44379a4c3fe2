import type { ThriftStructs } from './parquet-footer.ts';

/**
 * An element of a Parquet schema: a field, or a group of the elements that follow it.
 * https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
 */
export interface ParquetElement {
  readonly name: string;
  /** Number of direct children. Each follows in turn, with its own children behind it. */
  readonly children: number;
  readonly repetition: 'REQUIRED' | 'OPTIONAL' | 'REPEATED' | undefined;
  /** The physical type; `undefined` for a group. */
  readonly physical: string | undefined;
  /** Length of a `FIXED_LEN_BYTE_ARRAY`, in bytes. */
  readonly length: number | undefined;
  readonly annotation: ParquetAnnotation | undefined;
  /** Whether it has a type or annotation that this reader does not know: from a later release of the format, or damaged. */
  readonly unknown: boolean;
}

/** The logical meaning of the stored values. */
export interface ParquetAnnotation {
  readonly name: string;
  readonly parameters: readonly (string | number | boolean)[];
}

/** Decodes the elements one by one. Their values may have any shape. */
export const readParquetElements = async ({ count, bytes }: ThriftStructs): Promise<ParquetElement[]> => {
  const [{ deserializeTCompactProtocol }, tables] = await Promise.all([
    import('hyparquet/src/thrift.js'),
    import('hyparquet/src/constants.js'),
  ]);
  const reader = { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), offset: 0 };
  return Array.from({ length: count }, () => toParquetElement(deserializeTCompactProtocol(reader), tables));
};

/** A struct as the library decodes it: values by field number. */
type ThriftStruct = Readonly<Record<`field_${number}`, unknown>>;

interface ParquetEnums {
  readonly ParquetTypes: readonly string[];
  readonly FieldRepetitionTypes: readonly ('REQUIRED' | 'OPTIONAL' | 'REPEATED')[];
  readonly ConvertedTypes: readonly string[];
}

const toParquetElement = (fields: ThriftStruct, enums: ParquetEnums): ParquetElement => {
  const {
    field_1: type,
    field_2: length,
    field_3: repetition,
    field_4: name,
    field_5: children,
    field_6: converted,
    field_10: logical,
  } = fields;
  // A damaged footer may lack required fields.
  if (!(name instanceof Uint8Array)) throw new Error('expected a name of each element');
  const physical = typeof type === 'number' ? (enums.ParquetTypes[type] ?? `TYPE(${type})`) : undefined;
  const logicalAnnotation = toLogicalAnnotation(logical);
  const convertedName = findByIndex(enums.ConvertedTypes, converted);
  return {
    name: elementNameDecoder.decode(name),
    children: typeof children === 'number' ? children : 0,
    repetition: findByIndex(enums.FieldRepetitionTypes, repetition),
    physical,
    length: typeof length === 'number' ? length : undefined,
    annotation:
      logicalAnnotation ??
      (convertedName === undefined ? undefined : toConvertedAnnotation(convertedName, fields)),
    unknown:
      (type !== undefined && findByIndex(enums.ParquetTypes, type) === undefined) ||
      (logical !== undefined && logicalAnnotation === undefined) ||
      (converted !== undefined && convertedName === undefined),
  };
};

const elementNameDecoder = new TextDecoder();

const findByIndex = <T>(table: readonly T[], at: unknown): T | undefined =>
  typeof at === 'number' ? table[at] : undefined;

const toConvertedAnnotation = (
  name: string,
  { field_7: scale, field_8: precision }: ThriftStruct,
): ParquetAnnotation => ({
  name,
  parameters: name === 'DECIMAL' ? [toNumberOrZero(precision), toNumberOrZero(scale)] : [],
});

/** Returns `undefined` for types that later releases of the format added, and for types without a required parameter. */
const toLogicalAnnotation = (union: unknown): ParquetAnnotation | undefined => {
  if (!isThriftStruct(union)) return undefined;
  const [[field, value] = ['', undefined]] = Object.entries(union);
  const name = Object.hasOwn(parquetLogicalTypes, field) ? parquetLogicalTypes[field] : undefined;
  if (name === undefined || !isThriftStruct(value)) return undefined;
  const { field_1: first, field_2: second } = value;
  switch (name) {
    case 'DECIMAL':
      return { name, parameters: [toNumberOrZero(second), toNumberOrZero(first)] };
    case 'TIME':
    case 'TIMESTAMP': {
      const unit = isThriftStruct(second) ? Object.keys(second)[0] : undefined;
      const word =
        unit !== undefined && Object.hasOwn(parquetTimeUnits, unit) ? parquetTimeUnits[unit] : undefined;
      return word === undefined ? undefined : { name, parameters: [word, first === true] };
    }
    case 'INTEGER':
      return { name, parameters: [toNumberOrZero(first), second === true] };
    default:
      return { name, parameters: [] };
  }
};

const isThriftStruct = (value: unknown): value is ThriftStruct =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);

const toNumberOrZero = (value: unknown): number => (typeof value === 'number' ? value : 0);

const parquetTimeUnits: Readonly<Record<string, string>> = {
  field_1: 'MILLIS',
  field_2: 'MICROS',
  field_3: 'NANOS',
};

/** LogicalType, a union: https://github.com/apache/parquet-format/blob/master/LogicalTypes.md */
const parquetLogicalTypes: Readonly<Record<string, string>> = {
  field_1: 'STRING',
  field_2: 'MAP',
  field_3: 'LIST',
  field_4: 'ENUM',
  field_5: 'DECIMAL',
  field_6: 'DATE',
  field_7: 'TIME',
  field_8: 'TIMESTAMP',
  field_10: 'INTEGER',
  field_11: 'UNKNOWN', // always null
  field_12: 'JSON',
  field_13: 'BSON',
  field_14: 'UUID',
  field_15: 'FLOAT16',
  field_16: 'VARIANT',
  field_17: 'GEOMETRY',
  field_18: 'GEOGRAPHY',
};
