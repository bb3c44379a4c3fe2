import { createBudget, spend, type Allowance, type Budget } from '../../network/budget.ts';

/** One behind the other in Thrift's compact protocol; what they hold is all there, and is little enough to make objects of one at a time. */
export interface Structures {
  readonly count: number;
  readonly bytes: Buffer;
}

/** What is needed of the end of a Parquet file. */
export interface Footer {
  readonly schema: Structures;
  /** As the file says, or else the sum of its row groups; `null` where neither is a number of rows. */
  readonly rows: number | null;
  /** What GeoParquet says of the columns, in JSON. https://geoparquet.org/releases/v1.1.0/ */
  readonly geo: string | undefined;
}

/**
 * Makes no object of row groups, which are most of a footer, and none of claimed lists before it has seen their items. Damage behind the
 * schema costs what stands there. Throws `source-too-large`, and any other error for what is no footer.
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
/** Of RowGroup, and of KeyValue. */
const [rowsOfGroup, keyOfPair, valueOfPair] = [3, 1, 2];

export const footerBudget = (): Budget => createBudget({ steps: 16 * 2 ** 20, depth: 16 });
/** Ten values each, of 10 000 columns that are nested. */
const mostElements = 100_000;
const mostValues = 1_000_000;
/** There are some twenty. */
const mostValuesOfAnElement = 1000;
/** Fields have numbers of 16 bits: https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md#struct-encoding */
const largestField = 2 ** 15 - 1;

const [STOP, TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, SET, STRUCT] = [
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12,
] as const;

const createReader = (bytes: Buffer, budget: Budget) => {
  let at = 0;
  const elements: Allowance = { left: mostElements };
  /** What the library is going to make objects of, in all elements and in one. */
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
    // Each item takes a byte at least.
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
  /** Does that for each structure of a list, and skips what else a list holds. */
  const eachStruct = (read: () => void) => {
    const { size, type } = listHead();
    for (let left = size; left > 0; left -= 1) {
      if (type === STRUCT) budget.descend(read);
      else if (type === TRUE || type === FALSE) take(1);
      else skip(type);
    }
  };
  /** Hands over each field of a structure; what is not read is skipped. */
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
    /** `undefined` where a group does not say how many it has. */
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
    /** The value of that key in a list of pairs. */
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
