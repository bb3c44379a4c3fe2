import { zstdCompressSync } from 'node:zlib';
import type { Format } from '../bomb.ts';
import { answerBomb, listing, objectBomb, reasons } from '../bucket.ts';

const MB = 2 ** 20;
/** A frame whose head claims the largest possible content size: https://www.rfc-editor.org/rfc/rfc8878#section-3.1.1 */
const claiming = Buffer.concat([
  Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0xe0]),
  Buffer.alloc(8, 0xff),
  Buffer.from([1, 0, 0]),
]);

/** Text objects in S3 are decompressed, as recognized by their first bytes. HTTP answers are never decompressed, whatever their headers claim. */
export const format: Format = {
  mostMb: 350,
  bombs: {
    'a text of a fifth of a gigabyte': objectBomb(
      'work',
      'a.csv.zst',
      () => zstdCompressSync(Buffer.alloc(200 * MB, 'a')),
      { missing: [reasons.unreadable], columns: 0 },
    ),
    'a text that is said to be no packed one': objectBomb(
      'work',
      'a.csv',
      () => zstdCompressSync(Buffer.alloc(200 * MB)),
      { missing: [reasons.unreadable], columns: 0 },
    ),
    'a frame that claims all the bytes that there are': objectBomb('claim', 'a.csv.zst', () => claiming, {
      missing: [reasons.tooLarge],
      columns: 0,
    }),
    'a frame in a frame': objectBomb(
      'depth',
      'a.json.zst',
      () => zstdCompressSync(zstdCompressSync(Buffer.alloc(200 * MB))),
      { missing: [reasons.unreadable], columns: 0 },
    ),
    'an answer that says that it is packed': answerBomb(
      'claim',
      (_, response) => {
        response.writeHead(200, { 'content-encoding': 'zstd' });
        response.end(zstdCompressSync(listing([]) + ' '.repeat(200 * MB)));
      },
      { code: 'protocol-mismatch' },
    ),
  },
};
