import { createBudget, spend, type Allowance, type Budget } from '../../network/budget.ts';

/**
 * A footer of Parquet with nothing but the schema and the number of rows. The library makes an object of every value, of claimed lists before
 * it has seen their items, and of row groups, which are most of a footer and are not needed. Throws `source-too-large`, and any other error
 * for what is none. https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
 */
export const trimFooter = (footer: Buffer, budget = footerBudget()): Buffer => {
  const end = footer.length - 8;
  const reader = createReader(footer.subarray(end - footer.readUInt32LE(end), end), budget);
  let schema: Buffer | undefined;
  let rows: Buffer | undefined;
  reader.struct((id, type) => {
    const from = reader.at();
    if (id === schemaField && type === LIST) reader.schema();
    else reader.skip(type);
    const value = reader.bytes(from);
    if (id === schemaField) schema = value;
    if (id === rowsField && (type === I32 || type === I64)) rows = value;
    return schema === undefined || rows === undefined;
  });
  if (!schema || !rows) throw new Error('expected a schema and a number of rows');
  const metadata = Buffer.concat([
    Buffer.from([(schemaField << 4) | LIST]),
    schema,
    Buffer.from([(1 << 4) | I64]),
    rows,
    Buffer.from([(1 << 4) | LIST, STRUCT, STOP]), // no row groups
  ]);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(metadata.length);
  return Buffer.concat([metadata, length, Buffer.from('PAR1')]);
};

/** Fields of FileMetaData: https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift */
const [schemaField, rowsField] = [2, 3];

export const footerBudget = (): Budget => createBudget({ steps: 16 * 2 ** 20, depth: 16 });
/** Ten values each, of 10 000 columns that are nested. */
const mostElements = 100_000;
const mostValues = 1_000_000;
/** There are some twenty; objects of other numbers would be dictionaries. */
const largestField = 1000;

const [STOP, TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, SET, STRUCT] = [
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12,
] as const;

const createReader = (bytes: Buffer, budget: Budget) => {
  let at = 0;
  const elements: Allowance = { left: mostElements };
  /** What the library is going to make objects of. */
  let values: Allowance | undefined;

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
  const skip = (type: number): void => {
    if (values) spend(values);
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
    at: () => at,
    bytes: (from: number) => bytes.subarray(from, at),
    struct,
    skip,
    schema: () => {
      values = { left: mostValues };
      const { size, type } = listHead();
      if (type !== STRUCT) throw damaged();
      spend(elements, size);
      for (let left = size; left > 0; left -= 1) skip(STRUCT);
      values = undefined;
    },
  };
};

const unzigzag = (value: number): number => (value % 2 === 0 ? value / 2 : -(value + 1) / 2);

const damaged = () => new Error('expected a footer of Parquet');
