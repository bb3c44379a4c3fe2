import type { Format } from '../bomb.ts';
import { objectBomb, reasons } from '../bucket.ts';

/** A block that claims four gigabytes and repeats one byte: https://github.com/google/snappy/blob/main/format_description.txt */
const block = (copies: number): Buffer =>
  Buffer.concat([
    Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f, 0, 0x61]),
    Buffer.alloc(3 * copies, Buffer.from([0xfe, 1, 0])),
  ]);

/** No connector decompresses Snappy, and the catalog reports such objects as missing. Parquet files can use Snappy, but only their footer is read, which is never compressed. */
export const format: Format = {
  mostMb: 350,
  bombs: {
    'a text that claims four gigabytes': objectBomb('claim', 'a.csv.snappy', () => block(1), {
      missing: [reasons.unknownFormat],
      columns: 0,
    }),
    'a million of copies of a byte': objectBomb('work', 'a.json.snappy', () => block(300_000), {
      missing: [reasons.unknownFormat],
      columns: 0,
    }),
    'a block in place of a text': objectBomb('work', 'a.csv', () => block(20_000), {
      missing: [reasons.unreadable],
      columns: 0,
    }),
    'a block in a block in place of a Parquet': objectBomb(
      'depth',
      'a.parquet',
      () =>
        Buffer.concat([Buffer.from('PAR1'), block(300_000), Buffer.from([0, 0, 4, 0]), Buffer.from('PAR1')]),
      { missing: [reasons.unreadable], columns: 0 },
    ),
  },
};
