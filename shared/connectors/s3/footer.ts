import { createBudget, spend, type Allowance, type Budget } from '../../network/budget.ts';

/** Consecutive structs in Thrift's compact protocol. They are complete, and each is small enough to decode. */
export interface Structures {
  readonly count: number;
  readonly bytes: Buffer;
}

/** The parts of a Parquet footer that are needed. */
export interface Footer {
  readonly schema: Structures;
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
export const readFooter = (footer: Buffer, budget = footerBudget()): Footer => {
  const end = footer.length - 8;
  const reader = createReader(footer.subarray(end - footer.readUInt32LE(end), end), budget);
  let schema: Structures | undefined;
  let rows: number | undefined;
  let inGroups: number | undefined;
  let geo: string | undefined;
  try {
    reader.struct((id, type) => {
      if (id === schemaField && type === LIST) schema = reader.schema();
      else if (id === rowsField && (type === I32 || type === I64)) rows = reader.integer();
      else if (id === groupsField && type === LIST) inGroups = reader.rowsInGroups();
      else if (id === pairsField && type === LIST) geo = reader.findPair('geo')?.toString();
      else reader.skip(type);
      return true;
    });
  } catch (error) {
    if (!schema) throw error;
  }
  if (!schema) throw damaged();
  return { schema, rows: [rows, inGroups].find(isCount) ?? null, geo };
};

const isCount = (value: number | undefined): boolean => Number.isSafeInteger(value) && Number(value) >= 0;

/** Fields of FileMetaData: https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift */
const [schemaField, rowsField, groupsField, pairsField] = [2, 3, 4, 5];
/** Fields of RowGroup and of KeyValue. */
const [rowsOfGroup, keyOfPair, valueOfPair] = [3, 1, 2];

export const footerBudget = (): Budget => createBudget({ steps: 16 * 2 ** 20, depth: 16 });
/** Enough for 10 000 nested columns, with ten values for each element. */
const mostElements = 100_000;
const mostValues = 1_000_000;
/** An element has about twenty. */
const mostValuesOfAnElement = 1000;
/** Field IDs have 16 bits: https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md#struct-encoding */
const largestField = 2 ** 15 - 1;

const [STOP, TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, SET, STRUCT] = [
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12,
] as const;

const createReader = (bytes: Buffer, budget: Budget) => {
  let at = 0;
  const elements: Allowance = { left: mostElements };
  /** Limits for the values that the library will decode: in all elements, and in one. */
  let values: readonly Allowance[] = [];

  const take = (length: number) => {
    budget.step(1);
    if (length > bytes.length - at) throw damaged();
    at += length;
  };
  const byte = (): number => {
    take(1);
    return bytes.readUInt8(at - 1);
  };
  const varint = (): number => {
    let value = 0;
    for (let factor = 1, read = 0; read < 10; factor *= 128, read += 1) {
      const next = byte();
      value += (next & 127) * factor;
      if (next < 128) return value;
    }
    throw damaged();
  };
  const listHead = () => {
    const head = byte();
    const short = head >> 4;
    const size = short === 15 ? varint() : short;
    // Each item takes at least one byte.
    if (size > bytes.length - at) throw damaged();
    return { size, type: head & 15 };
  };
  const list = () => {
    const { size, type } = listHead();
    for (let left = size; left > 0; left -= 1) {
      if (type === TRUE || type === FALSE) take(1);
      else skip(type);
    }
  };
  const struct = (field: (id: number, type: number) => boolean): void => {
    for (let id = 0; ;) {
      const head = byte();
      const type = head & 15;
      if (type === STOP) return;
      const step = head >> 4;
      id = step === 0 ? unzigzag(varint()) : id + step;
      if (id < 0 || id > largestField) throw damaged();
      if (!field(id, type)) return;
    }
  };
  const integer = (): number => unzigzag(varint());
  /** Calls `read` for each struct of a list, and skips items of other types. */
  const eachStruct = (read: () => void) => {
    const { size, type } = listHead();
    for (let left = size; left > 0; left -= 1) {
      if (type === STRUCT) budget.descend(read);
      else if (type === TRUE || type === FALSE) take(1);
      else skip(type);
    }
  };
  /** Calls `read` for each field of a struct, and skips those for which it returns false. */
  const fields = (read: (id: number, type: number) => boolean) =>
    struct((id, type) => {
      if (!read(id, type)) skip(type);
      return true;
    });
  const skip = (type: number): void => {
    for (const allowance of values) spend(allowance);
    switch (type) {
      case TRUE:
      case FALSE:
        return;
      case BYTE:
        return take(1);
      case I16:
      case I32:
      case I64:
        return void varint();
      case DOUBLE:
        return take(8);
      case BINARY:
        return take(varint());
      case LIST:
      case SET:
        return budget.descend(list);
      case STRUCT:
        return budget.descend(() =>
          struct((_, inner) => {
            skip(inner);
            return true;
          }),
        );
      default:
        throw damaged();
    }
  };
  return {
    struct,
    skip,
    integer,
    /** Returns `undefined` if a group has no valid count. */
    rowsInGroups: (): number | undefined => {
      let sum: number | undefined = 0;
      eachStruct(() => {
        let rows: number | undefined;
        fields((id, type) => {
          if (id !== rowsOfGroup || type !== I64) return false;
          rows = integer();
          return true;
        });
        sum = sum === undefined || !isCount(rows) ? undefined : sum + (rows ?? 0);
      });
      return sum;
    },
    /** Finds the value of a key in a list of pairs. */
    findPair: (wanted: string): Buffer | undefined => {
      let found: Buffer | undefined;
      eachStruct(() => {
        let key: Buffer | undefined;
        let value: Buffer | undefined;
        fields((id, type) => {
          if (type !== BINARY || (id !== keyOfPair && id !== valueOfPair)) return false;
          const length = varint();
          take(length);
          const text = bytes.subarray(at - length, at);
          if (id === keyOfPair) key = text;
          else value = text;
          return true;
        });
        if (key?.toString() === wanted) found ??= value;
      });
      return found;
    },
    schema: (): Structures => {
      const all: Allowance = { left: mostValues };
      const { size, type } = listHead();
      if (type !== STRUCT) throw damaged();
      spend(elements, size);
      const from = at;
      for (let left = size; left > 0; left -= 1) {
        values = [all, { left: mostValuesOfAnElement }];
        skip(STRUCT);
      }
      values = [];
      return { count: size, bytes: bytes.subarray(from, at) };
    },
  };
};

const unzigzag = (value: number): number => (value % 2 === 0 ? value / 2 : -(value + 1) / 2);

const damaged = () => new Error('expected a footer of Parquet');
