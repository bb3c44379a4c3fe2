import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type ApiAnswer, type Api, startApi } from '../api.ts';
import { certificate, createConnectionBody, privateKey } from '../samples.ts';

let api: Api;
let id: string;
beforeEach(async () => {
  api = await startApi();
  id = (await api.call('POST /v1/connections?test=false', { body: createConnectionBody() })).body.id;
});
afterEach(() => api[Symbol.asyncDispose]());

const patch = (body: object) => api.call(`PATCH /v1/connections/${id}`, { body });
const locked = async () => (await api.call(`GET /v1/connections/${id}`)).body.credentials.locked;
const refused = ({ status, body }: ApiAnswer) => [status, body.code];
/**
 * The code that a test returns. Nothing listens at the bound destination: `connection-refused` proves that
 * the probe dialled.
 */
const found = async (body?: object) => {
  const answer = await api.call(`POST /v1/connections/${id}/test`, { body });
  return answer.status === 200 ? Object(answer.body['details'])['code'] : answer.body.code;
};

const elsewhere: readonly [string, object][] = [
  ['the host', { config: { host: 'localhost' } }],
  ['the host, in another spelling', { config: { host: '127.0.0.1.' } }],
  ['the port', { config: { port: 2 } }],
  ['the user', { config: { username: 'writer' } }],
  ['the authority', { ssl: { ca: certificate } }],
  ['TLS to less', { options: { ssl_mode: 'disable' } }],
  ['all of it at once, by a connection string', { connection_string: 'postgres://writer@localhost:2/shop' }],
];

const asBefore: readonly [string, object][] = [
  ['the database', { config: { database: 'other' } }],
  ['the schemas', { config: { schemas: ['public'] } }],
  ['TLS to more', { options: { ssl_mode: 'verify-full' } }],
  ['timeouts', { options: { connection_timeout_seconds: 3 } }],
  ['name and role', { name: 'Other', role: 'target' }],
];

describe('credentials', () => {
  test.each(elsewhere)('are locked by a change of %s', async (_, change) => {
    const { status, body } = await patch(change);
    expect([status, body.credentials.locked]).toEqual([200, true]);
    expect(await found()).toBe('credentials-locked');
    const schema = await api.call(`GET /v1/connections/${id}/schema`);
    expect(refused(schema)).toEqual([502, 'credentials-locked']);
    await api.settle();
    const { body: after } = await api.call(`GET /v1/connections/${id}`);
    expect(after).toMatchObject({ status: 'failed', status_reason: 'credentials-locked' });
  });

  test.each(elsewhere)('are not sent by a test of an unsaved change of %s', async (_, change) => {
    expect(await found(change)).toBe('credentials-locked');
    expect(await locked()).toBe(false);
    expect(await found()).toBe('connection-refused');
  });

  test.each(asBefore)('stay usable after a change of %s', async (_, change) => {
    expect(await found(change)).toBe('connection-refused');
    expect((await patch(change)).body.credentials.locked).toBe(false);
    expect(await found()).toBe('connection-refused');
  });

  test('are unlocked when the destination is the bound one again', async () => {
    await patch({ config: { host: 'localhost', port: 2 } });
    await patch({ config: { host: '127.0.0.1' } });
    expect(await locked()).toBe(true);
    expect(await found({ config: { port: 1 } })).toBe('connection-refused');
    await patch({ config: { port: 1 } });
    expect([await locked(), await found()]).toEqual([false, 'connection-refused']);
  });

  test('are unlocked when they are sent again, and are then bound to the new destination', async () => {
    await patch({ config: { host: 'localhost' } });
    const { body } = await patch({ credentials: { password: 'not-a-real-password' } });
    expect(body.credentials.locked).toBe(false);
    expect((await api.secretOf(id)).destination).toMatchObject({ host: 'localhost' });
    await patch({ config: { host: '127.0.0.1' } });
    expect(await locked()).toBe(true);
  });

  test('may be sent together with the new destination', async () => {
    const change = { config: { host: 'localhost' }, credentials: { password: 'another-fake-password' } };
    expect(await found(change)).toBe('connection-refused');
    const { body } = await patch(change);
    expect(body.credentials).toMatchObject({ locked: false, version: 2 });
    expect(await found()).toBe('connection-refused');
  });

  test('bound with weak TLS may be used with stronger TLS, and with the weak TLS again', async () => {
    await patch({ options: { ssl_mode: 'verify-full' } });
    await patch({ options: { ssl_mode: 'prefer' } });
    expect(await locked()).toBe(false);
    await patch({ options: { ssl_mode: 'verify-full' }, credentials: { password: 'another-fake-password' } });
    await patch({ options: { ssl_mode: 'verify-ca' } });
    expect(await locked()).toBe(true);
  });
});

describe('stored credentials are not sent to a new destination', () => {
  const iam = { access_key_id: 'not-a-real-key-id', secret_access_key: 'not-a-real-secret-key' };

  test.each([
    ['saved', (body: object) => patch(body)],
    ['tested', (body: object) => api.call(`POST /v1/connections/${id}/test`, { body })],
  ])('when only some of the fields are %s with it', async (_, send) => {
    await patch({ credentials: iam });
    const answer = await send({ config: { host: 'localhost' }, credentials: { access_key_id: 'another' } });
    expect(refused(answer)).toEqual([400, 'credentials-required']);
    expect(answer.body.errors.map(({ path }) => path)).toEqual(['credentials.secret_access_key']);
    expect(await api.secretOf(id)).toMatchObject({ destination: { host: '127.0.0.1' }, credentials: iam });
  });

  test('when only some of the fields are sent for a destination that is already locked', async () => {
    await patch({ credentials: iam });
    await patch({ config: { host: 'localhost' } });
    for (const send of ['PATCH', 'POST']) {
      const path = `/v1/connections/${id}${send === 'POST' ? '/test' : ''}`;
      const answer = await api.call(`${send} ${path}`, {
        body: { credentials: { access_key_id: 'another' } },
      });
      expect(refused(answer)).toEqual([400, 'credentials-required']);
    }
  });

  test('when the request only removes another field', async () => {
    await patch({ credentials: { ...iam, session_token: 'not-a-real-token' } });
    const answer = await patch({ config: { host: 'localhost' }, credentials: { session_token: null } });
    expect(refused(answer)).toEqual([400, 'credentials-required']);
  });

  test('when the stored field is the key of a client certificate', async () => {
    await patch({ ssl: { cert: certificate, key: privateKey } });
    const change = { config: { host: 'localhost' }, credentials: { password: 'another-fake-password' } };
    const answer = await patch(change);
    expect(answer.body.errors.map(({ path }) => path)).toEqual(['ssl.key']);
    expect((await patch({ ...change, ssl: { key: privateKey } })).status).toBe(200);
  });

  test('when the binding in the table is forged, because the vault decides', async () => {
    const stored = await api.stored(id);
    if (!stored) throw new Error('expected the connection');
    const { config, bound } = stored;
    const forged = {
      ...stored,
      config: { ...config, host: 'localhost' },
      bound: { ...bound, host: 'localhost' },
    };
    await api.store.write([{ put: { ...forged, pk: 'T#org_test#default', sk: `CONN#${stored.id}` } }]);
    expect(await locked()).toBe(false);
    expect(await found()).toBe('credentials-locked');
    expect(await found({ tags: [] })).toBe('credentials-locked');
    expect(refused(await patch({ credentials: { region: 'eu-west-1' } }))[0]).toBeGreaterThanOrEqual(400);
  });
});
