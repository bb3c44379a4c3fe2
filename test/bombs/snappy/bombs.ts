import type { Format } from '../bomb.ts';
import { objectBomb, reasons } from '../bucket.ts';

/** A block that claims to hold four gigabytes, and copies one byte again and again: https://github.com/google/snappy/blob/main/format_description.txt */
const block = (copies: number): Buffer =>
  Buffer.concat([
    Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f, 0, 0x61]),
    Buffer.alloc(3 * copies, Buffer.from([0xfe, 1, 0])),
  ]);

/** No connector unpacks it, which is told: of Parquet, which is packed by it, the footer alone is read, and that never is. */
export const snappy: Format = {
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
