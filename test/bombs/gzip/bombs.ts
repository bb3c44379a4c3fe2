import { gzipSync } from 'node:zlib';
import type { Format } from '../bomb.ts';
import { answerBomb, listing, objectBomb, reasons } from '../bucket.ts';

const MB = 2 ** 20;
const packed = (text: string | Buffer) => gzipSync(text, { level: 9 });

export const format: Format = {
  mostMb: 400,
  bombs: {
    'a kilobyte of a line of commas, then short lines': objectBomb(
      'work',
      'a.csv.gz',
      () => packed(`${','.repeat(2 ** 19)}\n${'a\n'.repeat(2 ** 19)}`),
      { missing: [reasons.cut] },
    ),
    'a fifth of a gigabyte of one letter': objectBomb(
      'work',
      'a.csv.gz',
      () => packed(Buffer.alloc(200 * MB, 'a')),
      { missing: [reasons.unreadable], columns: 0 },
    ),
    'a fifth of a gigabyte of short lines is read at its beginning': objectBomb(
      'work',
      'a.csv.gz',
      () => packed(`a,b\n${'1,2\n'.repeat(50 * MB)}`),
      { missing: [], columns: 2 },
    ),
    'a million of empty documents': objectBomb('work', 'a.jsonl.gz', () => packed('{}\n'.repeat(20 * MB)), {
      missing: [],
      columns: 0,
    }),
    'lists in lists': objectBomb('depth', 'a.json.gz', () => packed('['.repeat(100 * MB)), {
      missing: [reasons.tooLarge],
      columns: 0,
    }),
    'a gzip in a gzip in a gzip': objectBomb(
      'depth',
      'a.csv.gz',
      () => packed(packed(packed(Buffer.alloc(100 * MB)))),
      { missing: [reasons.unreadable], columns: 0 },
    ),
    'many small parts, each a gzip of its own': objectBomb(
      'claim',
      'a.csv.gz',
      () => Buffer.concat([packed('a,b\n'), ...Array.from({ length: 5000 }, () => packed(''))]),
      { missing: [], columns: 2 },
    ),
    'an answer that says that it is packed': answerBomb(
      'claim',
      (_, response) => {
        response.writeHead(200, { 'content-encoding': 'gzip' });
        response.end(packed(listing([]) + ' '.repeat(200 * MB)));
      },
      { code: 'protocol-mismatch' },
    ),
  },
};
