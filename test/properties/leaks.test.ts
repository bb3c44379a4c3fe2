import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type ApiAnswer, type Api, startApi } from '../api.ts';
import { type Echo, echoes, startEchoingServer } from '../echoing-server.ts';
import type { Probe } from '../../shared/ports/probe.ts';
import { certificate, createConnectionBody, privateKey } from '../samples.ts';
import { stringForms } from './strings.ts';

let server: Awaited<ReturnType<typeof startEchoingServer>>;
beforeAll(async () => {
  server = await startEchoingServer();
});
afterAll(() => server[Symbol.asyncDispose]());

/** Draws secrets of any characters that cannot occur in a text by chance. */
const secrets: fc.Arbitrary<string> = fc
  .tuple(
    fc.string({ unit: 'binary', maxLength: 12 }),
    fc.constantFrom('qZ7~x', 'Qz%41', 'zQ"7\\', 'q/Z+7', "Zq'7;", 'qZ\u{1F600}', 'Qz=7&', 'QZQZ7'),
    fc.oneof(
      fc.string({ unit: 'binary', minLength: 3, maxLength: 12 }),
      fc.base64String({ minLength: 4, maxLength: 12 }),
      fc.constantFrom('%%%', '"""', '\\n\\n', '&amp;', '\n\r\t', 'é'.repeat(5)),
    ),
  )
  .map((parts) => parts.join('').replaceAll('\0', '0').trim())
  .filter((secret) => secret.isWellFormed() && secret.length >= 6);

/** Secrets that are too short to be searched for, of characters that our own texts do not use. */
const shortSecrets = fc.string({ unit: fc.constantFrom('§', '¶', '\u{1F600}'), minLength: 1, maxLength: 2 });

/** Every spelling, also inside longer base64 text. */
const spellings = (secret: string) => {
  const bytes = Buffer.from(secret);
  return [
    secret,
    encodeURIComponent(secret),
    new URLSearchParams([['', secret]]).toString().slice(1),
    JSON.stringify(secret).slice(1, -1),
    JSON.stringify(JSON.stringify(secret).slice(1, -1)).slice(1, -1),
    bytes.toString('hex'),
    bytes.toString('base64').replace(/=+$/, ''),
    bytes.toString('base64url'),
  ];
};

/** Returns all that was answered, logged and sent out during the work. */
const seen = async (
  work: (ask: Api['call'], api: Api) => Promise<unknown>,
  probeSettles = true,
  probe?: Probe,
) => {
  await using api = await startApi(probe ? { probe } : {});
  const told: string[] = [];
  const ask: Api['call'] = async (...call) => {
    const answer = await api.call(...call);
    told.push(answer.text, JSON.stringify(answer.headers));
    return answer;
  };
  await work(ask, api);
  if (probeSettles) told.push(JSON.stringify(await api.settle()));
  return [...told, ...api.logged].join('\n');
};

const expectNone = (text: string, secret: string) => {
  for (const spelling of spellings(secret)) expect(text.includes(spelling) && [spelling, text]).toBe(false);
};

/** Without TLS, so that the server can read the secret. */
const aimed = (password: string) => ({
  ...createConnectionBody(),
  options: { ssl_mode: 'disable' },
  config: { host: '127.0.0.1', port: server.port, database: 'shop', username: 'reader' },
  credentials: { password },
});

/** Calls every route that handles a secret, against a server that sends back all that it receives. */
const wholeLife = async (ask: Api['call'], secret: string) => {
  const body = aimed(secret);
  await ask('POST /v1/connections/test', { body });
  await ask('POST /v1/connections?verify=true', { body: { ...body, name: 'Verified' } });
  const headers = { 'idempotency-key': 'once' };
  const made = await ask('POST /v1/connections', { body, headers });
  expect(made.status).toBe(201);
  await ask('POST /v1/connections', { body, headers });
  await ask('POST /v1/connections', { body: { ...body, tags: ['other'] }, headers });
  const at = `/v1/connections/${made.body.id}`;
  await ask(`POST ${at}/test`);
  await ask(`POST ${at}/test`, { body: { credentials: { password: secret } } });
  await ask(`GET ${at}/schema`);
  await ask(`GET ${at}/autocomplete?type=tables`);
  await ask(`PATCH ${at}`, { body: { config: { password: secret, database: 'other' } } });
  await ask(`PATCH ${at}`, {
    body: { config: { host: 'localhost' }, credentials: { access_key_id: secret } },
  });
  await ask(`PUT ${at}`, { body: { credentials: { password: secret } } });
  await ask(`PUT ${at}`, { body: { credentials: { password: secret } }, headers: { 'if-match': '"9.9"' } });
  for (const path of [at, `${at}/tests`, '/v1/connections']) await ask(`GET ${path}`);
  await ask(`DELETE ${at}`);
  await ask(`POST ${at}/restore`);
};

/** Does the same through the four other APIs. */
const otherLives = async (ask: Api['call'], secret: string) => {
  const { host, port, database, username } = aimed(secret).config;
  const product = { 'x-product-name': 'leaks' };
  const password = secret;
  await ask('POST /v1/providers/postgresql/connections', {
    body: {
      name: 'P',
      mode: 'managed',
      credentials: { host, port, database, user: username, password, ssl_mode: 'disable' },
    },
  });
  const managed = { type: 'POSTGRESQL', host, port, databaseName: database, userName: username, password };
  const { body } = await ask('POST /v1/management/connections', {
    body: { ...managed, configName: 'managed', ssl: { mode: 'disable' } },
    headers: product,
  });
  const at = `/v1/management/connections/${body.id}`;
  await ask(`POST ${at}/test`);
  await ask(`GET ${at}/schema`);
  await ask(`PATCH ${at}`, { body: { databaseName: 'other', password } });
  await ask('POST /v1/management/connections/validate-schema', {
    body: { mappedFields: { managed: { users: ['id'] } } },
  });
  await ask('GET /v1/management/connections');
  const config = { host, port, database, username, password, ssl_mode: 'disable' };
  const profile = { name: 'profile', connector: 'postgres', config };
  await ask('POST /api/v1/connection_profiles/test', { body: profile });
  const made = await ask('POST /api/v1/connection_profiles', { body: profile });
  await ask(`GET /api/v1/connection_profiles/${String(Object(made.body.data)['id'])}/autocomplete`);
  await ask('GET /api/v1/connection_profiles');
  const place = `${username}:${encodeURIComponent(secret)}@${host}:${port}/${database}`;
  const registered = await ask('POST /api/v1/connections', {
    body: {
      name: 'registered',
      db_type: 'supabase',
      connection_string: `postgresql://${place}?sslmode=disable`,
    },
  });
  expect([body.id, made.status, registered.status]).toEqual([expect.any(String), 201, 201]);
  await ask('GET /api/v1/connections');
};

/** Requests that the other APIs reject, with the secret in its field, in other fields, and as a name. */
const wrongElsewhere: readonly (readonly [route: string, make: (secret: string) => object])[] = [
  [
    'POST /v1/providers/postgresql/connections',
    (secret) => ({ name: 'x', mode: secret, credentials: secret }),
  ],
  [
    'POST /v1/providers/snowflake/connections',
    (secret) => ({ name: 'x', mode: 'managed', credentials: { auth_method: secret, private_key: secret } }),
  ],
  ['POST /v1/management/connections', (secret) => ({ configName: 'abc', type: secret, password: [secret] })],
  [
    'POST /v1/management/connections',
    (secret) => ({
      configName: 'abc',
      host: secret,
      port: secret,
      metadata: { a: { b: secret } },
      extra: secret,
    }),
  ],
  [
    'POST /v1/management/connections/validate-schema',
    (secret) => ({ mappedFields: { abc: { [`t${'x'.repeat(3000)}`]: secret } } }),
  ],
  ['POST /api/v1/connection_profiles', (secret) => ({ name: 'x', connector: secret, config: secret })],
  [
    'POST /api/v1/connection_profiles/test',
    (secret) => ({
      name: 'x',
      connector: 'kafka',
      config: { sasl_password: [secret], sasl_mechanism: secret },
    }),
  ],
  ['POST /api/v1/connections', (secret) => ({ name: [secret], db_type: secret, connection_string: secret })],
  [
    'POST /api/v1/connections',
    (secret) => ({
      name: 'x',
      db_type: 'supabase',
      connection_string: `postgresql://a:${secret}@[/x?y=${secret}`,
    }),
  ],
];

describe('no secret leaks', () => {
  test.each(echoes)('through the other APIs when a source sends it back as %s', async (echo: Echo) => {
    await fc.assert(
      fc.asyncProperty(secrets, async (secret) => {
        server.will(echo);
        const before = server.heard();
        expectNone(await seen((ask) => otherLives(ask, secret)), secret);
        expect(server.heard()).toBeGreaterThan(before);
      }),
      { numRuns: 6 },
    );
  });

  test.each(wrongElsewhere)('%s: when the body is invalid', async (route, make) => {
    await fc.assert(
      fc.asyncProperty(secrets, async (secret) => {
        const told = await seen(async (ask) => {
          const headers = { 'x-product-name': 'leaks' };
          const { status } = await ask(route, { body: make(secret), headers });
          expect([route, status >= 400 && status < 500]).toEqual([route, true]);
        });
        expectNone(told, secret);
      }),
      { numRuns: 15 },
    );
  });

  test.each(echoes)('when a source sends it back as %s', async (echo: Echo) => {
    await fc.assert(
      fc.asyncProperty(secrets, async (secret) => {
        server.will(echo);
        const before = server.heard();
        expectNone(await seen((ask) => wholeLife(ask, secret)), secret);
        expect(server.heard()).toBeGreaterThan(before);
      }),
      { numRuns: 12 },
    );
  });

  test('and [secret] is shown in its place', async () => {
    server.will('rows');
    const told = await seen((ask) => wholeLife(ask, 'qZ7~not-a-real-password'));
    expect(told).toContain('GRANT USAGE ON SCHEMA \\"16.4[secret]\\"');
  });

  test('when it is too short to be searched for, because the whole text is withheld', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...echoes), shortSecrets, async (echo, secret) => {
        server.will(echo);
        expectNone(await seen((ask) => wholeLife(ask, secret)), secret);
      }),
      { numRuns: 12 },
    );
  });

  const wrong: readonly ((secret: string) => object | string)[] = [
    (secret) => `{"password": ${JSON.stringify(secret)}`,
    (secret) => `${JSON.stringify({ ...createConnectionBody(), credentials: { password: secret } })}}`,
    (secret) => JSON.stringify(secret),
    (secret) => ({ ...createConnectionBody(), credentials: secret }),
    (secret) => ({ ...createConnectionBody(), credentials: [secret] }),
    (secret) => ({ ...createConnectionBody(), credentials: { password: [secret] } }),
    (secret) => ({ ...createConnectionBody(), credentials: { password: { value: secret } } }),
    (secret) => ({ ...createConnectionBody(), credentials: { password: secret } }),
    (secret) => ({ ...aimed(secret), credentials: { password: secret, auth_method: secret } }),
    (secret) => ({ ...aimed(secret), credentials: { token: secret } }),
    (secret) => ({ ...aimed(secret), credentials: { secret_arn: secret }, mode: 'platform' }),
    (secret) => ({ ...aimed(secret), type: secret }),
    (secret) => ({ ...aimed(secret), role: secret, mode: secret, flavor: secret }),
    (secret) => ({ ...aimed(secret), options: { ssl_mode: secret, max_connections: secret } }),
    (secret) => ({ ...aimed(secret), ssl: { ca: secret, cert: secret, key: secret } }),
    (secret) => ({ ...aimed(secret), ssl: { key: `${privateKey}${secret}` } }),
    (secret) => ({ ...aimed(secret), tunnel: { type: 'ssh', password: secret } }),
    (secret) => ({
      ...aimed(secret),
      connection_string: `mysql://reader:${encodeURIComponent(secret)}@db/x`,
    }),
    (secret) => byString(`postgres://reader:${secret}@127.0.0.1:1/shop`),
    (secret) => byString(`postgres://reader:${secret}`),
    (secret) => byString(`postgres://reader:x@127.0.0.1:1/shop?sslmode=${encodeURIComponent(secret)}`),
    (secret) => byString(`postgres://reader@127.0.0.1:1/shop?passfile=${encodeURIComponent(secret)}`),
    (secret) => byString(`postgres://reader:${encodeURIComponent(secret)}@127.0.0.1:1/shop?port=x`),
    (secret) => byString(`postgres://reader:x@127.0.0.1:1/shop?${encodeURIComponent(secret)}=x`),
    (secret) => byString(`postgres://reader:x@127.0.0.1:1/${encodeURIComponent(secret)}\nx`),
    (secret) => byString(`kafka://reader:${secret}@a:1,b:2`, 'kafka'),
    (secret) => byString(`mongodb://reader:${secret}@a:1,b:2/x?tls=true&ssl=false`, 'mongodb'),
    (secret) => byString(`sqlserver://db;user=reader;password=${secret};encrypt=maybe`, 'sqlserver'),
    (secret) => byString(`jdbc:sqlserver://db;password={${secret};user=reader`, 'sqlserver'),
    (secret) => byString(`s3://KEY:${secret}@minio:9000@bucket/x`, 's3'),
    (secret) => byString(`s3://bucket/x?session_token=${secret}&Tail`, 's3'),
    (secret) => byString(`snowflake://reader@org-account/x?token=${secret}&authenticator=x`, 'snowflake'),
    (secret) => byString(`databricks://token:${secret}@https://x`, 'databricks'),
    (secret) => byString(`oracle://reader:${secret}@db?sid=x&sid=y`, 'oracle'),
  ];
  const byString = (connection_string: string, type = 'postgresql') => ({
    name: 'By string',
    type,
    connection_string,
  });

  test('when a body is invalid in any way', async () => {
    await fc.assert(
      fc.asyncProperty(secrets, fc.constantFrom(...wrong), async (secret, make) => {
        const body = make(secret);
        const sent = typeof body === 'string' ? { text: body } : { body };
        const told = await seen(async (ask) => {
          const { body: made } = await ask('POST /v1/connections?test=false', {
            body: createConnectionBody(),
          });
          const requests = [
            'POST /v1/connections',
            'POST /v1/connections/test',
            ...['PATCH', 'PUT'].map((method) => `${method} /v1/connections/${made.id}`),
            `POST /v1/connections/${made.id}/test`,
          ];
          for (const request of requests) {
            const answer: ApiAnswer = await ask(request, sent);
            expect([request, answer.status < 500]).toEqual([request, true]);
          }
          await ask('POST /v1/connections', { ...sent, headers: { 'content-type': 'text/plain' } });
        });
        expectNone(told, secret);
      }),
      { numRuns: 80 },
    );
  });

  test('when the store or the vault fails', async () => {
    await fc.assert(
      fc.asyncProperty(secrets, async (secret) => {
        const told = await seen(async (ask, api) => {
          const { body } = await ask('POST /v1/connections', { body: aimed(secret) });
          const failing = () => Promise.reject(new Error(`cannot do ${JSON.stringify(aimed(secret))}`));
          Object.assign(api.vault, { create: failing, stage: failing });
          await ask('POST /v1/connections', { body: { ...aimed(secret), name: 'Other' } });
          await ask(`PATCH /v1/connections/${body.id}`, { body: { credentials: { password: secret } } });
          Object.assign(api.store, { write: failing });
          await ask(`POST /v1/connections/${body.id}/test`);
        }, false);
        expectNone(told, secret);
      }),
      { numRuns: 15 },
    );
  });

  test.each(stringForms)(
    'when the vault or the probe fails with a $type connection string',
    async ({ type, secret: field, parts, print }) => {
      const long = parts.filter(({ credentials }) => (credentials[field] ?? '').length >= 6);
      await fc.assert(
        fc.asyncProperty(long, async (written) => {
          const body = { name: 'By string', type, connection_string: print(written) };
          const secret = written.credentials[field] ?? '';
          // A driver or SDK may repeat its arguments, parsed or not.
          const failing = () => Promise.reject(new Error(`cannot do ${JSON.stringify([written, body])}`));
          const told = await seen(
            async (ask, api) => {
              const { body: made } = await ask('POST /v1/connections?test=false', {
                body: createConnectionBody(),
              });
              Object.assign(api.vault, { create: failing });
              await ask('POST /v1/connections', { body });
              await ask('POST /v1/connections/test', { body });
              const patch = { connection_string: body.connection_string };
              await ask(`PATCH /v1/connections/${made.id}`, { body: patch });
              await ask(`POST /v1/connections/${made.id}/test`, { body: patch });
            },
            false,
            { test: failing, credentials: failing, introspect: failing },
          );
          expectNone(told, secret);
        }),
        { numRuns: 4 },
      );
    },
  );

  test('when the vault or the probe fails with a key file or a password of another API', async () => {
    const key = '-----BEGIN PRIVATE KEY-----\nQ7zQ7zQ7zQ7z\n-----END PRIVATE KEY-----\n';
    const failing = (call: unknown) => Promise.reject(new Error(`cannot do ${JSON.stringify(call)}`));
    const told = await seen(
      async (ask, api) => {
        const { body } = await ask('POST /v1/connections?test=false', { body: createConnectionBody() });
        const managed = await ask(`GET /v1/management/connections`);
        const at = `/v1/connections/${body.id}`;
        const ssl = { cert: certificate, key };
        await ask(`PATCH ${at}`, { body: { ssl } });
        await ask(`POST ${at}/test`, { body: { ssl } });
        const [item] = managed.body['items'] as readonly { readonly id: string }[];
        await ask(`PATCH /v1/management/connections/${item?.id}`, { body: { password: 'Q7z-not-real' } });
        await ask(`PATCH /v1/management/connections/${item?.id}`, {
          body: { ssl: { mode: 'require', ...ssl } },
        });
        Object.assign(api.vault, { create: failing });
        await ask('POST /v1/connections', { body: { ...createConnectionBody(), name: 'With a key', ssl } });
        const service_account = { client_email: 'reader@x.iam.gserviceaccount.com', private_key: key };
        const bigquery = { name: 'Q', type: 'bigquery', config: { project_id: 'project-1' } };
        await ask('POST /v1/connections', { body: { ...bigquery, credentials: { service_account } } });
        await ask('POST /v1/connections', {
          body: { ...bigquery, credentials: { service_account: JSON.stringify(service_account) } },
        });
        expect(api.logged.filter((line) => line.includes('cannot do')).length).toBeGreaterThanOrEqual(7);
      },
      false,
      { test: failing, credentials: failing, introspect: failing },
    );
    expect(told).not.toContain('Q7z');
  });

  test.each([
    ['POST /v1/connections', {}],
    ['POST /v1/connections', { config: {} }],
    ['POST /v1/connections', { metadata: {} }],
    ['POST /v1/connections/test', { credentials: {} }],
    ['POST /v1/providers/postgresql/connections', { credentials: {} }],
    ['POST /v1/management/connections', {}],
    ['POST /v1/management/connections', { metadata: {} }],
    ['POST /api/v1/connection_profiles', { config: {} }],
    ['POST /api/v1/connections', {}],
  ])('%s: when a name contains it: %j', async (route, place: object) => {
    const name = 'qZ7~not real&Tail';
    const [at] = Object.keys(place);
    const misplaced = { [name]: { deep: 1 } };
    const body = { ...createConnectionBody(), ...(at === undefined ? misplaced : { [at]: misplaced }) };
    const told = await seen(async (ask) => {
      for (const target of [
        route,
        `GET /v1/connections?${encodeURIComponent(name)}=1&${encodeURIComponent(name)}=2`,
      ]) {
        const { status } = await ask(target, {
          ...(target === route && { body }),
          headers: { 'x-product-name': 'leaks' },
        });
        expect(status >= 400 && status < 500).toBe(true);
      }
    });
    expect(told).not.toMatch(/qZ7|Tail/);
  });

  test.each([
    ['POST /v1/connections', ''],
    ['POST /v1/connections', 'config'],
    ['POST /v1/connections', 'credentials'],
    ['POST /v1/connections', 'metadata'],
    ['POST /v1/connections', 'options'],
    ['POST /v1/connections/test', 'credentials'],
    ['POST /v1/providers/postgresql/connections', 'credentials'],
    ['POST /v1/management/connections', ''],
    ['POST /v1/management/connections', 'metadata'],
    ['POST /v1/management/connections', 'ssl'],
    ['POST /api/v1/connection_profiles', 'config'],
    ['POST /api/v1/connections', ''],
  ])('%s: when it is both a value and a name in "%s"', async (route, at) => {
    // It has only letters and the form of a name. It is recognised only because the request also sends it as
    // a secret.
    const secret = 'qZnotrealTail';
    const string = `postgresql://reader:${secret}@127.0.0.1:1/shop`;
    const body: Record<string, unknown> = {
      ...createConnectionBody(),
      password: secret,
      connection_string: string,
      credentials: { password: secret },
      config: { password: secret },
    };
    const misplaced = { [secret]: { deep: 1 }, [`x.${secret}`]: 1 };
    Object.assign(body, at === '' ? misplaced : { [at]: { ...Object(body[at]), ...misplaced } });
    const told = await seen(async (ask) => {
      const { status } = await ask(route, { body, headers: { 'x-product-name': 'leaks' } });
      expect(status >= 400 && status < 500).toBe(true);
    });
    expect(told).not.toMatch(/qZ|Tail/);
  });

  test.each(['Tr0ub4dor', 'x9QmZ7kP', 'AKIA1234567890ABCDEF'])(
    'when it is sent only as a name: %s',
    async (name) => {
      const told = await seen(async (ask) => {
        for (const place of ['config', 'credentials', 'options', 'ssl']) {
          const body = { ...createConnectionBody(), [place]: { [name]: 1 } };
          expect((await ask('POST /v1/connections', { body })).status).toBe(400);
          expect(
            (await ask('POST /v1/connections', { body: { ...createConnectionBody(), [name]: 1 } })).status,
          ).toBe(400);
          expect((await ask(`GET /v1/connections?${name}=1`)).status).toBe(400);
        }
      });
      expect(told).not.toContain(name);
    },
  );

  test("when it is a caller's API key", async () => {
    const told = await seen(async (ask, api) => {
      const key = 'sk_not_a_real_key_7';
      await ask('GET /v1/connections', { key });
      await api.addKey(key, { org: 'org_test' });
      await ask('POST /v1/connections', { key, body: createConnectionBody() });
      Object.assign(api.store, { get: () => Promise.reject(new Error('the table is gone')) });
      await ask('GET /v1/connections', { key: `${key}_too` });
    }, false);
    expectNone(told, 'sk_not_a_real_key_7');
  });
});
