import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdir, writeFile } from 'node:fs/promises';
import { type Api, summarizeRefusal, startApi } from '../api.ts';
import { plainServer, type Running } from '../network/servers.ts';

let api: Api;
/** The server of an attacker who wants the secret. */
let thief: Running;
const tester = 'sk_test_of_nothing_but_tests';
beforeEach(async () => {
  api = await startApi();
  thief = await plainServer();
  await api.addKey(tester, { org: 'org_test', scopes: ['connections:test'] });
  await mkdir(`${api.folder}/shared`, { recursive: true });
});
afterEach(async () => {
  await thief[Symbol.asyncDispose]();
  await api[Symbol.asyncDispose]();
});

const arn = 'arn:aws:secretsmanager:local:000000000000:secret:theirs';
/** The tags also allow the attacker's server: only the bound destination keeps the secret from it. */
const share = (tags: object = {}) =>
  writeFile(
    `${api.folder}/shared/theirs.json`,
    JSON.stringify({
      tags: {
        'mooring:tenant': 'org_test/default',
        'mooring:host': `127.0.0.1:1 127.0.0.1:${thief.port}`,
        'mooring:tls': 'disable',
        ...tags,
      },
      value: {
        password: 'not-a-real-password',
        access_key_id: 'not-a-real-key-id',
        secret_access_key: 'not-a-real-key',
        sasl_username: 'reader',
        sasl_password: 'not-a-real-password',
        schema_registry_password: 'not-a-real-password',
      },
    }),
  );

const configs: Readonly<Record<string, object>> = {
  postgresql: { host: '127.0.0.1', port: 1, database: 'shop', username: 'reader' },
  kafka: { bootstrap_servers: '127.0.0.1:1' },
  s3: { bucket: 'shop', region: 'eu-west-1', access_key_id: 'a', endpoint: 'https://127.0.0.1:1' },
};
const create = async (type: string, more: object) =>
  (
    await api.call('POST /v1/connections?test=false', {
      body: { name: 'Sales', type, config: configs[type], ...more },
    })
  ).body.id;
const platform = { mode: 'platform', credentials: { secret_arn: arn } };
const managed = (type: string) => ({
  credentials: {
    postgresql: { password: 'not-a-real-password' },
    kafka: { sasl_mechanism: 'SCRAM-SHA-512', sasl_username: 'reader', sasl_password: 'not-a-real-password' },
    s3: { secret_access_key: 'not-a-real-key' },
  }[type],
});

const testWith = async (id: string, body: object) => {
  const answer = await api.call(`POST /v1/connections/${id}/test`, { body, key: tester });
  return answer.status === 200 ? Object(answer.body['details'])['code'] : answer.body.code;
};
const patch = (id: string, body: object) => api.call(`PATCH /v1/connections/${id}`, { body });

/**
 * Each change would send the secret to another server or in a weaker way. The last item names an auth method
 * but no secret.
 */
const attacks: readonly [string, string, (port: number) => object, object][] = [
  [
    'another port and user in clear',
    'postgresql',
    (port) => ({ config: { port, username: 'writer' }, options: { ssl_mode: 'disable' } }),
    { auth_method: 'password' },
  ],
  [
    'a schema registry',
    'kafka',
    (port) => ({
      config: { schema_registry_url: `http://127.0.0.1:${port}`, schema_registry_username: 'x' },
    }),
    { auth_method: 'sasl' },
  ],
  [
    'an endpoint',
    's3',
    (port) => ({ config: { endpoint: `http://127.0.0.1:${port}` }, options: { ssl_mode: 'prefer' } }),
    { auth_method: 'access_key' },
  ],
  [
    'a broker',
    'kafka',
    (port) => ({ config: { bootstrap_servers: `127.0.0.1:${port}` } }),
    { auth_method: 'sasl' },
  ],
  [
    'a protocol without TLS',
    'kafka',
    () => ({ config: { security_protocol: 'SASL_PLAINTEXT' } }),
    { auth_method: 'sasl' },
  ],
];

describe.each(attacks)('a patch to %s', (_, type, changeTo, login) => {
  test.each(['platform', 'managed'])(
    'does not send a %s secret in a test, whatever credentials it names',
    async (mode) => {
      await share();
      const change = changeTo(thief.port);
      const id = await create(type, mode === 'platform' ? platform : managed(type));
      const words = [
        undefined,
        login,
        ...(mode === 'platform' ? [{ secret_arn: arn }, { ...login, secret_arn: arn }] : []),
      ];
      for (const credentials of words) {
        const body = { ...change, ...(credentials && { credentials }) };
        expect([body, await testWith(id, body)]).toEqual([body, 'credentials-locked']);
      }
      expect(thief.accepted.length).toBe(0);
      expect((await api.call(`GET /v1/connections/${id}`)).body.credentials.locked).toBe(false);
    },
  );

  test('is saved with locked credentials, and an auth method alone does not bind them', async () => {
    await share();
    const change = changeTo(thief.port);
    const id = await create(type, platform);
    const bound = (await api.stored(id))?.bound;
    expect((await patch(id, { ...change, credentials: login })).body.credentials.locked).toBe(true);
    expect((await patch(id, { credentials: login })).body.credentials.locked).toBe(true);
    expect((await api.stored(id))?.bound).toEqual(bound);
    expect(await testWith(id, {})).toBe('credentials-locked');
    expect(thief.accepted.length).toBe(0);
    // A caller with the write scope may name the secret again to send it there, as long as the owner's tags
    // allow it.
    const named = await api.call(`PUT /v1/connections/${id}`, { body: { credentials: { secret_arn: arn } } });
    expect([named.status, named.body.credentials?.locked]).toEqual([200, false]);
    await share({ 'mooring:host': '127.0.0.1:1', 'mooring:tls': 'verify-full' });
    expect(summarizeRefusal(await patch(id, { credentials: { secret_arn: arn } }))).toEqual([
      422,
      'secret-not-shared',
    ]);
  });
});

describe('a change of the login', () => {
  const scram = {
    sasl_mechanism: 'SCRAM-SHA-512',
    sasl_username: 'reader',
    sasl_password: 'not-a-real-password',
  };
  const sasl = async (credentials: object) => create('kafka', { credentials });

  test.each(['PLAIN', 'SCRAM-SHA-256'])(
    'requires the secret again when SCRAM-SHA-512 becomes %s',
    async (mechanism) => {
      const id = await sasl(scram);
      const weaker = { sasl_mechanism: mechanism };
      expect(await testWith(id, { credentials: weaker })).toBe('credentials-locked');
      expect(summarizeRefusal(await patch(id, { credentials: weaker }))).toEqual([
        400,
        'credentials-required',
        'credentials.sasl_password',
      ]);
      expect(await testWith(id, {})).toBe('connection-refused');
      const sent = { credentials: { ...weaker, sasl_password: 'not-a-real-password' } };
      expect(await testWith(id, sent)).toBe('connection-refused');
      expect((await patch(id, sent)).body.credentials.locked).toBe(false);
      expect((await api.secretOf(id)).destination).toMatchObject({
        sasl_mechanism: mechanism,
        auth_method: 'sasl',
      });
    },
  );

  test('does not require the secret when the login is as strong or stronger, and then binds nothing', async () => {
    const id = await sasl({ ...scram, sasl_mechanism: 'PLAIN' });
    for (const sasl_mechanism of ['SCRAM-SHA-256', 'SCRAM-SHA-512', 'PLAIN']) {
      const change = { credentials: { sasl_mechanism } };
      expect(await testWith(id, change)).toBe('connection-refused');
      expect((await patch(id, change)).status).toBe(200);
      expect((await api.secretOf(id)).destination).toMatchObject({ sasl_mechanism: 'PLAIN' });
    }
  });

  test('keeps the schema registry password when the SASL password changes', async () => {
    const id = await sasl({ ...scram, schema_registry_password: 'another-fake-password' });
    await patch(id, { credentials: { sasl_mechanism: 'PLAIN', sasl_password: 'not-a-real-password' } });
    expect((await api.secretOf(id)).credentials).toMatchObject({
      schema_registry_password: 'another-fake-password',
      sasl_username: 'reader',
    });
  });

  test('to another account requires the secret again', async () => {
    const id = await sasl(scram);
    expect(await testWith(id, { credentials: { sasl_username: 'writer' } })).toBe('credentials-locked');
  });

  test('to another role or auth method requires the secret again', async () => {
    const role = {
      auth_method: 'role',
      secret_access_key: 'not-a-real-key',
      role_arn: 'arn:aws:iam::123456789012:role/reader',
    };
    const id = await create('s3', { credentials: role });
    for (const change of [
      { role_arn: 'arn:aws:iam::123456789012:role/writer' },
      { external_id: 'other' },
      { auth_method: 'access_key' },
    ]) {
      expect(await testWith(id, { credentials: change })).toBe('credentials-locked');
      expect(summarizeRefusal(await patch(id, { credentials: change }))).toEqual([
        400,
        'credentials-required',
        'credentials.secret_access_key',
      ]);
    }
  });

  test('locks a platform secret until the secret is named again', async () => {
    await share();
    const id = await create('postgresql', platform);
    const iam = { credentials: { auth_method: 'iam' } };
    expect(await testWith(id, iam)).toBe('credentials-locked');
    expect((await patch(id, iam)).body.credentials).toMatchObject({ locked: true, auth_method: 'iam' });
    expect((await patch(id, { credentials: { auth_method: 'password' } })).body.credentials.locked).toBe(
      false,
    );
    expect(
      (await patch(id, { credentials: { auth_method: 'iam', secret_arn: arn } })).body.credentials.locked,
    ).toBe(false);
  });

  test('to PLAIN counts as weaker when an earlier release stored the secret without its mechanism', async () => {
    const id = await sasl(scram);
    const stored = await api.stored(id);
    if (!stored || !('name' in stored.secret)) throw new Error('expected a secret of ours');
    const {
      auth_method: _,
      sasl_mechanism: __,
      sasl_username: ___,
      ...destination
    } = (await api.secretOf(id)).destination;
    const { auth_method: ____, ...bound } = stored.bound;
    const secret = await api.vault.stage(stored.secret, { ...(await api.secretOf(id)), destination });
    await api.store.write([
      { put: { ...stored, secret, bound, layout: 1, pk: 'T#org_test#default', sk: `CONN#${stored.id}` } },
    ]);
    expect((await api.call(`GET /v1/connections/${id}`)).body.credentials.locked).toBe(false);
    expect(await testWith(id, {})).toBe('connection-refused');
    expect(await testWith(id, { credentials: { sasl_mechanism: 'PLAIN' } })).toBe('credentials-locked');
    expect((await patch(id, { credentials: { sasl_mechanism: 'PLAIN' } })).status).toBe(400);
    expect((await patch(id, { config: { security_protocol: 'SASL_SSL' } })).body.credentials.locked).toBe(
      false,
    );
  });
});

describe('a change to an equally strong destination', () => {
  test.each<[string, string, object]>([
    ['TLS that was tried is asked for', 'kafka', { config: { security_protocol: 'SASL_SSL' } }],
    ['an endpoint is spelled in another way', 's3', { config: { endpoint: 'https://127.0.0.1:1/' } }],
  ])('does not lock the credentials: %s', async (_, type, change) => {
    const id = await create(type, managed(type));
    expect((await patch(id, change)).body.credentials.locked).toBe(false);
  });

  test('to a registry with TLS can be undone until the secret was sent with TLS', async () => {
    const registry = (scheme: string) => ({ config: { schema_registry_url: `${scheme}://127.0.0.1:1` } });
    const id = await create('kafka', {
      ...managed('kafka'),
      config: { ...configs['kafka'], ...registry('http').config },
    });
    expect((await patch(id, registry('https'))).body.credentials.locked).toBe(false);
    expect((await patch(id, registry('http'))).body.credentials.locked).toBe(false);
    await patch(id, { ...registry('https'), credentials: { sasl_password: 'another-fake-password' } });
    expect((await patch(id, registry('http'))).body.credentials.locked).toBe(true);
    expect((await patch(id, registry('https'))).body.credentials.locked).toBe(false);
  });
});
