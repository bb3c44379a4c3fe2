import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Api, summarizeRefusal, startApi } from '../api.ts';
import { Problem } from '../../shared/problem.ts';
import { inputMarker, arbitraryInput } from '../arbitrary-input.ts';
import { createConnectionBody } from '../samples.ts';

let api: Api;
let id: string;
beforeAll(async () => {
  api = await startApi();
  id = (await api.call('POST /v1/connections', { body: createConnectionBody() })).body.id;
});
afterAll(() => api[Symbol.asyncDispose]());

const create = (body: unknown) => api.call('POST /v1/connections', { body });
const patch = (body: unknown) => api.call(`PATCH /v1/connections/${id}`, { body });

describe('a problem', () => {
  test('is a complete document with the request id of the answer', async () => {
    const { status, headers, body } = await create({ ...createConnectionBody(), name: 5 });
    expect(status).toBe(400);
    expect(headers['content-type']).toBe('application/problem+json');
    expect(body).toEqual({
      type: '/v1/problems/invalid-request',
      title: 'Invalid request',
      status: 400,
      detail: 'name: expected string',
      code: 'invalid-request',
      errors: [{ path: 'name', expected: 'string' }],
      retryable: false,
      blame: 'request',
      remediation: expect.any(String),
      request_id: headers['x-request-id'],
    });
  });

  test('has a page with its cause and how to solve it', async () => {
    const { body } = await create({ name: 5 });
    const page = await api.call(`GET ${String(body['type'])}`, { key: '' });
    expect(page.status).toBe(200);
    expect(page.body).toMatchObject({ code: 'invalid-request', cause: expect.any(String) });
    expect((await api.call('GET /v1/problems/no-such-code')).status).toBe(404);
    expect((await api.call('GET /v1/problems/tls-required')).body).toEqual({
      type: '/v1/problems/tls-required',
      code: 'tls-required',
      title: expect.stringMatching(/./),
      status: expect.any(Number),
      blame: expect.stringMatching(/./),
      retryable: false,
      cause: expect.stringMatching(/./),
      cure: expect.stringMatching(/./),
    });
  });

  test('never contains what was received, for any input', async () => {
    const fields = fc.dictionary(fc.constantFrom(...fieldNames), arbitraryInput, { minKeys: 1 });
    await fc.assert(
      fc.asyncProperty(fields, fc.boolean(), async (given, whole) => {
        const body = whole ? { ...createConnectionBody(), ...given } : given;
        for (const answer of [await create(body), await patch(body)]) {
          expect(answer.status).toBeLessThan(500);
          if (answer.status >= 400) expect(answer.text).not.toContain(inputMarker);
        }
      }),
      { numRuns: 150 },
    );
  });
});

const fieldNames =
  'name description type flavor role mode product config credentials connection_string options ssl tunnel excluded_schemas tags metadata'.split(
    ' ',
  );

describe('a request body', () => {
  const post = (text: string, headers: Record<string, string> = {}) =>
    api.call('POST /v1/connections', { text, headers });

  test.each(['{', '{"name": "Sales",}', 'name=Sales', '{"a":1}{"a":1}'])(
    'that is not JSON is rejected: %s',
    async (text) => {
      const answer = await post(text);
      expect(summarizeRefusal(answer)).toEqual([400, 'invalid-request', '']);
      expect(answer.body.errors[0]?.expected).toBe('JSON');
    },
  );

  test.each(['[]', '"name"', '5', 'null', 'true'])('that is not an object is rejected: %s', async (text) => {
    expect((await post(text)).status).toBe(400);
    const answer = await api.call(`PATCH /v1/connections/${id}`, { text });
    expect(summarizeRefusal(answer)).toEqual([400, 'invalid-request', '']);
  });

  test.each(['', '  \n'])('that is empty is rejected: %j', async (text) => {
    const answer = await post(text);
    expect(summarizeRefusal(answer)).toEqual([400, 'invalid-request', '']);
    expect(answer.body.errors[0]?.expected).toBe('a JSON object');
  });

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'application/jsonp', ''])(
    'with the content type "%s" is rejected',
    async (type) => {
      expect(
        summarizeRefusal(await post(JSON.stringify(createConnectionBody()), { 'content-type': type })),
      ).toEqual([415, 'unsupported-media-type']);
    },
  );

  test.each(['application/json; charset=utf-8', 'Application/JSON', 'application/merge-patch+json'])(
    'with the content type "%s" is accepted',
    async (type) => {
      const { status } = await api.call(`PATCH /v1/connections/${id}`, {
        text: '{}',
        headers: { 'content-type': type },
      });
      expect(status).toBe(200);
    },
  );

  test('of more than 256 KB is rejected, measured in bytes', async () => {
    const padded = (length: number) => JSON.stringify({ ...createConnectionBody(), pad: 'é'.repeat(length) });
    expect(summarizeRefusal(await post(padded(131_072)))).toEqual([413, 'payload-too-large']);
    expect((await post(padded(120_000))).status).toBe(400);
  });
});

describe('a connection id', () => {
  const paths = (some: string) => [
    ...['GET', 'PATCH', 'PUT', 'DELETE'].map((method) => `${method} /v1/connections/${some}`),
    ...['tests', 'schema', 'usages', 'autocomplete?type=tables'].map(
      (rest) => `GET /v1/connections/${some}/${rest}`,
    ),
    ...['test', 'restore'].map((rest) => `POST /v1/connections/${some}/${rest}`),
    ...['PUT', 'DELETE'].map((method) => `${method} /v1/connections/${some}/usages/reports`),
  ];

  test.each([
    '1',
    'conn_',
    `conn_${'g'.repeat(32)}`,
    `conn_${'0'.repeat(32)}`,
    `CONN_${'0'.repeat(32)}`,
    '..',
    '%00',
    '%',
    '%zz',
  ])('that does not exist returns 404 on every route, well-formed or not: %s', async (wrong) => {
    for (const path of paths(wrong)) {
      const body = /^(PATCH|PUT)/.test(path) ? { body: {} } : {};
      expect([path, ...summarizeRefusal(await api.call(path, body))]).toEqual([path, 404, 'not-found']);
    }
  });

  test('without its prefix returns 404', async () => {
    expect((await api.call(`GET /v1/connections/${id.slice(5)}`)).status).toBe(404);
  });
});

describe('a path', () => {
  test.each(['/', '/v1', '/v1/connection', '/v1/connections/', '/v2/connections'])(
    'that does not exist returns 404: %s',
    async (path) => expect(summarizeRefusal(await api.call(`GET ${path}`))).toEqual([404, 'not-found']),
  );

  test.each([
    ['PUT /v1/connections', 'POST, GET'],
    ['POST /v1/connections/conn_1', 'GET, PATCH, PUT, DELETE'],
    ['DELETE /v1/connectors', 'GET'],
    ['POST /v1/health', 'GET'],
  ])('returns 405 for %s, with the methods that it has', async (request, allow) => {
    const answer = await api.call(request, { body: {} });
    expect(summarizeRefusal(answer)).toEqual([405, 'method-not-allowed']);
    expect(answer.headers['allow']?.split(', ')).toEqual(expect.arrayContaining(allow.split(', ')));
  });

  test('that looks like an id has its own methods, not those of an id', async () => {
    const answer = await api.call('OPTIONS /v1/connections/test');
    expect(summarizeRefusal(answer)).toEqual([405, 'method-not-allowed']);
    expect(answer.headers['allow']).toBe('POST');
  });
});

describe('a query parameter', () => {
  test.each([
    ['limit=0', 'limit'],
    ['limit=201', 'limit'],
    ['limit=abc', 'limit'],
    ['limit=1.5', 'limit'],
    ['limit=', 'limit'],
    ['limit=-1', 'limit'],
    ['limit=1&limit=2', 'limit'],
    ['tag=a&tag=a', 'tag'],
    ['colour=red', 'colour'],
    ['toString=x', 'toString'],
    ['__proto__=x', '__proto__'],
    ['status=gone', 'status'],
    ['type=dbase', 'type'],
    ['include_deleted=yes', 'include_deleted'],
  ])('that is invalid is rejected by name: %s', async (query, name) => {
    expect(summarizeRefusal(await api.call(`GET /v1/connections?${query}`))).toEqual([
      400,
      'invalid-request',
      name,
    ]);
  });

  test('is rejected on a route without parameters', async () => {
    for (const path of [`/v1/connections/${id}`, '/v1/connectors', '/v1/health'])
      expect(summarizeRefusal(await api.call(`GET ${path}?verbose=1`))).toEqual([
        400,
        'invalid-request',
        'verbose',
      ]);
  });

  test('with commas is one value', async () => {
    expect((await api.call('GET /v1/connections?tag=a,b')).body.data).toEqual([]);
  });
});

describe('X-Environment-Id', () => {
  test.each(['', 'a b', 'a/b', 'a#b', '../default', 'x'.repeat(65), 'a,b'])(
    'is rejected when it is malformed: %s',
    async (environment) => {
      const answer = await api.call('GET /v1/connections', { headers: { 'x-environment-id': environment } });
      expect(summarizeRefusal(answer)).toEqual([400, 'invalid-request', 'X-Environment-Id']);
    },
  );

  test('may name an environment that does not exist yet', async () => {
    const answer = await api.call('GET /v1/connections', { headers: { 'x-environment-id': 'brand-new' } });
    expect([answer.status, answer.body.data]).toEqual([200, []]);
  });
});

describe('a request that fails', () => {
  test.each([
    ['unavailable', 503, () => new Problem('unavailable')],
    ['internal', 500, () => new Error('the table is broken')],
  ] as const)('with %s inside Mooring logs one error with the request id', async (code, status, fail) => {
    await using other = await startApi();
    Object.assign(other.store, { query: () => Promise.reject(fail()) });
    const answer = await other.call('GET /v1/connections');
    expect(summarizeRefusal(answer)).toEqual([status, code]);
    const lines = other.logged.map((line) => JSON.parse(line)).filter(({ level }) => level === 'error');
    expect(lines).toMatchObject([{ message: 'request failed', request_id: answer.headers['x-request-id'] }]);
  });

  test('because of the caller logs no error', async () => {
    await using other = await startApi();
    await other.call('GET /v1/connections?limit=many');
    expect(other.logged.map((line) => JSON.parse(line).level)).toEqual(['info']);
  });
});
