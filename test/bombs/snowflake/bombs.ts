import { createServer } from 'node:https';
import type { ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { listen, pem } from '../../network/servers.ts';
import type { Bomb, Format, Outcome } from '../bomb.ts';
import { writeToResponseRepeatedly } from '../bucket.ts';

const MB = 2 ** 20;
/** Accepts every login and gives the hostile answer to every other request. */
const bomb = (kind: Bomb['kind'], answer: (response: ServerResponse) => void, outcome: Outcome): Bomb => ({
  kind,
  serve: async () => {
    const server = await listen(
      createServer({ key: pem('server.key'), cert: pem('server.crt') }, (request, response) => {
        response.on('error', () => {});
        request.resume();
        request.on('end', () => {
          if (request.url?.startsWith('/session/v1/login'))
            response.end('{"success":true,"data":{"token":"a-token"}}');
          else answer(response);
        });
      }),
    );
    return {
      asked: {
        connector: 'snowflake',
        target: {
          config: { account: 'mooring', username: 'me', schema: 'PUBLIC' },
          credentials: { auth_method: 'password', password: 'obviously-fake' },
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
const whole = (make: () => string) => (response: ServerResponse) => void response.end(make());

export const format: Format = {
  // An answer may be as large as 100 MB.
  mostMb: 800,
  bombs: {
    'lists in lists': bomb(
      'depth',
      whole(() => '['.repeat(40 * MB)),
      { code: 'source-too-large' },
    ),
    'lists of nothing by the million': bomb(
      'work',
      whole(() => `{"success":true,"data":[${'[],'.repeat(15 * MB)}[]]}`),
      {
        code: 'source-too-large',
      },
    ),
    'packed, lists of nothing by the million': bomb(
      'work',
      (response) => {
        response.setHeader('content-encoding', 'gzip');
        response.end(gzipSync(`{"success":true,"data":[${'[],'.repeat(15 * MB)}[]]}`));
      },
      { code: 'source-too-large' },
    ),
    'packed, without end': bomb(
      'claim',
      (response) => {
        response.setHeader('content-encoding', 'gzip');
        response.end(gzipSync(Buffer.alloc(300 * MB)));
      },
      { code: 'protocol-mismatch' },
    ),
    'an answer without end': bomb(
      'claim',
      (response) => writeToResponseRepeatedly(response, 'x'.repeat(2 ** 16)),
      {
        code: 'protocol-mismatch',
      },
    ),
  },
};
