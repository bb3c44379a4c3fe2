import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import * as v from 'valibot';
import { ProfileFailure } from '../../../shared/apis/profiles/failures.ts';
import { type ApiAnswer, type Api, startApi } from '../../api.ts';
import { inputMarker, arbitraryInput } from '../../arbitrary-input.ts';
import { certificate, privateKey } from '../../samples.ts';
import {
  createProfile,
  toProfileError,
  path,
  buildProfileInput,
  parseProfileAnswer,
  summarizeProfileFailure,
  testProfile,
} from './profiles.ts';

let api: Api;
let id: string;
beforeAll(async () => {
  api = await startApi();
  id = parseProfileAnswer(await createProfile(api, buildProfileInput())).id;
});
afterAll(() => api[Symbol.asyncDispose]());

const withConfig = (more: object) => ({
  ...buildProfileInput(),
  config: { ...buildProfileInput().config, ...more },
});
const kafka = (config: object) => ({
  ...buildProfileInput('events'),
  connector: 'kafka',
  config: { bootstrap_servers: 'k1:9092', ...config },
});

/** Checks that a failure has the form of this API. */
const inForm = ({ headers, body }: ApiAnswer) => {
  expect(headers['content-type']).toBe('application/json');
  expect(v.safeParse(v.strictObject(ProfileFailure.entries), body).issues).toBeUndefined();
};

describe('a request body', () => {
  test.each<[string, object, readonly string[]]>([
    ['without a name', { name: undefined }, ['name']],
    ['with an empty name', { name: '' }, ['name']],
    ['with a name of blanks', { name: '   ' }, ['name']],
    ['with a name of 201 characters', { name: 'n'.repeat(201) }, ['name']],
    ['with a number for a name', { name: 5 }, ['name']],
    ['without a connector', { connector: undefined }, ['connector']],
    ['with a connector that there is not', { connector: 'dbase' }, ['connector']],
    ['with a connector in capitals', { connector: 'KAFKA' }, ['connector']],
    ['without config', { config: undefined }, ['config']],
    ['with a list for config', { config: [] }, ['config']],
    ['with a text for config', { config: 'host=a' }, ['config']],
    ['with a description of 2001 characters', { description: 'd'.repeat(2001) }, ['description']],
    ['with credentials apart', { credentials: { password: 'x' } }, ['credentials']],
    ['with a connection string', { connection_string: 'postgresql://u:p@h/d' }, ['connection_string']],
    ['with two unknown fields', { a: 1, b: 2 }, ['a']], // valibot stops at the first unknown field
    ['with our name of the connector’s field', { type: 'postgresql' }, ['type']],
  ])('%s is rejected with the name of the field', async (_, more, fields) => {
    for (const answer of [
      await createProfile(api, { ...buildProfileInput('other'), ...more }),
      await testProfile(api, { ...buildProfileInput('other'), ...more }),
    ]) {
      expect(summarizeProfileFailure(answer)).toEqual([400, 'VALIDATION_ERROR', ...fields]);
      inForm(answer);
    }
  });

  test.each<[string, object, readonly string[]]>([
    ['a field that the connector lacks', { colour: 'red' }, ['config.colour']],
    ['a host that is none', { host: 'a b' }, ['config.host']],
    ['no host', { host: undefined }, ['config.host']],
    ['a port of the wrong type', { port: '5432' }, ['config.port']],
    ['a port out of range', { port: 70_000 }, ['config.port']],
    ['no password', { password: undefined }, ['config.password']],
    ['an empty password', { password: '' }, ['config.password']],
    ['an auth method that there is not', { auth_method: 'magic' }, ['config.auth_method']],
    ['an ssl_mode that there is not', { ssl_mode: 'maybe' }, ['config.ssl_mode']],
    ['an authority that is none', { ssl_ca: 'AAAA' }, ['config.ssl_ca']],
    ['a certificate without its key', { ssl_cert: certificate }, ['config.ssl_key']],
    ['a key without its certificate', { ssl_key: privateKey }, ['config.ssl_cert']],
    ['a secret that the caller keeps', { secret_arn: 'arn:aws:x' }, ['config.secret_arn']],
    ['options of ours', { max_connections: 3 }, ['config.max_connections']],
  ])('with %s in config is rejected with the name of the field', async (_, more, fields) => {
    for (const answer of [
      await createProfile(api, withConfig(more)),
      await testProfile(api, withConfig(more)),
    ]) {
      expect(summarizeProfileFailure(answer)).toEqual([400, 'VALIDATION_ERROR', ...fields]);
      expect(toProfileError(answer).message).toContain(`${fields[0]}: expected `);
      expect(answer.text).not.toMatch(/credentials\.|options\.|ssl\.(ca|cert|key)/);
      inForm(answer);
    }
  });

  test('for Kafka requires servers, a valid protocol and a complete login', async () => {
    const cases: readonly (readonly [object, string])[] = [
      [{ bootstrap_servers: undefined }, 'config.bootstrap_servers'],
      [{ bootstrap_servers: ['k1:9092'] }, 'config.bootstrap_servers'],
      [{ security_protocol: 'SASL' }, 'config.security_protocol'],
      [{ sasl_username: 'user' }, 'config.sasl_password'],
      [{ sasl_mechanism: 'GSSAPI', sasl_username: 'u', sasl_password: 'p' }, 'config.sasl_mechanism'],
      [{ username: 'user' }, 'config.username'],
    ];
    for (const [more, field] of cases)
      expect([field, ...summarizeProfileFailure(await createProfile(api, kafka(more)))]).toEqual([
        field,
        400,
        'VALIDATION_ERROR',
        field,
      ]);
  });

  test.each(['{', '', 'name=orders', 'null', '"name"'])(
    'that is not an object is rejected: %j',
    async (text) => {
      const answer = await api.call(`POST ${path}`, { text });
      expect(summarizeProfileFailure(answer)).toEqual([400, 'VALIDATION_ERROR', 'body']);
      inForm(answer);
    },
  );

  test('that is a list is rejected', async () => {
    const answer = await createProfile(api, []);
    expect(summarizeProfileFailure(answer).slice(0, 2)).toEqual([400, 'VALIDATION_ERROR']);
    inForm(answer);
  });

  test('of another content type is rejected', async () => {
    const answer = await createProfile(api, buildProfileInput('typed'), { 'content-type': 'text/plain' });
    expect(summarizeProfileFailure(answer)).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE']);
    inForm(answer);
  });

  test('of more than 256 KB is rejected', async () => {
    const answer = await createProfile(api, {
      ...buildProfileInput('large'),
      description: 'd'.repeat(300_000),
    });
    expect(summarizeProfileFailure(answer)).toEqual([413, 'PAYLOAD_TOO_LARGE']);
    inForm(answer);
  });

  test('of any content is answered in the form of this API, and its content is not repeated', async () => {
    const names = ['host', 'port', 'database', 'username', 'password', 'ssl_mode', 'ssl_ca', 'ssl_key'];
    const config = fc.dictionary(
      fc.constantFrom(...names, 'bootstrap_servers', 'sasl_password', 'x'),
      arbitraryInput,
    );
    const fields = fc.record(
      {
        name: arbitraryInput,
        connector: fc.oneof(arbitraryInput, fc.constantFrom('kafka', 'postgres', 'mysql', 'mongodb', 's3')),
        description: arbitraryInput,
        config: fc.oneof(arbitraryInput, config),
        other: arbitraryInput,
      },
      { requiredKeys: [] },
    );
    const bodies = fc.oneof(
      fields,
      fields.map((given) => ({ ...buildProfileInput(), ...given })),
      fc.jsonValue(),
    );
    await fc.assert(
      fc.asyncProperty(bodies, async (body) => {
        const answer = await createProfile(api, body);
        expect([201, 400, 409]).toContain(answer.status);
        if (answer.status === 201) return;
        expect(answer.text).not.toContain(inputMarker);
        inForm(answer);
      }),
      { numRuns: 200 },
    );
  });
});

describe('a profile id', () => {
  test.each([
    'prof_abc123',
    'prof_',
    `prof_${'0'.repeat(32)}`,
    `prof_${'g'.repeat(32)}`,
    `conn_${'0'.repeat(32)}`,
    '%00',
    'test',
  ])('that does not exist returns 404, well-formed or not: %s', async (wrong) => {
    for (const request of [`DELETE ${path}/${wrong}`, `GET ${path}/${wrong}/autocomplete`]) {
      const answer = await api.call(request);
      expect(summarizeProfileFailure(answer)).toEqual([404, 'NOT_FOUND']);
      expect(toProfileError(answer).message).toBe('Connection profile not found');
      inForm(answer);
    }
  });

  test('with another prefix or none returns 404', async () => {
    for (const wrong of [`conn_${id.slice(5)}`, id.slice(5), id.toUpperCase()])
      expect(summarizeProfileFailure(await api.call(`DELETE ${path}/${wrong}`))).toEqual([404, 'NOT_FOUND']);
  });
});

describe('a path', () => {
  test.each([
    ['PUT', '', 'GET, POST'],
    ['PATCH', '', 'GET, POST'],
    ['DELETE', '', 'GET, POST'],
    ['GET', '/test', 'POST'],
    ['GET', `/prof_${'0'.repeat(32)}`, 'DELETE'],
    ['PATCH', `/prof_${'0'.repeat(32)}`, 'DELETE'],
    ['POST', `/prof_${'0'.repeat(32)}/autocomplete`, 'GET'],
  ])('returns 405 for %s at %j, with the methods that it has', async (method, rest, allow) => {
    const answer = await api.call(`${method} ${path}${rest}`);
    expect(summarizeProfileFailure(answer)).toEqual([405, 'METHOD_NOT_ALLOWED']);
    expect(answer.headers['allow']?.split(', ')).toEqual(expect.arrayContaining(allow.split(', ')));
    inForm(answer);
  });

  test.each(['/', '/prof_1/tables', '/prof_1/autocomplete/more'])(
    'that does not exist returns 404 in the form of this API: %s',
    async (rest) => {
      const answer = await api.call(`GET ${path}${rest}`);
      expect(summarizeProfileFailure(answer)).toEqual([404, 'NOT_FOUND']);
      inForm(answer);
    },
  );

  test('that only starts with the path of this API belongs to another API', async () => {
    expect((await api.call(`GET ${path}s`)).headers['content-type']).not.toBe('application/json');
  });
});

describe('a query parameter', () => {
  test.each([
    ['GET', '?limit=5', 'limit'],
    ['GET', '?cursor=x&cursor=y', 'cursor'],
    ['POST', '?test=false', 'test'],
    ['POST', '/test?verbose=1', 'verbose'],
    ['DELETE', '/{id}?purge=true', 'purge'],
    ['GET', '/{id}/autocomplete?type=functions', 'type'],
    ['GET', '/{id}/autocomplete?type=', 'type'],
    ['GET', '/{id}/autocomplete?type=topics', 'type'], // PostgreSQL has no topics
    ['GET', '/{id}/autocomplete?type=columns', 'parent'],
    ['GET', '/{id}/autocomplete?limit=5', 'limit'],
    ['GET', `/{id}/autocomplete?prefix=${'p'.repeat(1001)}`, 'prefix'],
  ])('is rejected by name: %s %s', async (method, rest, name) => {
    const request = `${method} ${path}${rest.replace('{id}', id)}`;
    const answer = await api.call(request, method === 'POST' ? { body: buildProfileInput('queried') } : {});
    expect(summarizeProfileFailure(answer)).toEqual([400, 'VALIDATION_ERROR', name]);
    inForm(answer);
  });

  test.each(['', 'x', 'A'.repeat(100)])('cursor is rejected when it is malformed: %j', async (cursor) => {
    const answer = await api.call(`GET ${path}?cursor=${cursor}`);
    expect(summarizeProfileFailure(answer)).toEqual([400, 'VALIDATION_ERROR', 'cursor']);
    inForm(answer);
  });
});

describe('a caller', () => {
  const requests = () =>
    [
      [`GET ${path}`, 'connections:read'],
      [`POST ${path}`, 'connections:write'],
      [`POST ${path}/test`, 'connections:test'],
      [`DELETE ${path}/${id}`, 'connections:write'],
      [`GET ${path}/${id}/autocomplete`, 'connections:read'],
    ] as const;

  test('without a valid key gets 401', async () => {
    for (const [request] of requests())
      for (const key of ['', 'sk_unknown']) {
        const answer = await api.call(request, { key, body: {} });
        expect(summarizeProfileFailure(answer)).toEqual([401, 'UNAUTHORIZED']);
        expect(answer.headers['www-authenticate']).toBe('Bearer');
        inForm(answer);
      }
  });

  test('without the scope gets 403 with the name of the scope', async () => {
    for (const [request, scope] of requests()) {
      const scopes = ['connections:read', 'connections:write', 'connections:test'];
      const key = `sk_${scope.slice(12)}_lacking`;
      await api.addKey(key, { org: 'org_test', scopes: scopes.filter((one) => one !== scope) });
      const answer = await api.call(request, { key, body: {} });
      expect(summarizeProfileFailure(answer)).toEqual([403, 'FORBIDDEN']);
      expect(toProfileError(answer).details.reason).toContain(scope);
      inForm(answer);
    }
  });

  test('of another organisation finds no profiles', async () => {
    const key = 'sk_of_others';
    await api.addKey(key, { org: 'org_other' });
    expect((await api.call(`GET ${path}`, { key })).body).toEqual({ data: [] });
    for (const [request] of requests().slice(3))
      expect(summarizeProfileFailure(await api.call(request, { key }))).toEqual([404, 'NOT_FOUND']);
  });

  test('may name an environment, and gets 400 for an invalid name', async () => {
    const headers = { 'x-environment-id': 'staging' };
    expect((await api.call(`GET ${path}`, { headers })).body).toEqual({ data: [] });
    const answer = await api.call(`GET ${path}`, { headers: { 'x-environment-id': 'a b' } });
    expect(summarizeProfileFailure(answer)).toEqual([400, 'VALIDATION_ERROR', 'X-Environment-Id']);
    inForm(answer);
  });

  test('over the quota of tests gets 429 with Retry-After', async () => {
    await using own = await startApi({ settings: { tests_per_minute: 1 } });
    await testProfile(own, buildProfileInput());
    const answer = await testProfile(own, buildProfileInput());
    expect(summarizeProfileFailure(answer)).toEqual([429, 'RATE_LIMITED']);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    inForm(answer);
  });
});
