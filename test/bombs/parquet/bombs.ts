import type { Format } from '../bomb.ts';
import { objectBomb, reasons } from '../bucket.ts';

const varint = (value: number): Buffer => {
  const bytes: number[] = [];
  let left = value;
  for (; left > 127; left = Math.floor(left / 128)) bytes.push((left % 128) | 128);
  return Buffer.from([...bytes, left]);
};
const file = (...metadata: readonly (Buffer | readonly number[] | string)[]): Buffer => {
  const body = Buffer.concat(metadata.map((part) => Buffer.from(part as Buffer)));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(body.length);
  return Buffer.concat([Buffer.from('PAR1'), body, length, Buffer.from('PAR1')]);
};
const [TRUE, I32, LIST, STRUCT] = [1, 5, 9, 12];
/** The head of a list that claims this number of items. */
const claims = (size: number, type: number) => Buffer.concat([Buffer.from([0xf0 | type]), varint(size)]);
/** FileMetaData up to its second field, the schema. */
const schemaOf = (size: number) => Buffer.concat([Buffer.from([0x15, 2, 0x19]), claims(size, STRUCT)]);
const rest = Buffer.from([0x16, 0, 0x19, STRUCT, 0]);
/** A SchemaElement: its name and the number of its children. */
const element = (name: string, children: number) =>
  Buffer.concat([
    Buffer.from([0x48, name.length]),
    Buffer.from(name),
    ...(children > 0 ? [Buffer.from([0x15]), varint(children * 2)] : []),
    Buffer.from([0]),
  ]);

const lists = (depth: number, size: number) =>
  Buffer.concat(Array.from({ length: depth }, () => claims(size, LIST)));

export const format: Format = {
  mostMb: 350,
  bombs: {
    '44 bytes of lists in lists that claim 33 million items each': objectBomb(
      'claim',
      'a.parquet',
      () => file([0x15, 2, 0x19], lists(4, 33_000_000), [0]),
      { missing: [reasons.unreadable], columns: 0 },
    ),
    '214 bytes of lists that claim two thousand million items each': objectBomb(
      'claim',
      'a.parquet',
      () => file([0x19], lists(33, 2_000_000_000), [0]),
      { missing: [reasons.unreadable], columns: 0 },
    ),
    'a schema that claims as many elements as it has bytes': objectBomb(
      'claim',
      'a.parquet',
      () => file(schemaOf(4_000_000), Buffer.alloc(4_000_000), rest),
      { missing: [reasons.tooLarge], columns: 0 },
    ),
    'a root that claims a thousand million children': objectBomb(
      'claim',
      'a.parquet',
      () => file(schemaOf(1), element('root', 1_000_000_000), rest),
      { missing: [reasons.unreadable], columns: 0 },
    ),
    'structures in structures': objectBomb(
      'depth',
      'a.parquet',
      () => file(Buffer.alloc(4_000_000, 0x1c), Buffer.alloc(4_000_000)),
      { missing: [reasons.tooLarge], columns: 0 },
    ),
    'lists in lists': objectBomb('depth', 'a.parquet', () => file([0x19], Buffer.alloc(4_000_000, 0x19)), {
      missing: [reasons.tooLarge],
      columns: 0,
    }),
    'a tree of elements, each within the last': objectBomb(
      'depth',
      'a.parquet',
      () => file(schemaOf(50_000), ...Array.from({ length: 50_000 }, () => element('x', 1)), rest),
      { missing: [reasons.tooLarge], columns: 0 },
    ),
    'a million of values in one element': objectBomb(
      'work',
      'a.parquet',
      () => file(schemaOf(1), [0x19], claims(3_000_000, STRUCT), Buffer.alloc(3_000_000), [0], rest),
      { missing: [reasons.tooLarge], columns: 0 },
    ),
    'fields of a number each': objectBomb(
      'work',
      'a.parquet',
      () => file(schemaOf(1), Buffer.alloc(3_000_000, 0x10 | TRUE), [0], rest),
      { missing: [reasons.tooLarge], columns: 0 },
    ),
    'elements that all have other fields': objectBomb(
      'work',
      'a.parquet',
      () => {
        const fields = (at: number) =>
          Buffer.concat([Buffer.from([TRUE]), varint(2 * (32 + at)), Buffer.alloc(9, 0x10 | TRUE)]);
        const elements = Array.from({ length: 30_000 }, (_, at) =>
          Buffer.concat([Buffer.from([0x48, 1, 0x61]), fields(at), Buffer.from([0])]),
        );
        return file(schemaOf(elements.length + 1), element('root', elements.length), ...elements, rest);
      },
      { missing: [], columns: 30_000 },
    ),
    'row groups that nobody needs': objectBomb(
      'work',
      'a.parquet',
      () =>
        file(
          schemaOf(2),
          element('root', 1),
          element('id', 0),
          [0x16, 2, 0x19],
          claims(7_000_000, I32),
          Buffer.alloc(7_000_000),
          [0],
        ),
      { missing: [], columns: 1 },
    ),
    'a hundred thousand columns': objectBomb(
      'work',
      'a.parquet',
      () =>
        file(
          schemaOf(90_001),
          element('root', 90_000),
          ...Array.from({ length: 90_000 }, (_, at) => element(`c${at}`, 0)),
          rest,
        ),
      { missing: [reasons.cut] },
    ),
    'a structure whose type is spelled in megabytes': objectBomb(
      'work',
      'a.parquet',
      () => {
        const name = 'n'.repeat(100);
        const level = (depth: number): Buffer[] =>
          depth === 0
            ? [element(name, 0)]
            : [
                element(name, 801),
                ...Array.from({ length: 800 }, () => element(name, 0)),
                ...level(depth - 1),
              ];
        const elements = level(80);
        return file(schemaOf(elements.length + 1), element('root', 1), ...elements, rest);
      },
      { missing: [], columns: 1 },
    ),
  },
};
