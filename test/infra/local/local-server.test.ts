import { once } from 'node:events';
import { request as send, type IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { type GatewayHandler, type LocalServer, openLocalServer } from '../../../infra/local/local-server.ts';
import { createRouter } from '../../../infra/local/router.ts';
import { writeUntilClosed } from '../../network/endless-writes.ts';

interface Asked {
  readonly method?: string;
  readonly headers?: Record<string, string | string[]>;
  readonly body?: string | Buffer;
  readonly host?: string;
  readonly port?: number;
}

describe('local server', () => {
  const failures: unknown[] = [];
  let server: LocalServer;
  let find: Parameters<typeof openLocalServer>[0]['find'];

  beforeAll(async () => {
    const echo: GatewayHandler = (event) =>
      Promise.resolve({ statusCode: 200, headers: { 'x-made': 'here' }, body: JSON.stringify(event) });
    const nothing: GatewayHandler = () => Promise.resolve({ statusCode: 204, headers: {} });
    const broken: GatewayHandler = () => Promise.reject(new Error('not for the caller'));
    const found = new Map([
      ['GET /echo', echo],
      ['POST /echo', echo],
      ['PUT /things/{id}', echo],
      ['DELETE /echo', nothing],
      ['GET /broken', broken],
    ]);
    find = Promise.resolve(createRouter(found, echo));
    server = await openLocalServer({ port: 0, find, failed: (error) => failures.push(error) });
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  const ask = async (
    path: string,
    { method = 'GET', headers = {}, body, host = '127.0.0.1', port = server.port }: Asked = {},
  ) => {
    const { promise, resolve, reject } = Promise.withResolvers<{
      status: number;
      headers: IncomingHttpHeaders;
      body: string;
    }>();
    const request = send({
      host,
      port,
      path,
      method,
      headers: { connection: 'close', ...headers },
    });
    request.on('error', reject).on('response', (response) => {
      text(response).then((answer) => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: answer });
      }, reject);
    });
    request.end(body);
    return promise;
  };
  const event = async (path: string, asked: Asked = {}): Promise<APIGatewayProxyEventV2> =>
    JSON.parse((await ask(path, asked)).body) as APIGatewayProxyEventV2; // `echo` answers with the event

  test('passes on a request in the event format of an HTTP API', async () => {
    const body = '{"name":"ü"}';
    const got = await event('/things/a%20b%2Fc?x=1&x=%32', {
      method: 'PUT',
      body,
      headers: { 'X-One': ['1', '2'] },
    });
    expect(got).toMatchObject({
      version: '2.0',
      routeKey: 'PUT /things/{id}',
      rawPath: '/things/a%20b%2Fc',
      rawQueryString: 'x=1&x=%32',
      pathParameters: { id: 'a b/c' },
      headers: { 'x-one': '1,2' },
      body,
      isBase64Encoded: false,
      requestContext: { stage: '$default', http: { method: 'PUT', path: '/things/a%20b%2Fc' } },
    });
    expect(got.requestContext.requestId).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  });

  test('encodes a binary body with base64', async () => {
    const got = await event('/echo', { method: 'POST', body: Buffer.from([0xff, 0xfe]) });
    expect(got).toMatchObject({ body: '//4=', isBase64Encoded: true });
  });

  test('passes on no body where there is none', async () => {
    expect(await event('/echo')).not.toHaveProperty('body');
  });

  test('joins repeated headers, so that no handler picks one of them', async () => {
    const got = await event('/echo', { headers: { authorization: ['Bearer sk_a', 'Bearer sk_b'] } });
    expect(got.headers['authorization']).toBe('Bearer sk_a,Bearer sk_b');
  });

  test('returns the answer of the function', async () => {
    expect(await ask('/echo')).toMatchObject({ status: 200, headers: { 'x-made': 'here' } });
    const empty = await ask('/echo', { method: 'DELETE' });
    expect(empty).toMatchObject({ status: 204, body: '' });
    expect(empty.headers).not.toHaveProperty('content-length');
  });

  test('listens on ::1 too', async () => {
    expect(await ask('/echo', { host: '::1' })).toMatchObject({ status: 200 });
  });

  test('uses the default route for a malformed escape', async () => {
    expect(await event('/things/%zz', { method: 'PUT' })).toMatchObject({ routeKey: '$default' });
  });

  test.each(['localhost', '127.0.0.1', '[::1]', 'LOCALHOST'])('accepts the host name %s', async (name) => {
    expect(await ask('/echo', { headers: { host: `${name}:${server.port}` } })).toMatchObject({
      status: 200,
    });
  });

  test.each(['rebound.example', 'localhost', 'localhost:1', '127.0.0.1.example:PORT'])(
    'refuses the host name %j',
    async (name) => {
      const answer = await ask('/echo', { headers: { host: name.replace('PORT', String(server.port)) } });
      expect(answer).toMatchObject({ status: 403, headers: { 'content-type': 'application/problem+json' } });
      expect(JSON.parse(answer.body)).toMatchObject({ code: 'forbidden', status: 403 });
    },
  );

  test('answers 500 without details when a function throws, and reports the error', async () => {
    const answer = await ask('/broken');
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'internal', status: 500 });
    expect(answer.body).not.toContain('not for the caller');
    expect(failures).toEqual([expect.objectContaining({ message: 'not for the caller' })]);
  });

  test('reads an endless body only to just above the limit, and closes the connection', async () => {
    const socket = connect(server.port, '127.0.0.1');
    const heard: Buffer[] = [];
    const hungUp = new Promise<void>((resolve) => void socket.on('close', () => resolve()));
    socket.on('error', () => undefined); // the server closes the connection during a write
    socket.write(
      `POST /echo HTTP/1.1\r\nhost: localhost:${server.port}\r\ntransfer-encoding: chunked\r\n\r\n`,
    );
    const chunk = 'x'.repeat(65_536);
    socket.on('data', (bytes) => void heard.push(bytes));
    writeUntilClosed(socket, `10000\r\n${chunk}\r\n`);
    await hungUp;
    const said = Buffer.concat(heard).toString();
    const [head = '', body = ''] = said.split('\r\n\r\n');
    expect(head).toMatch(/connection: close/i);
    const got = JSON.parse(body) as APIGatewayProxyEventV2; // `echo` answers with the event
    expect(got.body).toHaveLength(256 * 1024 + 1);
  });

  test('accepts a body of 256 KB', async () => {
    const got = await event('/echo', { method: 'POST', body: 'x'.repeat(256 * 1024) });
    expect(got.body).toHaveLength(256 * 1024);
  });

  test('survives a client that disconnects in the middle of a body, and reports no error', async () => {
    const reported: unknown[] = [];
    const own = await openLocalServer({ port: 0, find, failed: (error) => reported.push(error) });
    const socket = connect(own.port, '127.0.0.1');
    const head = `POST /echo HTTP/1.1\r\nhost: localhost:${own.port}\r\ncontent-length: 100\r\n`;
    socket.write(`${head}expect: 100-continue\r\n\r\n`);
    // The server continues once it reads the body.
    expect(String(await once(socket, 'data'))).toMatch(/^HTTP\/1\.1 100 /);
    await new Promise((resolve) => void socket.write('half', resolve));
    socket.destroy();
    expect(await ask('/echo', { port: own.port })).toMatchObject({ status: 200 });
    await own[Symbol.asyncDispose]();
    await nextTurn(); // the request that was cut off fails after its socket has closed
    expect(reported).toEqual([]);
  });

  test('fails with a clear message when its port is taken', async () => {
    const opening = openLocalServer({
      port: server.port,
      find: new Promise(() => undefined),
      failed: () => undefined,
    });
    await expect(opening).rejects.toThrow(/^The port \d+ is taken: /);
  });
});
