import { createBudget, spendAllowance, type ReadAllowance, type Budget } from '../../network/budget.ts';

/** Consecutive structs in Thrift's compact protocol. They are complete, and each is small enough to decode. */
export interface ThriftStructs {
  readonly count: number;
  readonly bytes: Buffer;
}

/** The parts of a Parquet footer that are needed. */
export interface ParquetFooter {
  readonly schema: ThriftStructs;
  /** The file's own count, or else the sum of its row groups; `null` if neither is a valid count. */
  readonly rows: number | null;
  /** GeoParquet metadata of the columns, as JSON. https://geoparquet.org/releases/v1.1.0/ */
  readonly geo: string | undefined;
}

/**
 * Decodes no row groups, which are most of a footer, and allocates nothing for a list before it has read the items. Damage after the schema
 * loses only what follows it. Throws `source-too-large`, or another error if the bytes are not a footer.
 * https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
 */
export const readParquetFooter = (footer: Buffer, budget = createFooterBudget()): ParquetFooter => {
  const end = footer.length - 8;
  const reader = createFooterReader(footer.subarray(end - footer.readUInt32LE(end), end), budget);
  let schema: ThriftStructs | undefined;
  let rows: number | undefined;
  let groupRows: number | undefined;
  let geo: string | undefined;
  try {
    reader.struct((id, type) => {
      if (id === SCHEMA_FIELD && type === LIST) schema = reader.schema();
      else if (id === ROWS_FIELD && (type === I32 || type === I64)) rows = reader.integer();
      else if (id === ROW_GROUPS_FIELD && type === LIST) groupRows = reader.rowsInGroups();
      else if (id === KEY_VALUES_FIELD && type === LIST) geo = reader.findPair('geo')?.toString();
      else reader.skip(type);
      return true;
    });
  } catch (error) {
    if (!schema) throw error;
  }
  if (!schema) throw createFooterError();
  return { schema, rows: [rows, groupRows].find(isRowCount) ?? null, geo };
};

const isRowCount = (value: number | undefined): boolean => Number.isSafeInteger(value) && Number(value) >= 0;

/** Fields of FileMetaData: https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift */
const [SCHEMA_FIELD, ROWS_FIELD, ROW_GROUPS_FIELD, KEY_VALUES_FIELD] = [2, 3, 4, 5];
/** Fields of RowGroup and of KeyValue. */
const [ROW_GROUP_ROWS_FIELD, PAIR_KEY_FIELD, PAIR_VALUE_FIELD] = [3, 1, 2];

export const createFooterBudget = (): Budget => createBudget({ steps: 16 * 2 ** 20, depth: 16 });
/** Enough for 10 000 nested columns, with ten values for each element. */
const MAX_PARQUET_ELEMENTS = 100_000;
const MAX_FOOTER_VALUES = 1_000_000;
/** An element has about twenty. */
const MAX_ELEMENT_VALUES = 1000;
/** Field IDs have 16 bits: https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md#struct-encoding */
const MAX_THRIFT_FIELD_ID = 2 ** 15 - 1;

const [STOP, TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, SET, STRUCT] = [
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12,
] as const;

const createFooterReader = (bytes: Buffer, budget: Budget) => {
  let at = 0;
  const elements: ReadAllowance = { left: MAX_PARQUET_ELEMENTS };
  /** Limits for the values that the library will decode: in all elements, and in one. */
  let values: readonly ReadAllowance[] = [];

  const advance = (length: number) => {
    budget.step(1);
    if (length > bytes.length - at) throw createFooterError();
    at += length;
  };
  const readByte = (): number => {
    advance(1);
    return bytes.readUInt8(at - 1);
  };
  const readVarint = (): number => {
    let value = 0;
    for (let factor = 1, read = 0; read < 10; factor *= 128, read += 1) {
      const next = readByte();
      value += (next & 127) * factor;
      if (next < 128) return value;
    }
    throw createFooterError();
  };
  const readListHead = () => {
    const head = readByte();
    const short = head >> 4;
    const size = short === 15 ? readVarint() : short;
    // Each item takes at least one byte.
    if (size > bytes.length - at) throw createFooterError();
    return { size, type: head & 15 };
  };
  const skipList = () => {
    const { size, type } = readListHead();
    for (let left = size; left > 0; left -= 1) {
      if (type === TRUE || type === FALSE) advance(1);
      else skip(type);
    }
  };
  const readStruct = (field: (id: number, type: number) => boolean): void => {
    for (let id = 0; ;) {
      const head = readByte();
      const type = head & 15;
      if (type === STOP) return;
      const step = head >> 4;
      id = step === 0 ? decodeZigzag(readVarint()) : id + step;
      if (id < 0 || id > MAX_THRIFT_FIELD_ID) throw createFooterError();
      if (!field(id, type)) return;
    }
  };
  const readInteger = (): number => decodeZigzag(readVarint());
  /** Calls `read` for each struct of a list, and skips items of other types. */
  const readStructs = (read: () => void) => {
    const { size, type } = readListHead();
    for (let left = size; left > 0; left -= 1) {
      if (type === STRUCT) budget.descend(read);
      else if (type === TRUE || type === FALSE) advance(1);
      else skip(type);
    }
  };
  /** Calls `read` for each field of a struct, and skips those for which it returns false. */
  const readFields = (read: (id: number, type: number) => boolean) =>
    readStruct((id, type) => {
      if (!read(id, type)) skip(type);
      return true;
    });
  const skip = (type: number): void => {
    for (const allowance of values) spendAllowance(allowance);
    switch (type) {
      case TRUE:
      case FALSE:
        return;
      case BYTE:
        return advance(1);
      case I16:
      case I32:
      case I64:
        return void readVarint();
      case DOUBLE:
        return advance(8);
      case BINARY:
        return advance(readVarint());
      case LIST:
      case SET:
        return budget.descend(skipList);
      case STRUCT:
        return budget.descend(() =>
          readStruct((_, inner) => {
            skip(inner);
            return true;
          }),
        );
      default:
        throw createFooterError();
    }
  };
  return {
    struct: readStruct,
    skip,
    integer: readInteger,
    /** Returns `undefined` if a group has no valid count. */
    rowsInGroups: (): number | undefined => {
      let sum: number | undefined = 0;
      readStructs(() => {
        let rows: number | undefined;
        readFields((id, type) => {
          if (id !== ROW_GROUP_ROWS_FIELD || type !== I64) return false;
          rows = readInteger();
          return true;
        });
        sum = sum === undefined || !isRowCount(rows) ? undefined : sum + (rows ?? 0);
      });
      return sum;
    },
    /** Finds the value of a key in a list of pairs. */
    findPair: (wanted: string): Buffer | undefined => {
      let found: Buffer | undefined;
      readStructs(() => {
        let key: Buffer | undefined;
        let value: Buffer | undefined;
        readFields((id, type) => {
          if (type !== BINARY || (id !== PAIR_KEY_FIELD && id !== PAIR_VALUE_FIELD)) return false;
          const length = readVarint();
          advance(length);
          const text = bytes.subarray(at - length, at);
          if (id === PAIR_KEY_FIELD) key = text;
          else value = text;
          return true;
        });
        if (key?.toString() === wanted) found ??= value;
      });
      return found;
    },
    schema: (): ThriftStructs => {
      const all: ReadAllowance = { left: MAX_FOOTER_VALUES };
      const { size, type } = readListHead();
      if (type !== STRUCT) throw createFooterError();
      spendAllowance(elements, size);
      const from = at;
      for (let left = size; left > 0; left -= 1) {
        values = [all, { left: MAX_ELEMENT_VALUES }];
        skip(STRUCT);
      }
      values = [];
      return { count: size, bytes: bytes.subarray(from, at) };
    },
  };
};

const decodeZigzag = (value: number): number => (value % 2 === 0 ? value / 2 : -(value + 1) / 2);

const createFooterError = () => new Error('expected a footer of Parquet');
