import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { ConnectorType } from '../../../shared/connectors/registry.ts';
import { problems } from '../../../shared/problem.ts';
import { type ApiAnswer, type Api, summarizeRefusal, startApi } from '../../api.ts';
import { inputMarker, arbitraryInput } from '../../arbitrary-input.ts';
import { buildMinimalConnection, connectorTypes } from '../../contracts/samples.ts';
import { certificate, privateKey } from '../../samples.ts';

let api: Api;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api[Symbol.asyncDispose]());

const credentials = {
  host: 'db.example.com',
  database: 'shop',
  user: 'reader',
  password: 'not-a-real-password',
};
let made = 0;
const draft = (more: object = {}, changes: object = {}) => ({
  name: `Orders ${(made += 1)}`,
  mode: 'managed',
  credentials: { ...credentials, ...changes },
  ...more,
});
const post = (body: object, provider = 'postgresql', call: object = {}) =>
  api.call(`POST /v1/providers/${provider}/connections`, { body, ...call });
const shown = async ({ body }: ApiAnswer) => (await api.call(`GET /v1/connections/${body.id}`)).body;

describe('a provider', () => {
  /** A body in the fields of this API, which calls a username `user`. Only Snowflake requires the auth method. */
  const buildCredentials = (type: ConnectorType) => {
    const { config, credentials: secrets } = buildMinimalConnection(type, privateKey);
    const { username: user, ...settings } = config;
    const { auth_method, ...others } = secrets;
    return {
      ...settings,
      ...(user !== undefined && { user }),
      ...(type === 'snowflake' && { auth_method }),
      ...others,
    };
  };

  test.each(connectorTypes)('exists for each connector, with all fields in one object: %s', async (type) => {
    const answer = await post({ ...draft(), credentials: buildCredentials(type) }, type);
    expect([answer.status, answer.body['provider']]).toEqual([201, type]);
    expect(await shown(answer)).toMatchObject({ type, options: { ssl_mode: 'prefer' } });
  });

  test.each(['dbase', 'postgres', 'POSTGRESQL', 'constructor', '__proto__', '%20'])(
    'that does not exist returns 404 for any body: %s',
    async (provider) => {
      for (const body of [draft(), {}]) {
        const answer = await post(body, provider);
        expect(summarizeRefusal(answer)).toEqual([404, 'not-found']);
        expect(answer.headers['content-type']).toBe('application/problem+json');
      }
    },
  );

  test('returns 405 for a method other than POST', async () => {
    const answer = await api.call('GET /v1/providers/postgresql/connections');
    expect([...summarizeRefusal(answer), answer.headers['allow']]).toEqual([
      405,
      'method-not-allowed',
      'POST',
    ]);
    expect(summarizeRefusal(await api.call('GET /v1/providers'))).toEqual([404, 'not-found']);
  });
});

describe('request fields', () => {
  test.each([
    ['', 400],
    ['   ', 400],
    ['x'.repeat(101), 400],
    ['x'.repeat(100), 201],
    ['é', 201],
    [5, 400],
    [null, 400],
  ])('name has 1 to 100 characters: %j', async (name, status) => {
    expect(summarizeRefusal(await post(draft({ name })))).toEqual(
      status === 201 ? [201, undefined] : [400, 'invalid-request', 'name'],
    );
  });

  test('mode is managed or platform', async () => {
    for (const mode of ['Managed', '', 5, null])
      expect(summarizeRefusal(await post(draft({ mode })))).toEqual([400, 'invalid-request', 'mode']);
  });

  test('credentials is an object', async () => {
    for (const wrong of ['text', 5, null, [], ['a']])
      expect(summarizeRefusal(await post(draft({ credentials: wrong })))).toEqual([
        400,
        'invalid-request',
        'credentials',
      ]);
  });

  test.each(['type', 'config', 'options', 'provider', 'role', 'tags', '__proto__'])(
    'another field is rejected: %s',
    async (name) => {
      const text = JSON.stringify(draft()).replace('{', `{"${name}":"x",`);
      const answer = await post({}, 'postgresql', { text });
      expect(summarizeRefusal(answer)).toEqual([400, 'invalid-request', name]);
    },
  );

  test.each(['role', 'colour', 'account', 'token', 'secret_arn', 'constructor', 'config', 'ssl', 'options'])(
    'another credentials field is rejected: %s',
    async (name) => {
      expect(summarizeRefusal(await post(draft({}, { [name]: 'x' })))).toEqual([
        400,
        'invalid-request',
        `credentials.${name}`,
      ]);
    },
  );

  test('user may also be sent as username, but not together with it', async () => {
    const { user: username, ...others } = credentials;
    expect(await shown(await post(draft({ credentials: { ...others, username } })))).toMatchObject({
      config: { username: 'reader' },
    });
    expect(summarizeRefusal(await post(draft({}, { username })))).toEqual([
      400,
      'invalid-request',
      'credentials.username',
    ]);
    expect(summarizeRefusal(await post(draft({ credentials: { ...others, username: 5 } })))).toEqual([
      400,
      'invalid-request',
      'credentials.username',
    ]);
    expect(summarizeRefusal(await post(draft({ credentials: others })))).toEqual([
      400,
      'invalid-request',
      'credentials.user',
    ]);
  });

  test('a problem keeps words that equal a user or host, and withholds text that equals a secret', async () => {
    const { body } = await post(draft({}, { host: 'a', user: 'value', database: 'it', port: 0 }));
    expect(body['detail']).toBe('credentials.port: expected a port from 1 to 65535');
    const { text } = await post(draft({}, { password: 'port', port: 0 }));
    expect(text).toContain('withheld');
  });

  test('a query parameter is rejected', async () => {
    const answer = await api.call('POST /v1/providers/postgresql/connections?verify=true', { body: draft() });
    expect(summarizeRefusal(answer)).toEqual([400, 'invalid-request', 'verify']);
  });
});

describe('TLS', () => {
  test.each(['disable', 'prefer', 'require', 'verify-ca', 'verify-full'])(
    'follows ssl_mode: %s',
    async (mode) => {
      expect(await shown(await post(draft({}, { ssl_mode: mode })))).toMatchObject({
        options: { ssl_mode: mode },
      });
    },
  );

  test('is preferred when ssl_mode is missing', async () => {
    expect(await shown(await post(draft()))).toMatchObject({ options: { ssl_mode: 'prefer' } });
  });

  test.each(['on', 'REQUIRE', '', 5, null])('with an unknown ssl_mode is rejected: %j', async (ssl_mode) => {
    expect(summarizeRefusal(await post(draft({}, { ssl_mode })))).toEqual([
      400,
      'invalid-request',
      'credentials.ssl_mode',
    ]);
  });

  test('uses the certificates and the key in credentials', async () => {
    const answer = await post(
      draft({}, { ssl_mode: 'verify-ca', ssl_ca: certificate, ssl_cert: certificate, ssl_key: privateKey }),
    );
    expect(await shown(answer)).toMatchObject({ ssl: { ca: certificate, has_client_certificate: true } });
    expect((await api.secretOf(answer.body.id)).credentials).toEqual({
      auth_method: 'password',
      password: 'not-a-real-password',
      ssl_key: privateKey,
    });
  });

  test.each([
    [{ ssl_ca: 'x' }, 'credentials.ssl_ca'],
    [{ ssl_cert: 5 }, 'credentials.ssl_cert'],
    [{ ssl_cert: certificate }, 'credentials.ssl_key'],
    [{ ssl_key: privateKey }, 'credentials.ssl_cert'],
  ])('with an invalid part is rejected under the name of that part: %j', async (changes, path) => {
    const answer = await post(draft({}, changes));
    expect(summarizeRefusal(answer)).toEqual([400, 'invalid-request', path]);
    expect(answer.text).not.toMatch(/ssl\./);
  });
});

describe('Snowflake', () => {
  const account = { account: 'myorg-account', user: 'reader' };
  const snow = (all: object) => post(draft({ credentials: { ...account, ...all } }), 'snowflake');

  test.each([
    [{ auth_method: 'password', password: 'x' }, [201, undefined]],
    [{ auth_method: 'key_pair', private_key: privateKey }, [201, undefined]],
    [{ auth_method: 'key_pair', private_key: privateKey, private_key_passphrase: 'x' }, [201, undefined]],
    [{ auth_method: 'password' }, [400, 'credentials-required', 'credentials.password']],
    [{ auth_method: 'key_pair' }, [400, 'credentials-required', 'credentials.private_key']],
    [{ auth_method: 'key_pair', password: 'x' }, [400, 'credentials-required', 'credentials.private_key']],
    [
      { auth_method: 'password', password: 'x', private_key: privateKey },
      [400, 'invalid-request', 'credentials.private_key'],
    ],
    [{ password: 'x' }, [400, 'invalid-request', 'credentials.auth_method']],
    [{ auth_method: 'oauth', token: 'x' }, [400, 'invalid-request', 'credentials.auth_method']],
    [{ auth_method: 'token', token: 'x' }, [400, 'invalid-request', 'credentials.auth_method']],
    [{ auth_method: null, password: 'x' }, [400, 'invalid-request', 'credentials.auth_method']],
  ])('requires exactly the fields of its auth_method: %j', async (all, expected) => {
    expect(summarizeRefusal(await snow(all))).toEqual(expected);
  });

  test('uses the schema PUBLIC by default', async () => {
    const all = { auth_method: 'password', password: 'x' };
    expect(await shown(await snow(all))).toMatchObject({ config: { schema: 'PUBLIC' } });
    expect(await shown(await snow({ ...all, schema: 'SALES' }))).toMatchObject({
      config: { schema: 'SALES' },
    });
  });
});

describe('a create', () => {
  test('does not dial, and is pending until its queued test ends', async () => {
    const answer = await post(draft({}, { host: '127.0.0.1', port: 1 }));
    expect([answer.status, answer.body['status'], answer.body['last_tested_at']]).toEqual([
      201,
      'pending',
      null,
    ]);
    const { events, tests } = await api.settle();
    expect([events.at(-1)?.type, tests.at(-1)?.trigger]).toEqual(['connection.created', 'create']);
    expect(await shown(answer)).toMatchObject({ status: 'failed', status_reason: 'connection-refused' });
  });

  test('of a taken name returns 409 in any case, also for concurrent requests', async () => {
    const answers = await Promise.all(['Sales', 'SALES'].map((name) => post(draft({ name }))));
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 409]);
    const lost = answers.find(({ status }) => status === 409);
    expect(lost?.body.code).toBe('name-taken');
    const { body } = answers.find(({ status }) => status === 201) ?? { body: { id: '' } };
    await api.call(`DELETE /v1/connections/${body.id}`);
    expect((await post(draft({ name: 'sales' }))).status).toBe(201);
  });

  test('with an Idempotency-Key happens once and for one provider only', async () => {
    const headers = { 'idempotency-key': 'once' };
    const body = draft();
    const [first, second] = [
      await post(body, 'postgresql', { headers }),
      await post(body, 'postgresql', { headers }),
    ];
    expect(second.body).toEqual(first.body);
    expect(summarizeRefusal(await post(body, 'redshift', { headers }))).toEqual([
      422,
      'idempotency-key-reused',
    ]);
    expect(summarizeRefusal(await post(body, 'postgresql', { headers: { 'idempotency-key': '' } }))).toEqual([
      400,
      'invalid-request',
      'Idempotency-Key',
    ]);
  });

  test('in platform mode names a secret and contains none', async () => {
    const { password: _, ...others } = credentials;
    const arn = 'arn:aws:secretsmanager:local:000000000000:secret:nobodys';
    const platform = (more: object) => post(draft({ mode: 'platform', credentials: { ...others, ...more } }));
    expect(summarizeRefusal(await platform({ secret_arn: arn }))).toEqual([422, 'secret-not-shared']);
    expect(summarizeRefusal(await platform({ secret_arn: 'mine' }))).toEqual([
      400,
      'invalid-request',
      'credentials.secret_arn',
    ]);
    expect(summarizeRefusal(await platform({ secret_arn: arn, password: 'x' }))).toEqual([
      400,
      'invalid-request',
      'credentials.password',
    ]);
  });

  test('needs a key with the write scope and the environment', async () => {
    await api.addKey('sk_reads', { org: 'org_test', scopes: ['connections:read', 'connections:test'] });
    await api.addKey('sk_staging', { org: 'org_test', environments: ['staging'] });
    for (const [key, status, code] of [
      ['', 401, 'unauthenticated'],
      ['sk_unknown', 401, 'unauthenticated'],
      ['sk_reads', 403, 'forbidden'],
      ['sk_staging', 403, 'forbidden'],
    ] as const) {
      const answer = await post(draft(), 'postgresql', { key });
      expect(summarizeRefusal(answer)).toEqual([status, code]);
      expect(answer.headers['content-type']).toBe('application/problem+json');
    }
  });

  test.each(['{', '[]', '"x"', 'null', ''])(
    'with a body that is not an object is rejected: %j',
    async (text) => {
      expect((await post({}, 'postgresql', { text })).body).toMatchObject({
        code: 'invalid-request',
        status: 400,
      });
    },
  );

  test('with another content type or a body over the size limit is rejected', async () => {
    const headers = { 'content-type': 'text/plain' };
    expect(summarizeRefusal(await post(draft(), 'postgresql', { headers }))).toEqual([
      415,
      'unsupported-media-type',
    ]);
    expect(summarizeRefusal(await post(draft({ name: 'é'.repeat(140_000) })))).toEqual([
      413,
      'payload-too-large',
    ]);
  });

  test('returns a known problem for any input and never repeats the input', async () => {
    const names =
      'auth_method account user username host port database password private_key ssl_mode ssl_ca ssl_cert ssl_key secret_arn schema';
    const fields = fc.dictionary(fc.constantFrom(...names.split(' ')), arbitraryInput);
    const body = fc.oneof(
      fc.record(
        { name: arbitraryInput, mode: arbitraryInput, credentials: fc.oneof(fields, arbitraryInput) },
        { requiredKeys: [] },
      ),
      fields.map((all) => draft({}, all)),
      fc.jsonValue(),
    );
    await fc.assert(
      fc.asyncProperty(body, fc.constantFrom('postgresql', 'snowflake', 'kafka'), async (sent, provider) => {
        const answer = await post({}, provider, { text: JSON.stringify(sent) });
        expect([201, 400, 409, 422]).toContain(answer.status);
        if (answer.status === 201) return;
        expect(problems).toHaveProperty(answer.body.code);
        expect(answer.text).not.toContain(inputMarker);
      }),
      { numRuns: 200 },
    );
  });
});
