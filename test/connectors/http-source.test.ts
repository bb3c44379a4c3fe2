import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  encodeHttpHeaders,
  type HttpSourceOptions,
  type HttpSourceRequest,
  openHttpSource,
} from '../../shared/connectors/http/http-source.ts';
import { createDialer } from '../../shared/network/create-dialer.ts';
import { createStepRecorder } from '../../shared/network/step-recorder.ts';
import { listen } from '../network/servers.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** Opens a source to an HTTP server that answers so, and counts its requests. */
const openTo = async (answer: Answer, options: Partial<HttpSourceOptions> = {}) => {
  const stack = new AsyncDisposableStack();
  let requests = 0;
  const server = stack.use(
    await listen(
      createServer((request, response) => {
        requests += 1;
        answer(request, response);
      }),
    ),
  );
  const recorder = stack.use(createStepRecorder({ limits: () => 60_000, budget: 60_000 }));
  const dialer = stack.use(
    createDialer({
      policy: { loopback: true },
      environment: 'default',
      tlsSettings: { mode: 'disable' },
      recorder,
    }),
  );
  const source = openHttpSource(dialer, {
    secure: false,
    login: { name: 'nothing', kind: 'none', manual: '' },
    toRefusal: ({ status, text }) => Object.assign(new Error('refused'), { status, text }),
    ...options,
  });
  stack.defer(() => source[Symbol.dispose]());
  const to = (more: Partial<HttpSourceRequest> = {}): HttpSourceRequest => ({
    host: '127.0.0.1',
    port: server.port,
    path: '/',
    ...more,
  });
  const readLines = async (more?: Partial<HttpSourceRequest>) => {
    const lines: string[] = [];
    await source.readLines(to(more), (line) => void lines.push(line));
    return lines;
  };
  return {
    source,
    to,
    readLines,
    countRequests: () => requests,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
};

const readBody = async (request: IncomingMessage) => Buffer.concat(await request.toArray());

describe('HTTP source', () => {
  test('sends a text with its length, and an object as JSON', async () => {
    await using way = await openTo((request, response) => {
      void readBody(request).then((body) =>
        response.end(
          JSON.stringify([
            request.method,
            request.headers['content-length'],
            request.headers['content-type'],
            String(body),
          ]),
        ),
      );
    });
    expect(JSON.parse(await way.source.readText(way.to({ body: 'é' })))).toEqual(['POST', '2', null, 'é']);
    expect(JSON.parse(await way.source.readText(way.to({ body: { a: 1 } })))).toEqual([
      'POST',
      '7',
      'application/json',
      '{"a":1}',
    ]);
    expect(JSON.parse(await way.source.readText(way.to()))).toEqual(['GET', null, null, '']);
  });

  test('sends headers as UTF-8, also beside a body with other characters', async () => {
    await using way = await openTo((request, response) =>
      response.end(Buffer.from(String(request.headers['x-key']), 'latin1').toString()),
    );
    const headers = encodeHttpHeaders({ 'x-key': 'pässword’s 表', 'x-absent': undefined });
    expect(Object.keys(headers)).toEqual(['x-key']);
    expect(await way.source.readText(way.to({ headers, body: 'ü表' }))).toBe('pässword’s 表');
  });

  test('splits lines wherever the chunks of the answer end', async () => {
    const line = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
      .map((text) => (text.isWellFormed() ? text.replaceAll(/[\n\r\ufeff]/g, 'x') : 'x'));
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { maxLength: 20 }),
        fc.integer({ min: 1, max: 9 }),
        async (lines, size) => {
          const bytes = Buffer.from(lines.join('\n'));
          await using way = await openTo((_, response) => {
            for (let at = 0; at < bytes.length; at += size) response.write(bytes.subarray(at, at + size));
            response.end();
          });
          expect(await way.readLines()).toEqual(lines);
        },
      ),
      { numRuns: 10 },
    );
  });

  test('repeats a request while the server is busy, and gives up after three', async () => {
    let left = 2;
    await using way = await openTo((_, response) => {
      left -= 1;
      response.writeHead(left < 0 ? 200 : 503).end('done');
    });
    expect(await way.source.readText(way.to())).toBe('done');
    expect(way.countRequests()).toBe(3);

    await using busy = await openTo((_, response) => void response.writeHead(429).end());
    await expect(busy.source.readText(busy.to())).rejects.toMatchObject({ status: 429 });
    expect(busy.countRequests()).toBe(3);
  });

  test('repeats no request that the server refuses for good, and none that demands a long pause', async () => {
    await using refused = await openTo((_, response) => void response.writeHead(403).end('reason'), {
      readsRefusals: true,
    });
    await expect(refused.source.readText(refused.to())).rejects.toMatchObject({
      status: 403,
      text: 'reason',
    });
    expect(refused.countRequests()).toBe(1);

    await using later = await openTo(
      (_, response) => void response.writeHead(503, { 'retry-after': '60' }).end(),
    );
    await expect(later.source.readText(later.to())).rejects.toMatchObject({ status: 503 });
    expect(later.countRequests()).toBe(1);
  });

  test('hands on the text of a refusal only if it was asked for', async () => {
    await using way = await openTo((_, response) => void response.writeHead(400).end('never-told'));
    await expect(way.source.readText(way.to())).rejects.toMatchObject({ status: 400, text: '' });
  });

  test.each([301, 302, 307, 308])('follows no redirect with status %d', async (status) => {
    await using way = await openTo(
      (_, response) => void response.writeHead(status, { location: '/other' }).end(),
    );
    await expect(way.source.readText(way.to())).rejects.toMatchObject({ status });
    expect(way.countRequests()).toBe(1);
  });

  test('sends a request again if the server closed the idle socket that it reused', async () => {
    const closed = Promise.withResolvers<void>();
    let isFirst = true;
    await using way = await openTo((request, response) => {
      response.end('answer');
      if (!isFirst) return;
      isFirst = false;
      // Resets the socket when the second request arrives on it, before that request is parsed.
      response.on('finish', () => {
        request.socket.removeAllListeners('data');
        request.socket.once('data', () => {
          request.socket.resetAndDestroy();
          closed.resolve();
        });
      });
    });
    expect(await way.source.readText(way.to())).toBe('answer');
    expect(await way.source.readText(way.to())).toBe('answer');
    await closed.promise;
    expect(way.countRequests()).toBe(2);
  });

  describe('limits', () => {
    const sendForever: Answer = (_, response) => {
      const chunk = Buffer.alloc(2 ** 14, 'x');
      const send = () => {
        while (!response.destroyed && response.write(chunk));
      };
      response.on('drain', send);
      send();
    };

    test('end an answer that never ends', async () => {
      await using way = await openTo(sendForever, { maxBytes: 2 ** 18 });
      await expect(way.source.readText(way.to())).rejects.toMatchObject({ code: 'protocol-mismatch' });
      const lines: Answer = (request, response) => {
        response.write(`[${'"a",'.repeat(100)}"a"]\n`.repeat(1000));
        sendForever(request, response);
      };
      await using other = await openTo(lines, { maxBytes: 2 ** 18 });
      await expect(other.readLines()).rejects.toMatchObject({ code: 'source-too-large' });
    });

    test('end a line that never ends, long before the limit of the whole answer', async () => {
      await using way = await openTo(sendForever);
      await expect(way.readLines()).rejects.toMatchObject({ code: 'protocol-mismatch' });
    });

    test('end a request that gets no answer in time', async () => {
      await using way = await openTo(() => {}, { limitMs: 200 });
      await expect(way.source.readText(way.to())).rejects.toMatchObject({
        code: 'timeout',
        extras: { remediation: expect.stringContaining('query_timeout_seconds') },
      });
    });
  });

  test('fails at an answer that switches to another protocol', async () => {
    await using way = await openTo((request) => {
      request.socket.end('HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: other\r\n\r\n');
    });
    await expect(way.source.readText(way.to())).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  test('delivers no line twice if the server breaks off its answer', async () => {
    const line = `["${'a'.repeat(20_000)}"]`;
    await using way = await openTo((_, response) => {
      response.writeHead(200, { 'content-length': 100_000 });
      response.write(`${line}\n`, () => response.destroy());
    });
    const lines: string[] = [];
    await expect(way.source.readLines(way.to(), (text) => void lines.push(text))).rejects.toMatchObject({
      code: 'ECONNRESET',
    });
    expect([lines, way.countRequests()]).toEqual([[line], 1]);
  });

  test.each(['{"a":1}', 'Code: 62. DB::Exception', '[1', '"text"'])(
    'takes the line %s for another protocol than rows of JSON',
    async (line) => {
      await using way = await openTo((_, response) => void response.end(`[1]\n${line}\n`));
      await expect(way.source.readJsonLines(way.to(), () => {})).rejects.toMatchObject({
        code: 'protocol-mismatch',
      });
    },
  );
});
