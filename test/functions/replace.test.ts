import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Api, summarizeRefusal, startApi } from '../api.ts';
import { inputMarker, arbitraryInput } from '../arbitrary-input.ts';
import { certificate, createConnectionBody, privateKey } from '../samples.ts';

let api: Api;
let id: string;
beforeEach(async () => {
  api = await startApi();
  id = (await api.call('POST /v1/connections?test=false', { body: createConnectionBody() })).body.id;
});
afterEach(() => api[Symbol.asyncDispose]());

const put = (body: object, headers = {}) => api.call(`PUT /v1/connections/${id}`, { body, headers });
const kept = async () => (await api.secretOf(id)).credentials;

/** Credentials as a client of seed 003 sends them: all fields of the provider in one object. */
const all = {
  host: 'db.example.com',
  port: 5433,
  database: 'sales',
  user: 'writer',
  password: 'another-fake-password',
  ssl_mode: 'verify-ca',
};

describe('PUT with the credentials of a provider', () => {
  test('changes settings, options and secrets together and locks nothing', async () => {
    const { status, body } = await put({ name: 'Orders', credentials: all });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      name: 'Orders',
      config: { host: 'db.example.com', port: 5433, database: 'sales', username: 'writer' },
      options: { ssl_mode: 'verify-ca' },
      credentials: { auth_method: 'password', version: 2, locked: false },
    });
    expect(await kept()).toEqual({ auth_method: 'password', password: 'another-fake-password' });
  });

  test('leaves fields that it does not name unchanged, including ssl_mode', async () => {
    const { body } = await put({ credentials: { password: 'another-fake-password' } });
    expect(body).toMatchObject({
      config: { host: '127.0.0.1' },
      options: { ssl_mode: 'prefer' },
      credentials: { version: 2 },
    });
    expect((await put({ credentials: { database: 'sales' } })).body).toMatchObject({
      config: { host: '127.0.0.1', database: 'sales', username: 'reader' },
      credentials: { version: 2, locked: false },
    });
  });

  test('to another host without the password locks the old password', async () => {
    const { password: _, ...others } = all;
    expect((await put({ credentials: others })).body).toMatchObject({
      config: { host: 'db.example.com' },
      credentials: { version: 1, locked: true },
    });
    expect((await put({ credentials: all })).body).toMatchObject({ credentials: { locked: false } });
  });

  test('to another host with only the auth method is rejected', async () => {
    const answer = await put({ credentials: { auth_method: 'password', host: 'db.example.com' } });
    expect(summarizeRefusal(answer)).toEqual([400, 'credentials-required', 'credentials.password']);
  });

  test('may contain a certificate and its key', async () => {
    const { body, text } = await put({
      credentials: {
        auth_method: 'certificate',
        ssl_ca: 'rds',
        ssl_cert: certificate,
        ssl_key: privateKey,
      },
    });
    expect(body).toMatchObject({ ssl: { ca: 'rds', has_client_certificate: true } });
    expect(text).not.toContain(privateKey.slice(28, 32));
    expect(await kept()).toEqual({ auth_method: 'certificate', ssl_key: privateKey });
  });

  test.each([
    [{ host: 5 }, 'credentials.host'],
    [{ host: null }, 'credentials.host'],
    [{ user: '' }, 'credentials.user'],
    [{ username: '' }, 'credentials.username'],
    [{ user: 'a', username: 'a' }, 'credentials.username'],
    [{ port: '5432' }, 'credentials.port'],
    [{ ssl_mode: 'on' }, 'credentials.ssl_mode'],
    [{ ssl_ca: 'none' }, 'credentials.ssl_ca'],
    [{ colour: 'red' }, 'credentials.colour'],
    [{ password: 5 }, 'credentials.password'],
    [{ secret_arn: 'x' }, 'credentials.secret_arn'],
  ])('with an invalid field is rejected under the name that was sent: %j', async (credentials, path) => {
    const before = await api.stored(id);
    expect(summarizeRefusal(await put({ name: 'Never', credentials }))).toEqual([
      400,
      'invalid-request',
      path,
    ]);
    expect(await api.stored(id)).toEqual(before);
  });

  test('accepts the fields of the connector, such as the account of Snowflake', async () => {
    const { body: made } = await api.call('POST /v1/providers/snowflake/connections', {
      body: {
        name: 'Warehouse',
        mode: 'managed',
        credentials: { auth_method: 'password', account: 'myorg-a', user: 'reader', password: 'x' },
      },
    });
    const change = { account: 'myorg-b', user: 'robot', auth_method: 'key_pair', private_key: privateKey };
    const { body } = await api.call(`PUT /v1/connections/${made.id}`, { body: { credentials: change } });
    expect(body).toMatchObject({
      config: { account: 'myorg-b', username: 'robot', schema: 'PUBLIC' },
      credentials: { auth_method: 'key_pair', locked: false },
    });
  });

  test('returns 412 when If-Match names another version', async () => {
    const stale = { 'if-match': '"7.7"' };
    expect(summarizeRefusal(await put({ credentials: all }, stale))).toEqual([412, 'precondition-failed']);
    expect((await put({ credentials: all }, { 'if-match': '"1.1"' })).status).toBe(200);
  });

  test('returns 404 for a deleted connection', async () => {
    await api.call(`DELETE /v1/connections/${id}`);
    expect(summarizeRefusal(await put({ credentials: all }))).toEqual([404, 'not-found']);
  });

  test('returns a known status for any input and never repeats the input', async () => {
    const names =
      'auth_method host port database user username password ssl_mode ssl_ca ssl_cert ssl_key region schemas';
    const some = fc.dictionary(fc.constantFrom(...names.split(' ')), arbitraryInput, { minKeys: 1 });
    await fc.assert(
      fc.asyncProperty(fc.oneof(some, arbitraryInput), async (credentials) => {
        const answer = await put({ credentials });
        expect([200, 400, 429]).toContain(answer.status);
        if (answer.status !== 200) expect(answer.text).not.toContain(inputMarker);
      }),
      { numRuns: 150 },
    );
  });
});
