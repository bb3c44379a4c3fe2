import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type Answered, type Api, startApi } from '../api.ts';
import { certificate, draft, privateKey } from '../samples.ts';
import { plainServer } from '../network/servers.ts';

let api: Api;
let id: string;
let first: Answered;
beforeEach(async () => {
  api = await startApi();
  first = await create();
  id = first.body.id;
});
afterEach(() => api[Symbol.asyncDispose]());

const create = (more: object = {}) => api.call('POST /v1/connections', { body: { ...draft(), ...more } });
const get = (headers: Record<string, string> = {}) => api.call(`GET /v1/connections/${id}`, { headers });
const patch = (body: object, headers: Record<string, string> = {}, of = id) =>
  api.call(`PATCH /v1/connections/${of}`, { body, headers });
const refused = ({ status, body }: Answered) => [status, body.code];

describe('a PATCH', () => {
  test('changes what it names, and nothing else', async () => {
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

  test('merges config, options and metadata field by field, and null removes', async () => {
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

  test('with null for the whole goes back to nothing, or to the defaults', async () => {
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

  test('cannot remove what must be there', async () => {
    for (const body of [{ name: null }, { config: { host: null } }, { role: null }])
      expect(refused(await patch(body))).toEqual([400, 'invalid-request']);
    expect((await patch({ config: { port: null } })).body['config']).toMatchObject({ port: 5432 });
  });

  test('of one connection string changes address, options and credentials alike', async () => {
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

  test('with an option both in the connection string and beside it is refused', async () => {
    const answer = await patch({
      connection_string: 'postgres://writer@localhost/store?sslmode=require',
      options: { ssl_mode: 'disable' },
    });
    expect(answer.body.errors.map(({ path }) => path)).toEqual(['options.ssl_mode']);
  });

  test('cannot add up to more than a body may have', async () => {
    const pairs = (from: number) =>
      Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`key_${from + i}`, '漢'.repeat(2000)]));
    expect((await patch({ metadata: pairs(0) })).status).toBe(200);
    expect((await patch({ metadata: pairs(20) })).status).toBe(200);
    const schemas = Array.from({ length: 180 }, (_, i) => `${i}${'x'.repeat(190)}`);
    expect(refused(await patch({ excluded_schemas: schemas }))).toEqual([413, 'payload-too-large']);
    await api.settle();
    expect((await get()).body['status']).toBe('failed');
  });

  test('that changes nothing writes nothing', async () => {
    for (const body of [{}, { name: 'Sales' }, { config: { port: 1 } }, { metadata: { none: null } }]) {
      const answer = await patch(body);
      expect([answer.status, answer.headers['etag']]).toEqual([200, first.headers['etag']]);
    }
    expect(await api.settle()).toHaveLength(1);
  });

  test('has a test follow where it could change the outcome, and else not', async () => {
    await api.settle();
    expect((await patch({ tags: ['a'] })).body['status']).toBe('failed');
    expect((await patch({ options: { query_timeout_seconds: 7 } })).body['status']).toBe('failed');
    expect((await api.settle()).map(({ test }) => test)).toEqual([false, false, false]);
    expect((await patch({ config: { database: 'other' } })).body['status']).toBe('testing');
    expect(await api.settle()).toMatchObject([{ type: 'connection.updated', test: true, version: 4 }]);
    expect((await get()).body['status']).toBe('failed');
  });

  test.each<[string, object]>([
    ['the authority', { ssl: { ca: certificate } }],
    ['the client certificate', { ssl: { cert: certificate, key: privateKey } }],
    ['the mode of TLS', { options: { ssl_mode: 'require' } }],
    ['the role', { role: 'target' }],
    ['the secret, be it the same once more', { credentials: { password: 'not-a-real-password' } }],
  ])('has a test follow where it is of %s', async (_, change) => {
    await api.settle();
    expect((await patch(change)).body['status']).toBe('testing');
    expect(await api.settle()).toMatchObject([{ type: 'connection.tested' }, { test: true, version: 2 }]);
    expect((await get()).body['status']).toBe('failed');
  });

  test('of the host while that is tested leaves the new one untested, and the test in the history', async () => {
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

  test('during a test leaves nobody waiting for a test that was made', async () => {
    await Promise.all([api.settle(), patch({ options: { query_timeout_seconds: 7 } })]);
    await api.settle();
    expect((await get()).body['status']).toBe('failed');
  });

  test('of a deleted connection is 404', async () => {
    await api.call(`DELETE /v1/connections/${id}`);
    expect(refused(await patch({ name: 'Other' }))).toEqual([404, 'not-found']);
  });

  test('of many at once loses none', async () => {
    const names = Array.from({ length: 10 }, (_, i) => `key_${i}`);
    const answers = await Promise.all(names.map((name) => patch({ metadata: { [name]: '' } })));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    const { body } = await get();
    expect(Object.keys(Object(body['metadata'])).toSorted()).toEqual(names);
    expect(body.version).toBe(11);
  });
});

describe('a new name', () => {
  test('frees the old one, and takes the new', async () => {
    await patch({ name: 'Orders' });
    expect((await create()).status).toBe(201);
    expect(refused(await create({ name: 'ORDERS' }))).toEqual([409, 'name-taken']);
  });

  test('that another has is refused, whatever its case', async () => {
    await create({ name: 'Orders' });
    expect(refused(await patch({ name: 'oRDERS' }))).toEqual([409, 'name-taken']);
    expect((await get()).body.name).toBe('Sales');
  });

  test('may be the old one in another case', async () => {
    expect((await patch({ name: 'SALES' })).body.name).toBe('SALES');
    expect(refused(await create())).toEqual([409, 'name-taken']);
  });

  test('goes to one of many that want it at once', async () => {
    const made = await Promise.all(Array.from({ length: 8 }, (_, i) => create({ name: `Number ${i}` })));
    const answers = await Promise.all(made.map(({ body }) => patch({ name: 'The one' }, {}, body.id)));
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
      200,
      ...Array(7).fill(409),
    ]);
    const { body } = await api.call('GET /v1/connections?name_prefix=the one');
    expect(body.data).toHaveLength(1);
  });

  test('that is taken leaves the credentials that came with it out of force', async () => {
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
  ])('lets a %s through as long as nobody else changed it', async (method, body) => {
    const ask = (headers: Record<string, string>) =>
      api.call(`${method} /v1/connections/${id}`, { body, headers });
    for (const wrong of ['"9.9"', '"1"', 'W/"1.1"', '', 'x', '"1.1", "2.1"'])
      expect(refused(await ask({ 'if-match': wrong }))).toEqual([412, 'precondition-failed']);
    expect((await ask({ 'if-match': tag() })).status).toBeLessThan(300);
  });

  test('of an old version is refused, and * never', async () => {
    await patch({ tags: ['a'] });
    expect(refused(await patch({ tags: ['b'] }, { 'if-match': tag() }))).toEqual([
      412,
      'precondition-failed',
    ]);
    expect((await patch({ tags: ['b'] }, { 'if-match': '*' })).status).toBe(200);
  });

  test('is not failed by a test that came in between', async () => {
    await api.settle();
    expect((await get()).headers['etag']).not.toBe(tag());
    expect((await patch({ tags: ['a'] }, { 'if-match': tag() })).status).toBe(200);
  });

  test('lets one of many at once through', async () => {
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
  test('is answered 304 without a body until something changes, be it by a test', async () => {
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

describe('a PUT', () => {
  const put = (body: object) => api.call(`PUT /v1/connections/${id}`, { body });

  test('changes name and credentials, each alone or both', async () => {
    expect((await put({ name: 'Orders' })).body).toMatchObject({
      name: 'Orders',
      credentials: { version: 1 },
    });
    const { body } = await put({ credentials: { password: 'another-fake-password' } });
    expect(body).toMatchObject({ name: 'Orders', credentials: { version: 2 } });
    expect((await put({})).status).toBe(200);
  });

  test('takes nothing else', async () => {
    for (const body of [{ config: { host: 'localhost' } }, { tags: [] }, { status: 'connected' }])
      expect((await put(body)).body.errors.map(({ path }) => path)).toEqual(Object.keys(body));
  });
});
