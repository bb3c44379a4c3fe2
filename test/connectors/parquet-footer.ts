/** Values in Thrift's compact protocol: https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md */
export interface Encoded {
  readonly type: number;
  readonly bytes: Buffer;
}

const varint = (value: bigint): Buffer => {
  const bytes: number[] = [];
  let left = value;
  for (; left > 127n; left >>= 7n) bytes.push(Number(left & 127n) | 128);
  return Buffer.from([...bytes, Number(left)]);
};
const zigzag = (value: bigint) => varint(value < 0n ? -value * 2n - 1n : value * 2n);

export const i32 = (value: number): Encoded => ({ type: 5, bytes: zigzag(BigInt(value)) });
export const i64 = (value: number | bigint): Encoded => ({ type: 6, bytes: zigzag(BigInt(value)) });
export const byte = (value: number): Encoded => ({ type: 3, bytes: Buffer.from([value]) });
export const bool = (value: boolean): Encoded => ({ type: value ? 1 : 2, bytes: Buffer.alloc(0) });
export const text = (value: string | Buffer): Encoded => {
  const bytes = Buffer.from(value);
  return { type: 8, bytes: Buffer.concat([varint(BigInt(bytes.length)), bytes]) };
};
export const struct = (fields: Readonly<Record<number, Encoded | undefined>>): Encoded => {
  let last = 0;
  const parts = Object.entries(fields).flatMap(([id, value]) => {
    if (!value) return [];
    const step = Number(id) - last;
    last = Number(id);
    const head =
      step < 16 ? [Buffer.from([(step << 4) | value.type])] : [Buffer.from([value.type]), zigzag(BigInt(id))];
    return [...head, value.bytes];
  });
  return { type: 12, bytes: Buffer.concat([...parts, Buffer.from([0])]) };
};
export const list = (items: readonly Encoded[], type = 12): Encoded => ({
  type: 9,
  bytes: Buffer.concat([
    Buffer.from([0xf0 | type]),
    varint(BigInt(items.length)),
    ...items.map(({ bytes }) => bytes),
  ]),
});

/** A SchemaElement: https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift */
export interface SchemaElement {
  readonly name: string;
  readonly type?: number;
  readonly length?: number;
  readonly repetition?: number;
  readonly children?: number;
  readonly converted?: number;
  readonly scale?: number;
  readonly precision?: number;
  readonly logical?: Encoded;
}

export const [BOOLEAN, INT32, INT64, INT96, FLOAT, DOUBLE, BYTE_ARRAY, FIXED] = [0, 1, 2, 3, 4, 5, 6, 7];
export const [REQUIRED, OPTIONAL, REPEATED] = [0, 1, 2];
export const [UTF8, MAP, MAP_KEY_VALUE, LIST, ENUM, DECIMAL] = [0, 1, 2, 3, 4, 5];

const number = (value: number | undefined) => (value === undefined ? undefined : i32(value));

const element = (given: SchemaElement): Encoded =>
  struct({
    1: number(given.type),
    2: number(given.length),
    3: number(given.repetition),
    4: text(given.name),
    5: number(given.children),
    6: number(given.converted),
    7: number(given.scale),
    8: number(given.precision),
    10: given.logical,
  });

/** The LogicalType with this field number. */
export const logical = (field: number, fields: Readonly<Record<number, Encoded>> = {}): Encoded =>
  struct({ [field]: struct(fields) });

interface Metadata {
  readonly rows?: Encoded;
  /** Row groups. A group without a number has no row count. */
  readonly groups?: readonly (number | undefined)[];
  readonly pairs?: Readonly<Record<string, string>>;
}

/** A Parquet file that consists of its footer only. */
export const buildParquetFile = (
  columns: readonly SchemaElement[],
  { rows = i64(3), groups = [], pairs }: Metadata = {},
): Buffer => {
  const top = countTop(columns);
  return wrapParquetFooter(
    struct({
      1: i32(2),
      2: list([{ name: 'schema', children: top }, ...columns].map(element)),
      3: rows.bytes.length > 0 ? rows : undefined,
      4: list(
        groups.map((count) =>
          struct({ 1: list([]), 2: i64(1), 3: count === undefined ? undefined : i64(count) }),
        ),
      ),
      5: pairs && list(Object.entries(pairs).map(([key, value]) => struct({ 1: text(key), 2: text(value) }))),
    }).bytes,
  );
};

/** Replaces a number that is left out. */
export const omittedNumber: Encoded = { type: 6, bytes: Buffer.alloc(0) };

export const wrapParquetFooter = (metadata: Buffer): Buffer => {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(metadata.length);
  return Buffer.concat([Buffer.from('PAR1'), metadata, length, Buffer.from('PAR1')]);
};

const countTop = (columns: readonly SchemaElement[]): number => {
  let top = 0;
  let at = 0;
  const pass = () => {
    const children = columns[at]?.children ?? 0;
    at += 1;
    for (let left = children; left > 0; left -= 1) pass();
  };
  for (; at < columns.length; top += 1) pass();
  return top;
};
