import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type ApiAnswer, type Api, startApi } from '../api.ts';
import { certificate, createConnectionBody, privateKey } from '../samples.ts';
import { plainServer } from '../network/servers.ts';

let api: Api;
let id: string;
let first: ApiAnswer;
beforeEach(async () => {
  api = await startApi();
  first = await create();
  id = first.body.id;
});
afterEach(() => api[Symbol.asyncDispose]());

const create = (more: object = {}) =>
  api.call('POST /v1/connections', { body: { ...createConnectionBody(), ...more } });
const get = (headers: Record<string, string> = {}) => api.call(`GET /v1/connections/${id}`, { headers });
const patch = (body: object, headers: Record<string, string> = {}, of = id) =>
  api.call(`PATCH /v1/connections/${of}`, { body, headers });
const refused = ({ status, body }: ApiAnswer) => [status, body.code];

describe('PATCH of a connection', () => {
  test('changes the named fields and nothing else', async () => {
    const { status, body } = await patch({
      description: 'Where orders are',
      tags: ['a', 'b'],
      role: 'target',
    });
    expect(status).toBe(200);
    expect(body).toEqual({
      ...first.body,
      description: 'Where orders are',
      tags: ['a', 'b'],
      role: 'target',
      version: 2,
      updated_at: expect.any(String),
    });
    expect((await get()).body).toEqual(body);
  });

  test('merges config, options and metadata field by field, and null removes a field', async () => {
    await patch({
      config: { database: 'other', schemas: ['public'] },
      options: { query_timeout_seconds: 5, max_connections: 9 },
      metadata: { team: 'data', owner: 'somebody' },
    });
    const { body } = await patch({
      config: { schemas: null },
      options: { max_connections: null },
      metadata: { team: null, stage: 'live' },
    });
    expect(body).toMatchObject({ version: 3, metadata: { owner: 'somebody', stage: 'live' } });
    expect(body['config']).toEqual({ ...Object(first.body['config']), database: 'other' });
    expect(body['options']).toEqual({ ...Object(first.body['options']), query_timeout_seconds: 5 });
  });

  test('resets a field to empty or to its defaults when the whole field is null', async () => {
    await patch({
      description: 'x',
      product: 'y',
      flavor: 'local',
      tags: ['a'],
      metadata: { a: 'b' },
      excluded_schemas: ['c'],
      options: { max_connections: 9 },
    });
    const { body } = await patch({
      description: null,
      product: null,
      flavor: null,
      tags: null,
      metadata: null,
      excluded_schemas: null,
      options: null,
      ssl: null,
    });
    expect(body).toMatchObject({
      description: null,
      product: null,
      flavor: null,
      tags: [],
      metadata: {},
      excluded_schemas: [],
      options: { max_connections: 2, ssl_mode: 'verify-full' },
    });
  });

  test('cannot remove a required field', async () => {
    for (const body of [{ name: null }, { config: { host: null } }, { role: null }])
      expect(refused(await patch(body))).toEqual([400, 'invalid-request']);
    expect((await patch({ config: { port: null } })).body['config']).toMatchObject({ port: 5432 });
  });

  test('with a connection string changes address, options and credentials together', async () => {
    const { body } = await patch({
      connection_string: 'postgres://writer:another-fake-password@localhost:2/store?sslmode=verify-ca',
    });
    expect(body).toMatchObject({
      config: { host: 'localhost', port: 2, database: 'store', username: 'writer' },
      options: { ssl_mode: 'verify-ca' },
      credentials: { locked: false, version: 2 },
    });
    expect((await api.secretOf(id)).credentials['password']).toBe('another-fake-password');
  });

  test('returns a field error for an option that is both in the connection string and in options', async () => {
    const answer = await patch({
      connection_string: 'postgres://writer@localhost/store?sslmode=require',
      options: { ssl_mode: 'disable' },
    });
    expect(answer.body.errors.map(({ path }) => path)).toEqual(['options.ssl_mode']);
  });

  test('returns 413 when merged fields exceed the size limit of a body', async () => {
    const pairs = (from: number) =>
      Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`key_${from + i}`, '漢'.repeat(2000)]));
    expect((await patch({ metadata: pairs(0) })).status).toBe(200);
    expect((await patch({ metadata: pairs(20) })).status).toBe(200);
    const schemas = Array.from({ length: 180 }, (_, i) => `${i}${'x'.repeat(190)}`);
    expect(refused(await patch({ excluded_schemas: schemas }))).toEqual([413, 'payload-too-large']);
    await api.settle();
    expect((await get()).body['status']).toBe('failed');
  });

  test('without an actual change writes nothing', async () => {
    for (const body of [{}, { name: 'Sales' }, { config: { port: 1 } }, { metadata: { none: null } }]) {
      const answer = await patch(body);
      expect([answer.status, answer.headers['etag']]).toEqual([200, first.headers['etag']]);
    }
    expect((await api.settle()).events).toHaveLength(1);
  });

  test('starts a test only when the change could alter the result', async () => {
    await api.settle();
    expect((await patch({ tags: ['a'] })).body['status']).toBe('failed');
    expect((await patch({ options: { query_timeout_seconds: 7 } })).body['status']).toBe('failed');
    expect((await api.settle()).tests).toEqual([]);
    expect((await patch({ config: { database: 'other' } })).body['status']).toBe('testing');
    expect(await api.settle()).toMatchObject({
      events: [{ type: 'connection.updated' }],
      tests: [{ trigger: 'change', awaited: 4 }],
    });
    expect((await get()).body['status']).toBe('failed');
  });

  test.each<[string, object]>([
    ['the authority', { ssl: { ca: certificate } }],
    ['the client certificate', { ssl: { cert: certificate, key: privateKey } }],
    ['the mode of TLS', { options: { ssl_mode: 'require' } }],
    ['the role', { role: 'target' }],
    ['the secret, be it the same once more', { credentials: { password: 'not-a-real-password' } }],
  ])('starts a test when it changes %s', async (_, change) => {
    await api.settle();
    expect((await patch(change)).body['status']).toBe('testing');
    const { events, tests } = await api.settle();
    expect(events.map(({ type }) => type).slice(0, 3)).toEqual([
      'connection.tested',
      'connection.status_changed',
      'connection.updated',
    ]);
    expect(tests).toMatchObject([{ trigger: 'change', awaited: 2 }]);
    expect((await get()).body['status']).toBe('failed');
  });

  test('of the host during a test leaves the new host untested and the test in the history', async () => {
    await using server = await plainServer((socket) => {
      void patch({ config: { port: 1 } }).finally(() => socket.destroy());
    });
    await patch({ config: { port: server.port }, credentials: { password: 'another-fake-password' } });
    await patch({ credentials: { password: 'third-fake-password' } });
    const { body } = await api.call(`POST /v1/connections/${id}/test`);
    expect(body['status']).toBe('failed');
    expect((await get()).body).toMatchObject({ version: 4, status: 'testing', last_test: null });
    expect((await api.stored(id))?.awaits_test).toBe(4);
    expect((await api.call(`GET /v1/connections/${id}/tests`)).body.data).toHaveLength(1);
  });

  test('during a test does not leave the connection waiting for a test that was already made', async () => {
    await Promise.all([api.settle(), patch({ options: { query_timeout_seconds: 7 } })]);
    await api.settle();
    expect((await get()).body['status']).toBe('failed');
  });

  test('returns 404 for a deleted connection', async () => {
    await api.call(`DELETE /v1/connections/${id}`);
    expect(refused(await patch({ name: 'Other' }))).toEqual([404, 'not-found']);
  });

  test('loses no change when many run concurrently', async () => {
    const names = Array.from({ length: 10 }, (_, i) => `key_${i}`);
    const answers = await Promise.all(names.map((name) => patch({ metadata: { [name]: '' } })));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    const { body } = await get();
    expect(Object.keys(Object(body['metadata'])).toSorted()).toEqual(names);
    expect(body.version).toBe(11);
  });
});

describe('a new name', () => {
  test('frees the old name and reserves the new one', async () => {
    await patch({ name: 'Orders' });
    expect((await create()).status).toBe(201);
    expect(refused(await create({ name: 'ORDERS' }))).toEqual([409, 'name-taken']);
  });

  test('is rejected when another connection has it, in any case', async () => {
    await create({ name: 'Orders' });
    expect(refused(await patch({ name: 'oRDERS' }))).toEqual([409, 'name-taken']);
    expect((await get()).body.name).toBe('Sales');
  });

  test('may differ from the old name only in case', async () => {
    expect((await patch({ name: 'SALES' })).body.name).toBe('SALES');
    expect(refused(await create())).toEqual([409, 'name-taken']);
  });

  test('goes to one of several concurrent requests', async () => {
    const made = await Promise.all(Array.from({ length: 8 }, (_, i) => create({ name: `Number ${i}` })));
    const answers = await Promise.all(made.map(({ body }) => patch({ name: 'The one' }, {}, body.id)));
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
      200,
      ...Array(7).fill(409),
    ]);
    const { body } = await api.call('GET /v1/connections?name_prefix=the one');
    expect(body.data).toHaveLength(1);
  });

  test('that is taken also leaves the credentials of the same request unapplied', async () => {
    await create({ name: 'Orders' });
    const answer = await patch({ name: 'Orders', credentials: { password: 'another-fake-password' } });
    expect(refused(answer)).toEqual([409, 'name-taken']);
    expect((await api.secretOf(id)).credentials['password']).toBe('not-a-real-password');
  });
});

describe('If-Match', () => {
  const tag = () => first.headers['etag'] ?? '';

  test.each([
    ['PATCH', { tags: ['a'] }],
    ['PATCH', { credentials: { password: 'another-fake-password' } }],
    ['PUT', { name: 'Other' }],
    ['DELETE', undefined],
  ])('lets a %s through only when it matches the current ETag', async (method, body) => {
    const ask = (headers: Record<string, string>) =>
      api.call(`${method} /v1/connections/${id}`, { body, headers });
    for (const wrong of ['"9.9"', '"1"', 'W/"1.1"', '', 'x', '"1.1", "2.1"'])
      expect(refused(await ask({ 'if-match': wrong }))).toEqual([412, 'precondition-failed']);
    expect((await ask({ 'if-match': tag() })).status).toBeLessThan(300);
  });

  test('rejects an old version, and * matches any version', async () => {
    await patch({ tags: ['a'] });
    expect(refused(await patch({ tags: ['b'] }, { 'if-match': tag() }))).toEqual([
      412,
      'precondition-failed',
    ]);
    expect((await patch({ tags: ['b'] }, { 'if-match': '*' })).status).toBe(200);
  });

  test('still matches after a test of the connection', async () => {
    await api.settle();
    expect((await get()).headers['etag']).not.toBe(tag());
    expect((await patch({ tags: ['a'] }, { 'if-match': tag() })).status).toBe(200);
  });

  test('lets one of several concurrent changes through', async () => {
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, i) => patch({ tags: [`${i}`] }, { 'if-match': tag() })),
    );
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
      200,
      ...Array(9).fill(412),
    ]);
  });
});

describe('If-None-Match', () => {
  test('returns 304 without a body until the connection changes or is tested', async () => {
    const tag = first.headers['etag'] ?? '';
    const same = await get({ 'if-none-match': tag });
    expect([same.status, same.text, same.headers['etag']]).toEqual([304, '', tag]);
    expect((await get({ 'if-none-match': `"0.0", W/${tag}` })).status).toBe(304);
    expect((await get({ 'if-none-match': '*' })).status).toBe(304);
    await api.settle();
    const after = await get({ 'if-none-match': tag });
    expect([after.status, after.body['status']]).toEqual([200, 'failed']);
    await patch({ tags: ['a'] });
    expect((await get({ 'if-none-match': after.headers['etag'] ?? '' })).status).toBe(200);
  });
});

describe('PUT of a connection', () => {
  const put = (body: object) => api.call(`PUT /v1/connections/${id}`, { body });

  test('changes the name, the credentials or both', async () => {
    expect((await put({ name: 'Orders' })).body).toMatchObject({
      name: 'Orders',
      credentials: { version: 1 },
    });
    const { body } = await put({ credentials: { password: 'another-fake-password' } });
    expect(body).toMatchObject({ name: 'Orders', credentials: { version: 2 } });
    expect((await put({})).status).toBe(200);
  });

  test('rejects every other field', async () => {
    for (const body of [{ config: { host: 'localhost' } }, { tags: [] }, { status: 'connected' }])
      expect((await put(body)).body.errors.map(({ path }) => path)).toEqual(Object.keys(body));
  });
});
