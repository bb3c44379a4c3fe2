import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type ApiAnswer, type Api, startApi } from '../api.ts';
import { createConnectionBody } from '../samples.ts';

let api: Api;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api[Symbol.asyncDispose]());

const product = { 'x-product-name': 'reports' };

/** One create request of each API, with a body that it accepts. */
const creates: readonly (readonly [request: string, body: object, headers: Record<string, string>])[] = [
  ['POST /v1/connections', createConnectionBody(), {}],
  [
    'POST /v1/providers/postgresql/connections',
    {
      name: 'One',
      mode: 'managed',
      credentials: { host: '127.0.0.1', database: 'd', user: 'u', password: 'not-real-é' },
    },
    {},
  ],
  [
    'POST /v1/management/connections',
    {
      configName: 'Two é',
      type: 'POSTGRESQL',
      host: '127.0.0.1',
      port: 1,
      databaseName: 'd',
      userName: 'u',
      password: 'not-real-é',
    },
    product,
  ],
  [
    'POST /api/v1/connection_profiles',
    {
      name: 'Three é',
      connector: 'postgres',
      config: { host: '127.0.0.1', database: 'd', username: 'u', password: 'not-real' },
    },
    {},
  ],
  [
    'POST /api/v1/connections',
    { name: 'Four é', db_type: 'postgresql', connection_string: 'postgresql://u:not-real@127.0.0.1/d' },
    {},
  ],
];

/** The status that each API returns for a body that is not JSON. */
const malformed = (request: string) => (request === 'POST /api/v1/connections' ? 422 : 400);

const spelledTwice = (_: string, first: string, rest: string) =>
  `{"${first}${rest}":"x","\\u${first.charCodeAt(0).toString(16).padStart(4, '0')}${rest}":`;

describe.each(creates)('%s', (request, body, headers) => {
  const send = (bytes: Uint8Array, more: Record<string, string> = {}): Promise<ApiAnswer> =>
    api.call(request, { bytes, headers: { 'content-type': 'application/json', ...headers, ...more } });
  const text = JSON.stringify(body);

  test('reads a body that the gateway passes on in base64', async () => {
    expect((await send(Buffer.from(text))).status).toBe(201);
  });

  test('rejects a body that is not UTF-8 and stores nothing from it', async () => {
    const latin1 = Buffer.from(text.replaceAll(/d"|é/g, 'é"'), 'latin1');
    const { status } = await send(latin1);
    expect(status).toBe(malformed(request));
    const listed = await api.call('GET /v1/connections?limit=200');
    expect(listed.text).not.toContain('\uFFFD');
  });

  test.each([
    ['the replacement character that a gateway puts there', text.replace(/ame":"/, '$&\uFFFD')],
    ['a byte order mark', `\uFEFF${text}`],
    ['3 000 levels', text.replace('{', `{"x":${'['.repeat(3000)}${']'.repeat(3000)},`)],
    ['65 levels', text.replace('{', `{"x":${'['.repeat(64)}${']'.repeat(64)},`)],
    ['as many levels as fit', '['.repeat(250_000)],
    ['a name twice', text.replace(/\{("\w+"):/, '{$1:"x",$1:')],
    ['a name twice, once in another spelling', text.replace(/\{"(\w)(\w*)":/, spelledTwice)],
  ])('rejects a body with %s', async (_, sent) => {
    const answer = await api.call(request, { text: sent, headers });
    expect(answer.status).toBe(malformed(request));
    expect(api.logged.filter((line) => line.includes('"level":"error"'))).toEqual([]);
  });

  test.each([
    [{ 'content-type': 'application/json; charset=iso-8859-1' }],
    [{ 'content-type': 'application/json; charset="utf-16"' }],
    [{ 'content-encoding': 'gzip' }],
    [{ 'content-encoding': 'br, identity' }],
  ])('returns 415 for a request with %j', async (more) => {
    expect((await send(Buffer.from(text), more)).status).toBe(415);
  });

  test.each([
    [{ 'content-type': 'application/json; charset="UTF-8"' }],
    [{ 'content-type': 'application/json;charset=utf8; profile=x' }],
    [{ 'content-encoding': 'identity' }],
  ])('accepts a request with %j', async (more) => {
    const { status } = await send(Buffer.from(text), more);
    expect([201, 409]).toContain(status); // 409 if an earlier test created the connection
  });
});

test('a body with a duplicate name is rejected with that reason in a create and in a test of a draft', async () => {
  const twice = JSON.stringify(createConnectionBody()).replace(
    '"host":',
    '"host":"good.example.com","host":',
  );
  for (const route of ['POST /v1/connections', 'POST /v1/connections/test']) {
    const { body } = await api.call(route, { text: twice });
    expect(body.errors).toEqual([
      { path: '', expected: 'JSON in which each name occurs only once in an object' },
    ]);
  }
});

test('the problem for a body that is not UTF-8 names the expected encoding and how to send it', async () => {
  const bytes = Buffer.from(JSON.stringify({ ...createConnectionBody(), name: 'Müller' }), 'latin1');
  const { body } = await api.call('POST /v1/connections', {
    bytes,
    headers: { 'content-type': 'application/json' },
  });
  expect(body).toMatchObject({
    code: 'invalid-request',
    errors: [{ path: '', expected: 'UTF-8' }],
    remediation: expect.stringContaining('UTF8.GetBytes'),
  });
});

test('a body of 64 levels is parsed and validated', async () => {
  const nested = `${'{"x":'.repeat(62)}1${'}'.repeat(62)}`;
  const text = JSON.stringify({
    ...createConnectionBody(),
    config: { ...createConnectionBody().config, deep: 1 },
  }).replace('"deep":1', `"deep":${nested}`);
  expect((await api.call('POST /v1/connections', { text })).body.errors).toMatchObject([
    { path: expect.stringContaining('config.deep') },
  ]);
});

test.each(['name_prefix=%ff', 'name_prefix=%e9', 'tag=%ed%a0%80'])(
  'a query that is not UTF-8 is rejected: %s',
  async (query) => {
    const answer = await api.call(`GET /v1/connections?${query}`);
    expect([answer.status, answer.body.code]).toEqual([400, 'invalid-request']);
  },
);

test('every answer has Cache-Control: no-store, X-Content-Type-Options: nosniff and a request id', async () => {
  for (const request of [
    'GET /v1/connections',
    'GET /v1/nothing',
    'POST /v1/connections',
    'GET /v1/health',
  ]) {
    const { headers } = await api.call(request);
    expect([request, headers]).toEqual([
      request,
      expect.objectContaining({
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        'x-request-id': expect.any(String),
      }),
    ]);
  }
});
