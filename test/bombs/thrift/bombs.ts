import { createServer } from 'node:https';
import type { ServerResponse } from 'node:http';
import { listen, pem } from '../../network/servers.ts';
import type { Bomb, Format, Outcome } from '../bomb.ts';
import { writeToResponseRepeatedly } from '../bucket.ts';

const MB = 2 ** 20;
const int32 = (value: number) =>
  Buffer.from([value >>> 24, (value >> 16) & 255, (value >> 8) & 255, value & 255]);
/** An answer to the first request, up to its first field. */
const head = Buffer.concat([int32(0x80010002), int32(11), Buffer.from('OpenSession'), int32(0)]);
const [bool, text, structure, list] = [2, 11, 12, 15];
const field = (type: number, id = 99) => Buffer.from([type, 0, id]);
const claims = (type: number, items: number) => Buffer.concat([Buffer.from([type]), int32(items)]);

const bomb = (kind: Bomb['kind'], answer: (response: ServerResponse) => void, outcome: Outcome): Bomb => ({
  kind,
  serve: async () => {
    const server = await listen(
      createServer({ key: pem('server.key'), cert: pem('server.crt') }, (request, response) => {
        response.on('error', () => {});
        request.resume();
        request.on('end', () => answer(response));
      }),
    );
    return {
      asked: {
        connector: 'databricks',
        target: {
          config: { host: 'localhost', http_path: '/sql/1.0/warehouses/abc' },
          credentials: { auth_method: 'token', token: 'obviously-fake' },
          options: { ssl_mode: 'verify-full', query_timeout_seconds: 30 },
          role: 'source',
          endpoint: `https://localhost:${server.port}`,
        },
        tlsSettings: { mode: 'verify-full', ca: pem('ca.crt') },
        only: 'test',
      },
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  },
  outcome,
});
const whole = (make: () => Buffer) => (response: ServerResponse) =>
  void response.end(Buffer.concat([head, make()]));

export const format: Format = {
  mostMb: 500,
  bombs: {
    'structures in structures': bomb(
      'depth',
      whole(() => Buffer.alloc(3 * MB, field(structure))),
      {
        code: 'source-too-large',
      },
    ),
    'lists in lists': bomb(
      'depth',
      whole(() => Buffer.concat([field(list), Buffer.alloc(5 * MB, claims(list, 1))])),
      { code: 'source-too-large' },
    ),
    'a list that claims two thousand million items': bomb(
      'claim',
      whole(() => Buffer.concat([field(list), claims(bool, 2 ** 31 - 1), Buffer.alloc(MB)])),
      { code: 'source-too-large' },
    ),
    'a text that claims two gigabytes': bomb(
      'claim',
      whole(() => Buffer.concat([field(text), int32(2 ** 31 - 1)])),
      { code: 'protocol-mismatch' },
    ),
    'structures of nothing by the million': bomb(
      'work',
      whole(() => Buffer.concat([field(list), claims(structure, 20 * MB), Buffer.alloc(20 * MB)])),
      { code: 'source-too-large' },
    ),
    'an answer in pieces of a byte': bomb(
      'work',
      (response) => {
        response.socket?.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n');
        response.socket?.end(`${'1\r\nx\r\n'.repeat(3 * MB)}0\r\n\r\n`);
      },
      { code: 'protocol-mismatch' },
    ),
    'an answer without end': bomb(
      'work',
      (response) => writeToResponseRepeatedly(response, Buffer.alloc(2 ** 16)),
      {
        code: 'protocol-mismatch',
      },
    ),
  },
};
