import { gzipSync } from 'node:zlib';
import type { Format } from '../bomb.ts';
import { writeToResponseRepeatedly } from '../bucket.ts';
import { registryBomb, schemaBomb } from '../cluster.ts';

const MB = 2 ** 20;

/** Topics are listed without the columns of their schemas. */
const unavailable = { missing: ['schemas-unavailable'], tables: { healthy: 2 } };

export const format: Format = {
  mostMb: 400,
  bombs: {
    'lists in lists': registryBomb('depth', (response) => response.end('['.repeat(15 * MB)), unavailable),
    'a list of millions of lists': registryBomb(
      'work',
      (response) => response.end(`[${'[],'.repeat(5 * MB)}[]]`),
      unavailable,
    ),
    'a list without an end': registryBomb(
      'claim',
      (response) => {
        response.write('[');
        writeToResponseRepeatedly(response, `"${'x'.repeat(2 ** 16)}",`);
      },
      unavailable,
    ),
    'a schema without an end': schemaBomb(
      'claim',
      () => (response) => {
        response.write('{"schema":"');
        writeToResponseRepeatedly(response, 'x'.repeat(2 ** 16));
      },
      { missing: ['schemas-too-large'], columns: 2 },
    ),
    'an answer in pieces of a byte': registryBomb(
      'work',
      (response) => {
        response.socket?.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n');
        response.socket?.end(`${'1\r\n \r\n'.repeat(3 * MB)}0\r\n\r\n`);
      },
      unavailable,
    ),
    'an answer that says that it is packed': registryBomb(
      'work',
      (response) => {
        response.writeHead(200, { 'content-encoding': 'gzip' });
        response.end(gzipSync(`[${' '.repeat(200 * MB)}]`));
      },
      unavailable,
    ),
  },
};
