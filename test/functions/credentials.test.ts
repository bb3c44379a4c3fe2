import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { SecretRef } from '../../shared/ports/vault.ts';
import { type Api, type Body, summarizeRefusal, startApi } from '../api.ts';
import { certificate, createConnectionBody, privateKey } from '../samples.ts';

let api: Api;
let id: string;
let first: Body;
let now: number;
beforeEach(async () => {
  now = Date.parse('2026-01-01T00:00:00Z');
  api = await startApi({ clock: () => now });
  first = (await api.call('POST /v1/connections?test=false', { body: createConnectionBody() })).body;
  id = first.id;
});
afterEach(() => api[Symbol.asyncDispose]());

const patch = (body: object) => api.call(`PATCH /v1/connections/${id}`, { body });
const kept = async () => (await api.secretOf(id)).credentials;

const iam = { access_key_id: 'not-a-real-key-id', secret_access_key: 'not-a-real-secret-key' };

describe('credentials in a PATCH', () => {
  test('stay unchanged when they are not named', async () => {
    const { body } = await patch({ tags: ['a'], credentials: {} });
    expect(body.credentials).toEqual(first.credentials);
    expect(await kept()).toEqual({ auth_method: 'password', password: 'not-a-real-password' });
  });

  test('are replaced by a new value in credentials or in config', async () => {
    await patch({ credentials: { password: 'second-fake-password' } });
    expect(await kept()).toMatchObject({ password: 'second-fake-password' });
    const { body } = await patch({ config: { password: 'third-fake-password' } });
    expect(await kept()).toMatchObject({ password: 'third-fake-password' });
    expect(body).toMatchObject({ config: first['config'], credentials: { version: 3 } });
  });

  test('are removed field by field with null', async () => {
    const { session_token, ...fields } = { ...iam, session_token: 'not-a-real-token', region: 'eu-west-1' };
    await patch({ credentials: { auth_method: 'iam', ...fields, session_token } });
    await patch({ credentials: { session_token: null } });
    expect(await kept()).toEqual({ auth_method: 'iam', ...fields });
  });

  test('cannot be removed when they are required', async () => {
    expect(summarizeRefusal(await patch({ credentials: { password: null } }))).toEqual([
      400,
      'credentials-required',
      'credentials.password',
    ]);
    expect(await kept()).toMatchObject({ password: 'not-a-real-password' });
  });

  test.each([
    ['by name', { auth_method: 'iam', ...iam }],
    ['by the fields alone', iam],
    ['with null for what goes', { ...iam, password: null }],
  ])(
    'switch to another auth method %s, and the fields of the old method are removed',
    async (_, credentials) => {
      const { status, body } = await patch({ credentials });
      expect([status, body.credentials.auth_method]).toEqual([200, 'iam']);
      expect(Object.keys(body.credentials.fields).toSorted()).toEqual(['access_key_id', 'secret_access_key']);
      expect(await kept()).toEqual({ auth_method: 'iam', ...iam });
      expect(summarizeRefusal(await patch({ credentials: { auth_method: 'password' } }))).toEqual([
        400,
        'credentials-required',
        'credentials.password',
      ]);
    },
  );

  test.each([
    [{ auth_method: 'kerberos' }, 'credentials.auth_method'],
    [{ auth_method: 5 }, 'credentials.auth_method'],
    [{ password: 5 }, 'credentials.password'],
    [{ password: '' }, 'credentials.password'],
    [{ token: 'x' }, 'credentials.token'],
    [{ secret_arn: 'arn:aws:secretsmanager:eu-west-1:000000000000:secret:x' }, 'credentials.secret_arn'],
  ])('of invalid form are rejected: %j', async (credentials, path) => {
    expect(summarizeRefusal(await patch({ credentials }))).toEqual([400, 'invalid-request', path]);
  });

  test('may be a client certificate, whose key is never returned', async () => {
    const { body, text } = await patch({
      ssl: { cert: certificate, key: privateKey },
      credentials: { auth_method: 'certificate' },
    });
    expect(body).toMatchObject({ ssl: { ca: null, has_client_certificate: true } });
    expect(Object.keys(body.credentials.fields)).toEqual(['ssl_key']);
    expect(text).not.toContain('AAAA');
    expect(summarizeRefusal(await patch({ ssl: { cert: null } }))).toEqual([
      400,
      'invalid-request',
      'ssl.cert',
    ]);
    const { body: after } = await patch({
      ssl: null,
      credentials: { auth_method: 'password', password: 'x' },
    });
    expect(after).toMatchObject({ ssl: { ca: null, has_client_certificate: false } });
    expect(await kept()).toEqual({ auth_method: 'password', password: 'x' });
  });

  test('of concurrent requests end as one complete set, which is the one that is shown', async () => {
    const sets = Array.from({ length: 8 }, (_, i) => ({
      access_key_id: `not-a-real-key-id-${i}`,
      secret_access_key: `not-a-real-secret-key-${i}`,
    }));
    const answers = await Promise.all(sets.map((credentials) => patch({ credentials })));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    const { auth_method: _, ...set } = await kept();
    expect(sets).toContainEqual(set);
    const { body } = await api.call(`GET /v1/connections/${id}`);
    const last = answers.find((answer) => answer.body.credentials.version === body.credentials.version);
    expect(last?.body.credentials).toEqual(body.credentials);
    expect(body.credentials.version).toBe(9);
  });

  test('may change 50 times a day', async () => {
    for (let i = 0; i < 50; i++)
      expect((await patch({ credentials: { password: `fake-password-${i}` } })).status).toBe(200);
    const answer = await patch({ credentials: { password: 'one-too-many' } });
    expect(summarizeRefusal(answer)).toEqual([429, 'quota-exceeded']);
    expect(Number(answer.headers['retry-after'])).toBe(86_400);
    expect((await patch({ tags: ['a'] })).status).toBe(200);
    now += 86_400_000;
    expect((await patch({ credentials: { password: 'the-next-day' } })).status).toBe(200);
  });

  test('are written to the vault, which deletes the previous ones after a day', async () => {
    const refs = [];
    for (const password of ['first-fake-password', 'second-fake-password', 'third-fake-password']) {
      await patch({ credentials: { password } });
      refs.push((await api.stored(id))?.secret);
      now += 2 * 86_400_000;
    }
    const owner = { org: 'org_test', environment: 'default', id: id.slice(5) };
    const readable = refs.map((ref) =>
      api.vault.read(ref as SecretRef, owner).then(
        ({ credentials }) => credentials['password'],
        (error: unknown) => Object(error)['code'],
      ),
    );
    expect(await Promise.all(readable)).toEqual([
      'credentials-required',
      'second-fake-password',
      'third-fake-password',
    ]);
  });

  test('that are invalid do not count towards the daily limit', async () => {
    for (let i = 0; i < 60; i++) expect((await patch({ credentials: { password: '' } })).status).toBe(400);
    expect((await patch({ credentials: { password: 'fake-password' } })).status).toBe(200);
  });
});

describe('credential fingerprint', () => {
  const prints = ({ credentials }: Body) =>
    Object.fromEntries(
      Object.entries(credentials.fields).map(([name, { fingerprint }]) => [name, fingerprint]),
    );

  test('stays the same, with its set_at, until the value changes', async () => {
    now += 60_000;
    const { body } = await patch({ credentials: { password: 'not-a-real-password' } });
    expect(body.credentials.fields).toEqual(first.credentials.fields);
    const { body: changed } = await patch({ credentials: { password: 'another-fake-password' } });
    expect(prints(changed)['password']).not.toBe(prints(first)['password']);
    expect(changed.credentials.fields['password']?.set_at).toBe('2026-01-01T00:01:00.000Z');
  });

  test('of the same value differs between fields and between connections', async () => {
    const same = { access_key_id: 'not-a-real-secret', secret_access_key: 'not-a-real-secret' };
    const { body: one } = await patch({ credentials: same });
    const { body: other } = await api.call('POST /v1/connections', {
      body: {
        ...createConnectionBody(),
        name: 'Other',
        config: { ...Object(first['config']) },
        credentials: same,
      },
    });
    expect(new Set([...Object.values(prints(one)), ...Object.values(prints(other))]).size).toBe(4);
  });
});
