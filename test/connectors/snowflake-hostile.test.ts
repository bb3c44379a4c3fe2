import { inspect } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { snowflake } from '../../shared/connectors/snowflake/connector.ts';
import { Problem } from '../../shared/problem.ts';
import { secureServer, createServiceTester } from '../contracts/service.ts';

const service = {
  connector: snowflake,
  config: { account: 'mooring', username: 'reader', schema: 'PUBLIC' },
  credentials: { auth_method: 'password', password: 'never-the-right-one' },
  endpoint: 'https://localhost:1',
};
const { opened, tried } = createServiceTester(service);

type Answer = (request: IncomingMessage, response: ServerResponse, url: URL) => unknown;

/**
 * Accepts every login, and passes other requests to `answer`, which returns the JSON of the answer or
 * responds by itself.
 */
const lettingIn = async (answer: Answer, login: object = { token: 'a-token' }) => {
  const asked: { readonly path: string; readonly authorization?: string; readonly body: string }[] = [];
  const server = await secureServer((request, response) => {
    void respond(request, response).catch(() => response.destroy());
  });
  const respond = async (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    await once(request, 'end');
    const sent = Buffer.concat(chunks);
    const body = request.headers['content-encoding'] === 'gzip' ? String(gunzipSync(sent)) : String(sent);
    const url = new URL(request.url ?? '', `https://localhost:${server.port}`);
    const { authorization } = request.headers;
    asked.push({ path: url.pathname, body, ...(authorization !== undefined && { authorization }) });
    const reply = () => {
      if (url.pathname === '/session/v1/login-request') return { success: true, data: login };
      if (url.pathname === '/session') return { success: true, data: {} };
      return answer(request, response, url);
    };
    const said = reply();
    if (said === undefined) return;
    response.setHeader('content-type', 'application/json');
    response.end(typeof said === 'string' ? said : JSON.stringify(said));
  };
  return { ...server, asked, endpoint: `https://localhost:${server.port}` };
};

const columns = ['user', 'role', 'database', 'warehouse', 'version', 'secondary'];
const rowtype = columns.map((name) => ({ name, type: 'text' }));
const me = ['READER', 'PUBLIC', null, null, '9.1.0', null];
const result = (more = {}) => ({
  success: true,
  data: { rowtype, rowset: [me], total: 1, returned: 1, queryId: 'q', ...more },
});

const pinged = async (endpoint: string, seconds = 10) => {
  await using session = await opened({ endpoint }, seconds);
  try {
    return await session.ping();
  } catch (error) {
    return error instanceof Problem ? error.code : error;
  }
};

describe('Snowflake session against a foreign or hostile server', () => {
  test('sends the same requests as the driver, and the password only at login', async () => {
    await using server = await lettingIn(() => result());
    expect(await pinged(server.endpoint)).toBe('Snowflake 9.1.0');
    expect(server.asked.map(({ path }) => path)).toEqual([
      '/session/v1/login-request',
      '/queries/v1/query-request',
      '/session',
    ]);
    expect(server.asked.slice(1).map(({ body }) => body.includes('never-the-right-one'))).toEqual([
      false,
      false,
    ]);
  });

  test('does not apply settings from a server to the next connection', async () => {
    const parameters = [
      { name: 'CLIENT_SESSION_KEEP_ALIVE', value: true },
      { name: 'CLIENT_SESSION_KEEP_ALIVE_HEARTBEAT_FREQUENCY', value: 0.01 },
      { name: 'SERVICE_NAME', value: 'of-somebody-else' },
    ];
    await using bad = await lettingIn(() => result({ parameters }), { token: 'a-token', parameters });
    expect(await pinged(bad.endpoint)).toBe('Snowflake 9.1.0');
    const services: unknown[] = [];
    await using good = await lettingIn((request) => {
      services.push(request.headers['x-snowflake-service']);
      return result();
    });
    expect(await pinged(good.endpoint)).toBe('Snowflake 9.1.0');
    expect(services).toEqual([undefined]);
    expect(bad.asked.length + good.asked.length).toBe(6);
  });

  test('polls the result URL of a slow query', async () => {
    await using server = await lettingIn((_, __, { pathname }) =>
      pathname === '/queries/abc/result'
        ? result()
        : { success: true, code: '333334', data: { getResultUrl: '/queries/abc/result', queryId: 'abc' } },
    );
    expect(await pinged(server.endpoint)).toBe('Snowflake 9.1.0');
  });

  test.each([
    '@localhost:1/queries/abc/result',
    '.example.test/queries/abc/result',
    '//localhost:1/',
    '/queries/../x',
  ])('does not send its token to another address: %s', async (getResultUrl) => {
    await using server = await lettingIn(() => ({
      success: true,
      code: '333334',
      data: { getResultUrl, queryId: 'abc' },
    }));
    expect(await pinged(server.endpoint)).toBe('protocol-mismatch');
  });

  test('reads large results from their own URL, without the token', async () => {
    let from = '';
    await using server = await lettingIn((_, response, { pathname }) => {
      if (pathname !== '/parts/1')
        return result({ rowset: [], chunks: [{ url: `${from}/parts/1`, rowCount: 1 }] });
      response.end(JSON.stringify(me));
      return undefined;
    });
    from = server.endpoint;
    expect(await pinged(server.endpoint)).toBe('Snowflake 9.1.0');
    const part = server.asked.find(({ path }) => path === '/parts/1');
    expect(part).toBeDefined();
    expect(part?.authorization).toBeUndefined();
  });

  test('does not read results from other hosts', async () => {
    await using trap = await secureServer((_, response) => void response.end('[]'));
    for (const url of [
      'http://169.254.169.254/latest/meta-data/',
      `https://localhost:${trap.port}/`,
      'http://bucket.s3.amazonaws.com/part',
      'https://bucket.s3.amazonaws.com:8443/part',
      'https://s3.amazonaws.com.example.test/part',
      'file:///etc/passwd',
      '',
    ]) {
      await using server = await lettingIn(() => result({ rowset: [], chunks: [{ url, rowCount: 1 }] }));
      expect([url, await pinged(server.endpoint)]).toEqual([url, 'host-forbidden']);
    }
    expect(trap.accepted).toEqual([]);
  });

  test.each([429, 500, 502, 503])(
    'sends a query at most three times when the server answers with %d',
    async (status) => {
      await using server = await lettingIn((_, response) => void response.writeHead(status).end('later'));
      expect(await pinged(server.endpoint)).toBe(status === 429 ? 'too-many-connections' : 'server-error');
      expect(server.asked.filter(({ path }) => path.startsWith('/queries/')).length).toBe(3);
    },
  );

  test('requests an unavailable part of a result only once', async () => {
    let from = '';
    await using server = await lettingIn((_, response, { pathname }) => {
      if (pathname !== '/parts/1')
        return result({ rowset: [], chunks: [{ url: `${from}/parts/1`, rowCount: 1 }] });
      response.writeHead(503).end();
      return undefined;
    });
    from = server.endpoint;
    expect(await pinged(server.endpoint)).toBe('server-error');
    expect(server.asked.filter(({ path }) => path === '/parts/1').length).toBe(1);
  });

  test('has no secret in its error or causes when the server closes the connection', async () => {
    await using server = await lettingIn((request) => void request.socket.destroy());
    await using session = await opened({ endpoint: server.endpoint });
    const error: unknown = await session.ping().catch((thrown: unknown) => thrown);
    const told = inspect(error, { depth: Infinity, showHidden: true });
    expect(told).toContain('ECONNRESET');
    expect(told).not.toMatch(/a-token|never-the-right-one/);
  });

  test('does not follow the redirect of a query', async () => {
    await using trap = await secureServer((_, response) => void response.end('{}'));
    await using server = await lettingIn((_, response) => {
      response.writeHead(307, { location: `https://localhost:${trap.port}/` }).end();
      return undefined;
    });
    expect(await pinged(server.endpoint)).toBe('protocol-mismatch');
    expect(trap.accepted).toEqual([]);
  });

  test('fails at the time limit when the server is silent during a query', async () => {
    await using server = await lettingIn(() => undefined);
    expect(await pinged(server.endpoint, 1)).toBe('timeout');
  });

  test('does not request another token when the server reports an expired session', async () => {
    await using server = await lettingIn(() => ({
      success: false,
      code: '390112',
      message: 'expired',
      data: {},
    }));
    expect(await pinged(server.endpoint)).toBe('credentials-expired');
    expect(server.asked.map(({ path }) => path)).not.toContain('/session/token-request');
  });

  test('fails with protocol-mismatch when the answer to the login is invalid', async () => {
    for (const login of [null, [], 7, 'a-token', {}, { token: 7 }, { token: 'a\r\nb: c' }, { token: '' }]) {
      await using server = await lettingIn(
        () => result(),
        Object(login) === login ? Object(login) : { token: undefined },
      );
      const { details } = await tried({ endpoint: server.endpoint });
      expect(details).toMatchObject({ code: 'protocol-mismatch' });
    }
  });

  test('fails with a problem code when the answer to a query contains arbitrary values', async () => {
    const part = fc.oneof(fc.jsonValue(), fc.constantFrom('333334', 'text', 'fixed', rowtype, [me], [[1]]));
    const answer = fc.oneof(
      fc.jsonValue(),
      fc.record({
        success: fc.constantFrom(true, false, 'yes'),
        code: part,
        data: fc.oneof(
          part,
          fc.record(
            { rowtype: part, rowset: part, chunks: part, total: part, queryId: part, resultIds: part },
            { requiredKeys: [] },
          ),
        ),
      }),
    );
    let said: unknown;
    await using server = await lettingIn(() => JSON.stringify(said));
    await fc.assert(
      fc.asyncProperty(answer, async (some) => {
        said = some;
        const outcome = await pinged(server.endpoint, 2);
        expect(typeof outcome).toBe('string');
      }),
      { numRuns: 60 },
    );
  });
});
