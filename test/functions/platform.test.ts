import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { type Api, summarizeRefusal, startApi } from '../api.ts';
import { certificate, createConnectionBody, privateKey } from '../samples.ts';

let api: Api;
beforeEach(async () => {
  api = await startApi();
  await mkdir(`${api.folder}/shared`, { recursive: true });
  await share('theirs', { password: 'not-a-real-password', unrelated: 'not-for-us' });
});
afterEach(() => api[Symbol.asyncDispose]());

const arn = (name: string) => `arn:aws:secretsmanager:local:000000000000:secret:${name}`;

/** Writes a secret that the customer keeps, tagged for a tenant and a host. */
const share = (name: string, value: object, tags: object = {}) =>
  writeFile(
    `${api.folder}/shared/${name}.json`,
    JSON.stringify({
      tags: {
        'mooring:tenant': 'org_test/default',
        'mooring:host': '127.0.0.1:1',
        'mooring:tls': 'prefer',
        ...tags,
      },
      value,
    }),
  );

const platform = (name = 'theirs') => ({
  ...createConnectionBody(),
  mode: 'platform',
  config: { host: '127.0.0.1', port: 1, database: 'shop', username: 'reader' },
  credentials: { secret_arn: arn(name) },
});
const create = (body: object = platform(), query = '') => api.call(`POST /v1/connections${query}`, { body });
const patch = (id: string, body: object) => api.call(`PATCH /v1/connections/${id}`, { body });
const found = async (id: string, body?: object) => {
  const answer = await api.call(`POST /v1/connections/${id}/test`, { body });
  return Object(answer.body['details'])['code'] ?? answer.body.code;
};

describe('a secret that the customer keeps', () => {
  test('is referenced, and neither copied nor shown', async () => {
    const { status, body, text } = await create();
    expect([status, body['mode'], body.credentials.fields]).toEqual([201, 'platform', {}]);
    expect(text).not.toMatch(/theirs|not-a-real/);
    expect(await readdir(`${api.folder}/secrets`)).toEqual([]);
    expect(await found(body.id)).toBe('connection-refused');
  });

  test('can be tested before the connection is saved', async () => {
    const { body } = await api.call('POST /v1/connections/test', { body: platform() });
    expect(body).toMatchObject({ details: { code: 'connection-refused' } });
  });

  test('for a source with several hosts must be tagged with all of them', async () => {
    const config = { hosts: ['127.0.0.1:1', '127.0.0.1:2'], username: 'reader' };
    const body = { ...platform(), type: 'mongodb', config };
    expect(summarizeRefusal(await create(body))).toEqual([422, 'secret-not-shared']);
    await share('theirs', { password: 'not-a-real-password' }, { 'mooring:host': config.hosts.join(' ') });
    expect((await create(body)).status).toBe(201);
  });

  test.each<[string, object, object]>([
    ['is tagged for another organisation', { 'mooring:tenant': 'org_other/default' }, {}],
    ['is tagged for another environment', { 'mooring:tenant': 'org_test/staging' }, {}],
    ['is tagged for another host', { 'mooring:host': 'db.example.com' }, {}],
    ['has no tags', { 'mooring:tenant': undefined, 'mooring:host': undefined }, {}],
    ['is not there', {}, { credentials: { secret_arn: arn('nowhere') } }],
    ['is one of our own', {}, { credentials: { secret_arn: arn('mooring/org_test/default/x') } }],
    [
      'is in another account',
      {},
      { credentials: { secret_arn: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:x' } },
    ],
  ])('is not used when it %s', async (_, tags, more) => {
    await share('theirs', { password: 'not-a-real-password' }, tags);
    const body = { ...platform(), ...more };
    expect(summarizeRefusal(await create(body))).toEqual([422, 'secret-not-shared']);
    expect(summarizeRefusal(await create(body, '?verify=true'))).toEqual([422, 'secret-not-shared']);
    expect(summarizeRefusal(await api.call('POST /v1/connections/test', { body }))).toEqual([
      422,
      'secret-not-shared',
    ]);
    expect((await api.call('GET /v1/connections')).body.data).toEqual([]);
  });

  test.each<[string, object, readonly string[]]>([
    ['a password', { credentials: { secret_arn: arn('theirs'), password: 'x' } }, ['credentials.password']],
    ['no ARN', { credentials: {} }, ['credentials.secret_arn']],
    ['something else for an ARN', { credentials: { secret_arn: 'theirs' } }, ['credentials.secret_arn']],
    ['an ARN in mode managed', { mode: 'managed' }, ['credentials.secret_arn']],
    ['a private key', { ssl: { cert: certificate, key: privateKey } }, ['ssl.key']],
  ])('cannot be referenced with %s', async (_, more, paths) => {
    expect(summarizeRefusal(await create({ ...platform(), ...more }))).toEqual([
      400,
      'invalid-request',
      ...paths,
    ]);
  });

  test('cannot be combined with a private key in a change', async () => {
    const { body } = await create();
    const answer = await patch(body.id, { ssl: { cert: certificate, key: privateKey } });
    expect(summarizeRefusal(answer)).toEqual([400, 'invalid-request', 'ssl.key']);
  });

  test('that is no longer shared fails the next test', async () => {
    const { body } = await create();
    await share('theirs', { password: 'not-a-real-password' }, { 'mooring:host': 'elsewhere' });
    expect(await found(body.id)).toBe('secret-not-shared');
    await api.settle();
    const { body: after } = await api.call(`GET /v1/connections/${body.id}`);
    expect(after).toMatchObject({ status: 'failed', status_reason: 'secret-not-shared' });
  });

  test.each([{ passwort: 'not-a-real-password' }, { password: 5 }])(
    'with the wrong fields fails its test: %j',
    async (value) => {
      const { body: made } = await create();
      await share('theirs', value);
      await api.settle();
      const { body: after } = await api.call(`GET /v1/connections/${made.id}`);
      expect(after['status']).toBe('failed');
      expect(['credentials-required', 'invalid-request']).toContain(after['status_reason']);
    },
  );

  test('without a required field is rejected by a test of a draft, which names the field', async () => {
    await share('theirs', { passwort: 'not-a-real-password' });
    const answer = await api.call('POST /v1/connections/test', { body: platform() });
    expect(summarizeRefusal(answer)).toEqual([400, 'credentials-required', 'credentials.password']);
  });

  test.each<[string, object]>([
    ['the port', { config: { port: 2 } }],
    ['the user', { config: { username: 'writer' } }],
    ['the authority', { ssl: { ca: certificate } }],
    ['TLS to less', { options: { ssl_mode: 'disable' } }],
  ])('is locked by a change of %s until it is named again', async (_, change) => {
    const tags = { 'mooring:host': '127.0.0.1:1 127.0.0.1:2', 'mooring:tls': 'disable' };
    await share('theirs', { password: 'not-a-real-password' }, tags);
    const { body: made } = await create();
    expect(await found(made.id, change)).toBe('credentials-locked');
    expect((await patch(made.id, change)).body.credentials.locked).toBe(true);
    expect(await found(made.id)).toBe('credentials-locked');
    const named = { credentials: { secret_arn: arn('theirs') } };
    // A test binds nothing, even if it names the secret.
    expect(await found(made.id, named)).toBe('credentials-locked');
    expect((await patch(made.id, named)).body.credentials).toMatchObject({ locked: false, version: 2 });
    expect(await found(made.id)).not.toBe('credentials-locked');
  });

  test('is sent to another host only if its own tags allow it', async () => {
    const { body: made } = await create();
    const move = { config: { host: 'localhost' }, credentials: { secret_arn: arn('theirs') } };
    expect(summarizeRefusal(await patch(made.id, move))).toEqual([422, 'secret-not-shared']);
    await share('theirs', { password: 'not-a-real-password' }, { 'mooring:host': 'localhost:1' });
    expect((await patch(made.id, move)).body.credentials.locked).toBe(false);
  });

  test('cannot be changed by sending credentials fields', async () => {
    const { body: made } = await create();
    for (const send of ['PATCH', 'POST']) {
      const path = `/v1/connections/${made.id}${send === 'POST' ? '/test' : ''}`;
      const answer = await api.call(`${send} ${path}`, { body: { credentials: { password: 'x' } } });
      expect(summarizeRefusal(answer)).toEqual([400, 'invalid-request', 'credentials.password']);
    }
  });

  test('survives a delete and a purge of the connection', async () => {
    const { body: made } = await create();
    await api.call(`DELETE /v1/connections/${made.id}`);
    expect((await api.call(`POST /v1/connections/${made.id}/restore`)).status).toBe(200);
    expect(await found(made.id)).toBe('connection-refused');
    expect((await api.call(`DELETE /v1/connections/${made.id}?purge=true`)).status).toBe(204);
    expect(await readdir(`${api.folder}/shared`)).toEqual(['theirs.json']);
  });
});
