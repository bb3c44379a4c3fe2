import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Api, refused, startApi } from '../api.ts';
import { Problem } from '../../shared/problem.ts';
import { marker, received } from '../received.ts';
import { draft } from '../samples.ts';

let api: Api;
let id: string;
beforeAll(async () => {
  api = await startApi();
  id = (await api.call('POST /v1/connections', { body: draft() })).body.id;
});
afterAll(() => api[Symbol.asyncDispose]());

const create = (body: unknown) => api.call('POST /v1/connections', { body });
const patch = (body: unknown) => api.call(`PATCH /v1/connections/${id}`, { body });

describe('a problem', () => {
  test('is a whole document, under the id that the answer carries', async () => {
    const { status, headers, body } = await create({ ...draft(), name: 5 });
    expect(status).toBe(400);
    expect(headers['content-type']).toBe('application/problem+json');
    expect(body).toEqual({
      type: '/v1/problems/invalid-request',
      title: 'The request is not valid',
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

  test('has a page that tells its cause and its cure', async () => {
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

  test('never says what was received, whatever that was', async () => {
    const fields = fc.dictionary(fc.constantFrom(...fieldNames), received, { minKeys: 1 });
    await fc.assert(
      fc.asyncProperty(fields, fc.boolean(), async (given, whole) => {
        const body = whole ? { ...draft(), ...given } : given;
        for (const answer of [await create(body), await patch(body)]) {
          expect(answer.status).toBeLessThan(500);
          if (answer.status >= 400) expect(answer.text).not.toContain(marker);
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

describe('a body', () => {
  const post = (text: string, headers: Record<string, string> = {}) =>
    api.call('POST /v1/connections', { text, headers });

  test.each(['{', '{"name": "Sales",}', 'name=Sales', '{"a":1}{"a":1}'])(
    'that is not JSON is refused: %s',
    async (text) => {
      const answer = await post(text);
      expect(refused(answer)).toEqual([400, 'invalid-request', '']);
      expect(answer.body.errors[0]?.expected).toBe('JSON');
    },
  );

  test.each(['[]', '"name"', '5', 'null', 'true'])('that is no object is refused: %s', async (text) => {
    expect((await post(text)).status).toBe(400);
    const answer = await api.call(`PATCH /v1/connections/${id}`, { text });
    expect(refused(answer)).toEqual([400, 'invalid-request', '']);
  });

  test.each(['', '  \n'])('that is empty is refused: %j', async (text) => {
    const answer = await post(text);
    expect(refused(answer)).toEqual([400, 'invalid-request', '']);
    expect(answer.body.errors[0]?.expected).toBe('a JSON object');
  });

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'application/jsonp', ''])(
    'of the content type "%s" is refused',
    async (type) => {
      expect(refused(await post(JSON.stringify(draft()), { 'content-type': type }))).toEqual([
        415,
        'unsupported-media-type',
      ]);
    },
  );

  test.each(['application/json; charset=utf-8', 'Application/JSON', 'application/merge-patch+json'])(
    'of the content type "%s" is read',
    async (type) => {
      const { status } = await api.call(`PATCH /v1/connections/${id}`, {
        text: '{}',
        headers: { 'content-type': type },
      });
      expect(status).toBe(200);
    },
  );

  test('of more than 256 KB is refused, in bytes', async () => {
    const padded = (length: number) => JSON.stringify({ ...draft(), pad: 'é'.repeat(length) });
    expect(refused(await post(padded(131_072)))).toEqual([413, 'payload-too-large']);
    expect((await post(padded(120_000))).status).toBe(400);
  });
});

describe('an id', () => {
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
  ])('that names nothing is 404 everywhere, of the right form or not: %s', async (wrong) => {
    for (const path of paths(wrong)) {
      const body = /^(PATCH|PUT)/.test(path) ? { body: {} } : {};
      expect([path, ...refused(await api.call(path, body))]).toEqual([path, 404, 'not-found']);
    }
  });

  test('inside, without its prefix, is no id', async () => {
    expect((await api.call(`GET /v1/connections/${id.slice(5)}`)).status).toBe(404);
  });
});

describe('a path', () => {
  test.each(['/', '/v1', '/v1/connection', '/v1/connections/', '/v2/connections'])(
    'that there is not is 404: %s',
    async (path) => expect(refused(await api.call(`GET ${path}`))).toEqual([404, 'not-found']),
  );

  test.each([
    ['PUT /v1/connections', 'POST, GET'],
    ['POST /v1/connections/conn_1', 'GET, PATCH, PUT, DELETE'],
    ['DELETE /v1/connectors', 'GET'],
    ['POST /v1/health', 'GET'],
  ])('has no %s, and says what it has', async (request, allow) => {
    const answer = await api.call(request, { body: {} });
    expect(refused(answer)).toEqual([405, 'method-not-allowed']);
    expect(answer.headers['allow']?.split(', ')).toEqual(expect.arrayContaining(allow.split(', ')));
  });

  test('that is spelled out has its own methods, not those of the ids that it looks like', async () => {
    const answer = await api.call('OPTIONS /v1/connections/test');
    expect(refused(answer)).toEqual([405, 'method-not-allowed']);
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
  ])('is refused by its name: %s', async (query, name) => {
    expect(refused(await api.call(`GET /v1/connections?${query}`))).toEqual([400, 'invalid-request', name]);
  });

  test('of a route that has none is refused too', async () => {
    for (const path of [`/v1/connections/${id}`, '/v1/connectors', '/v1/health'])
      expect(refused(await api.call(`GET ${path}?verbose=1`))).toEqual([400, 'invalid-request', 'verbose']);
  });

  test('with commas is one value', async () => {
    expect((await api.call('GET /v1/connections?tag=a,b')).body.data).toEqual([]);
  });
});

describe('X-Environment-Id', () => {
  test.each(['', 'a b', 'a/b', 'a#b', '../default', 'x'.repeat(65), 'a,b'])(
    'of the wrong form is refused: %s',
    async (environment) => {
      const answer = await api.call('GET /v1/connections', { headers: { 'x-environment-id': environment } });
      expect(refused(answer)).toEqual([400, 'invalid-request', 'X-Environment-Id']);
    },
  );

  test('need not exist before', async () => {
    const answer = await api.call('GET /v1/connections', { headers: { 'x-environment-id': 'brand-new' } });
    expect([answer.status, answer.body.data]).toEqual([200, []]);
  });
});

describe('a request that fails by our own fault', () => {
  test.each([
    ['unavailable', 503, () => new Problem('unavailable')],
    ['internal', 500, () => new Error('the table is broken')],
  ] as const)('as %s leaves one error line with its id', async (code, status, fail) => {
    await using other = await startApi();
    Object.assign(other.store, { query: () => Promise.reject(fail()) });
    const answer = await other.call('GET /v1/connections');
    expect(refused(answer)).toEqual([status, code]);
    const lines = other.logged.map((line) => JSON.parse(line)).filter(({ level }) => level === 'error');
    expect(lines).toMatchObject([{ message: 'failed', request_id: answer.headers['x-request-id'] }]);
  });

  test('by the caller’s fault leaves none', async () => {
    await using other = await startApi();
    await other.call('GET /v1/connections?limit=many');
    expect(other.logged.map((line) => JSON.parse(line).level)).toEqual(['info']);
  });
});
