import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { management } from '../../../shared/apis/management/management.ts';
import { Problem, problemCodes } from '../../../shared/problem.ts';
import { type Api, startApi } from '../../api.ts';
import { certificate, privateKey } from '../../samples.ts';
import {
  base,
  createManagementConnection,
  buildManagementInput,
  product,
  summarizeManagementFailure,
} from './samples.ts';

let api: Api;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api[Symbol.asyncDispose]());

const unknown = '01a1fe68-259e-7939-a390-c73a1c6b9015';
const post = (text: string, headers: object = product) =>
  api.call(`POST ${base}`, { text, headers: { ...headers } });

describe('a request body', () => {
  test.each([
    ['configName', 'ab', 'FET-0401'],
    ['configName', ' ab ', 'FET-0401'],
    ['configName', 'a'.repeat(101), 'FET-0401'],
    ['configName', '   ', 'FET-0001'],
    ['configName', '', 'FET-0001'],
    ['configName', 5, 'FET-0401'],
    ['configName', null, 'FET-0401'],
    ['type', 'postgresql', 'FET-0401'],
    ['type', 'REDSHIFT', 'FET-0401'],
    ['type', 'constructor', 'FET-0401'],
    ['host', '\t', 'FET-0001'],
    ['host', 'a host', 'FET-0401'],
    ['host', 'a,b', 'FET-0401'],
    ['host', 'https://db.example.com', 'FET-0401'],
    ['port', 0, 'FET-0401'],
    ['port', 65_536, 'FET-0401'],
    ['port', 5432.5, 'FET-0401'],
    ['port', '5432', 'FET-0401'],
    ['databaseName', ' ', 'FET-0001'],
    ['databaseName', 'a\u0000b', 'FET-0401'],
    ['databaseName', 'a'.repeat(256), 'FET-0401'],
    ['userName', '', 'FET-0001'],
    ['password', '', 'FET-0001'],
    ['password', 'a\u0000b', 'FET-0401'],
    ['schema', 5, 'FET-0401'],
    ['ssl', 'require', 'FET-0401'],
    ['ssl', {}, 'FET-0402', 'ssl.mode'],
    ['ssl', { mode: 'prefer' }, 'FET-0413', 'ssl.mode'],
    ['ssl', { mode: 5 }, 'FET-0413', 'ssl.mode'],
    ['ssl', { mode: 'require', ca: 'not a certificate' }, 'FET-0401', 'ssl.ca'],
    ['ssl', { mode: 'require', cert: certificate }, 'FET-0401', 'ssl.key'],
    ['ssl', { mode: 'require', key: privateKey }, 'FET-0401', 'ssl.cert'],
    ['metadata', [], 'FET-0401'],
    ['metadata', { a: 1 }, 'FET-0401', 'metadata.a'],
    ['metadata', { a: null }, 'FET-0401', 'metadata.a'],
    ['metadata', { a: ['b'] }, 'FET-0410', 'metadata.a'],
    ['metadata', { '': 'b' }, 'FET-0401', 'metadata.'],
    ['metadata', { 'mooring:schema': 'b' }, 'FET-0401'],
    ['metadata', Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`k${i}`, 'v'])), 'FET-0401'],
    ['host', '169.254.169.254', 'FET-0414'],
    ['host', '0xa9.254.43518', 'FET-0414'],
    ['host', '[::ffff:169.254.169.254]', 'FET-0414'],
    ['host', '0.0.0.0', 'FET-0414'],
    ['host', '2852039166', 'FET-0414'],
  ])('with %s of %j returns %s', async (name, value, code, field = name) => {
    expect(summarizeManagementFailure(await createManagementConnection(api, { [name]: value }))).toEqual([
      400,
      code,
      field,
    ]);
  });

  test.each([
    ['bad JSON', '{', [400, 'FET-0401']],
    ['a list', '[]', [400, 'FET-0402', ...Object.keys(buildManagementInput()).toSorted()]],
    ['null', 'null', [400, 'FET-0401']],
    ['nothing', '', [400, 'FET-0402']],
    ['too much', JSON.stringify(buildManagementInput({ schema: 'a'.repeat(270_000) })), [413, 'FET-9413']],
    ['__proto__', '{"__proto__": 1}', [400, 'FET-0402', ...Object.keys(buildManagementInput()).toSorted()]],
  ])('that is %s is rejected', async (_, text, expected) => {
    expect(summarizeManagementFailure(await post(text))).toEqual(expected);
  });

  test('of another content type returns 415', async () => {
    const headers = { ...product, 'content-type': 'text/plain' };
    expect(summarizeManagementFailure(await post(JSON.stringify(buildManagementInput()), headers))).toEqual([
      415,
      'FET-9415',
    ]);
  });

  test('is not validated before the header', async () => {
    expect(summarizeManagementFailure(await post('{', {}))).toEqual([400, 'FET-0403', 'X-Product-Name']);
    expect(summarizeManagementFailure(await api.call(`POST ${base}/${unknown}/assign`))).toEqual([
      400,
      'FET-0403',
      'X-Product-Name',
    ]);
  });

  test('loses the blanks around configName and userName', async () => {
    const { status, body } = await createManagementConnection(api, {
      configName: '  trimmed ',
      userName: ' reader ',
    });
    expect([status, body['configName'], body['userName']]).toEqual([201, 'trimmed', 'reader']);
  });

  test('without ssl uses ssl_mode prefer, because clients of this API connect to servers without TLS', async () => {
    const { body } = await createManagementConnection(api, { configName: 'no ssl' });
    const own = await api.stored(`conn_${body.id.replaceAll('-', '')}`);
    expect([own?.options.ssl_mode, own?.status, own?.awaits_test]).toEqual(['prefer', 'pending', null]);
  });

  test('with a host that cannot be resolved is stored, and nothing is dialled', async () => {
    const answer = await createManagementConnection(api, { configName: 'nowhere', host: 'nothing.invalid' });
    expect(answer.status).toBe(201);
    expect((await api.settle()).tests).toEqual([]);
  });

  test('with certificates stores them and returns only the mode', async () => {
    const ssl = { mode: 'verify-ca', ca: certificate, cert: certificate, key: privateKey };
    const answer = await createManagementConnection(api, { configName: 'certificates', ssl });
    expect([answer.status, answer.body['ssl']]).toEqual([201, { mode: 'verify-ca' }]);
    const { credentials } = await api.secretOf(`conn_${answer.body.id.replaceAll('-', '')}`);
    expect(credentials).toMatchObject({ password: 'not-a-real-password', ssl_key: privateKey });
  });
});

describe('host address', () => {
  test.each(['127.0.0.1', '::1', '127.1', '2130706433'])(
    '%s is rejected when the policy does not allow loopback',
    async (host) => {
      await using strict = await startApi({ policy: {} });
      expect(summarizeManagementFailure(await createManagementConnection(strict, { host }))).toEqual([
        400,
        'FET-0414',
        'host',
      ]);
      expect((await createManagementConnection(api, { host, configName: `loopback ${host}` })).status).toBe(
        201,
      );
    },
  );

  test('is checked against the lists of the deployment, and a host name is not', async () => {
    await using strict = await startApi({ policy: { allow: ['10.0.0.0/8'], deny: ['10.9.0.0/16'] } });
    expect((await createManagementConnection(strict, { host: '10.1.2.3' })).status).toBe(201);
    expect(
      summarizeManagementFailure(await createManagementConnection(strict, { host: '10.9.2.3' })),
    ).toEqual([400, 'FET-0414', 'host']);
    expect(
      summarizeManagementFailure(await createManagementConnection(strict, { host: '192.0.2.1' })),
    ).toEqual([400, 'FET-0414', 'host']);
    expect(
      (await createManagementConnection(strict, { host: 'db.example.com', configName: 'a name' })).status,
    ).toBe(201);
  });
});

describe('a request', () => {
  test.each([
    ['GET', ''],
    ['PATCH', ''],
    ['DELETE', ''],
    ['POST', '/test'],
    ['POST', '/assign'],
    ['GET', '/schema'],
  ])('%s {id}%s returns 400 for an id that is not a UUID and 404 for an unknown id', async (method, rest) => {
    const body = method === 'PATCH' ? { body: { port: 5433 } } : {};
    const call = (id: string) => api.call(`${method} ${base}/${id}${rest}`, { ...body, headers: product });
    for (const id of ['zzz', 'conn_01a1fe68259e7939a390c73a1c6b9015', `${unknown}0`, '%00', 'unassigned%20'])
      expect(summarizeManagementFailure(await call(id))).toEqual([400, 'FET-0404', 'id']);
    expect(summarizeManagementFailure(await call(unknown))).toEqual([404, 'FET-1001']);
    expect(summarizeManagementFailure(await call(unknown.toUpperCase()))).toEqual([404, 'FET-1001']);
  });

  test.each([
    [`PUT ${base}`, 405, 'FET-9405', 'POST, GET'],
    [`DELETE ${base}/${unknown}/test`, 405, 'FET-9405', 'POST'],
    ['GET /v1/management', 404, 'FET-1001', undefined],
    ['GET /v1/management/nothing', 404, 'FET-1001', undefined],
  ])('%s returns %d %s', async (request, status, code, allow) => {
    const answer = await api.call(request);
    expect([answer.status, answer.body.code, answer.headers['allow']]).toEqual([status, code, allow]);
  });

  test('without a valid key returns 401, and without the scope 403', async () => {
    await api.addKey('sk_reader', { org: 'org_test', scopes: ['connections:read'] });
    const nobody = await api.call(`GET ${base}`, { key: '' });
    expect([...summarizeManagementFailure(nobody), nobody.headers['www-authenticate']]).toEqual([
      401,
      'FET-9401',
      'Bearer',
    ]);
    expect(summarizeManagementFailure(await api.call(`GET ${base}`, { key: 'sk_nobody' }))).toEqual([
      401,
      'FET-9401',
    ]);
    for (const [method, rest] of [
      ['PATCH', ''],
      ['DELETE', ''],
      ['POST', '/test'],
      ['POST', '/assign'],
    ])
      expect(
        summarizeManagementFailure(
          await api.call(`${method} ${base}/${unknown}${rest}`, { key: 'sk_reader', body: {} }),
        ),
      ).toEqual([403, 'FET-9403']);
    expect((await api.call(`GET ${base}`, { key: 'sk_reader' })).status).toBe(200);
  });

  test('is rejected when X-Organization-Id names another organisation', async () => {
    const asked = (org: string) => api.call(`GET ${base}`, { headers: { 'x-organization-id': org } });
    expect((await asked('org_test')).status).toBe(200);
    expect(summarizeManagementFailure(await asked('org_other'))).toEqual([
      400,
      'FET-0403',
      'X-Organization-Id',
    ]);
    const made = await createManagementConnection(
      api,
      { configName: 'other org' },
      { ...product, 'x-organization-id': 'org_other' },
    );
    expect(summarizeManagementFailure(made)).toEqual([400, 'FET-0403', 'X-Organization-Id']);
  });

  test('with an invalid environment name is rejected', async () => {
    const answer = await api.call(`GET ${base}`, { headers: { 'x-environment-id': 'a b' } });
    expect(summarizeManagementFailure(answer)).toEqual([400, 'FET-0403', 'X-Environment-Id']);
  });

  test('with an invalid query parameter is rejected', async () => {
    expect(summarizeManagementFailure(await api.call(`GET ${base}/${unknown}?verbose=1`))).toEqual([
      400,
      'FET-0405',
      'verbose',
    ]);
    expect(summarizeManagementFailure(await api.call(`GET ${base}?page=1&page=2`))).toEqual([
      400,
      'FET-0405',
      'page',
    ]);
  });

  test('over the quota of tests returns 429 with Retry-After', async () => {
    await using few = await startApi({ settings: { tests_per_minute: 1 } });
    await few.call(`POST ${base}/${unknown}/test`);
    const answer = await few.call(`POST ${base}/${unknown}/test`);
    expect(summarizeManagementFailure(answer)).toEqual([429, 'FET-9429']);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
  });
});

describe('a failure', () => {
  test.each(problemCodes)('%s has a code and a message', (code) => {
    const { status, body } = management.failure(new Problem(code, 'A sentence.'), String);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(body).toEqual({
      code: expect.stringMatching(/^FET-\d{4}$/),
      title: expect.stringMatching(/./),
      message: expect.stringMatching(/./),
    });
  });

  test('contains only scrubbed text', () => {
    for (const code of problemCodes)
      for (const place of [undefined, 'body', 'query', 'header', 'path'] as const) {
        const errors = [{ path: 'host', expected: 'a name' }];
        const problem = new Problem(code, 'said hunter2', { errors, ...(place && { place }) });
        const clean = (text: string) => text.replaceAll('hunter2', '***');
        expect(JSON.stringify(management.failure(problem, clean))).not.toContain('hunter2');
      }
  });

  test('keeps the expectation even if the password is a part of its text', async () => {
    const answer = await createManagementConnection(api, { port: 0, password: 'e' });
    expect(answer.body['fields']).toEqual({ port: 'expected at least 1' });
    expect(answer.body['message']).toBe('port: expected at least 1');
  });

  const secret = 'a-secret-of-somebody';
  const value = fc.oneof(
    fc.jsonValue(),
    fc.constant(secret),
    fc.constant({ mode: secret, key: secret }),
    fc.record({ [secret.slice(0, 4)]: fc.constant(secret) }),
  );
  test('has the form of this API for any input and never repeats the input', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(`POST ${base}`, `PATCH ${base}/${unknown}`, `POST ${base}/validate-schema`),
        fc.oneof(
          value,
          fc.dictionary(
            fc.constantFrom(
              ...Object.keys(buildManagementInput()),
              'schema',
              'ssl',
              'metadata',
              'mappedFields',
            ),
            value,
          ),
          fc.record(Object.fromEntries(Object.keys(buildManagementInput()).map((name) => [name, value]))),
        ),
        async (request, body) => {
          const answer = await api.call(request, {
            body: { port: 5432, ...Object(body), password: secret },
            headers: product,
          });
          if (answer.status === 201) return;
          expect([400, 404, 409, 413]).toContain(answer.status);
          expect(Object.keys(answer.body)).toEqual(expect.arrayContaining(['code', 'title', 'message']));
          expect(answer.text).not.toContain(secret);
        },
      ),
      { numRuns: 150 },
    );
  });
});
