import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type Api, startApi } from '../../api.ts';
import { createConnectionBody } from '../../samples.ts';
import { dbTypes } from './document.ts';
import {
  toRegistrationData,
  summarizeRegistrationFailure,
  toRegistrationNames,
  register,
} from './registrations.ts';

let api: Api;
let now = Date.parse('2026-01-01T00:00:00Z');
beforeEach(async () => void (api = await startApi({ clock: () => now++ })));
afterEach(() => api[Symbol.asyncDispose]());

const at = (id: unknown) => `/api/v1/connections/${String(id)}`;
const ours = (id: unknown) => `/v1/connections/conn_${String(id).replaceAll('-', '')}`;
const byNumber = (a: number, b: number) => a - b;
const list = (query = '') => api.call(`GET /api/v1/connections${query}`);

describe('a registration', () => {
  test('returns its Location and is found there', async () => {
    const answer = await register(api);
    const { id } = toRegistrationData(answer);
    expect(answer.headers['location']).toBe(at(id));
    const { status, body } = await api.call(`GET ${at(id)}`);
    expect([status, body]).toEqual([200, answer.body]);
    expect((await api.call(`GET ${at(String(id).toUpperCase())}`)).body).toEqual(answer.body);
  });

  test('reads its fields from the connection string, with the default port 5432', async () => {
    const answer = await register(api, {
      connection_string: 'postgres://me:se%40cret-word@db.abc.example.com/app%20one?sslmode=require',
    });
    expect(toRegistrationData(answer)).toMatchObject({
      host: 'db.abc.example.com',
      port: 5432,
      database_name: 'app one',
    });
    const secret = await api.secretOf(`conn_${String(toRegistrationData(answer)['id']).replaceAll('-', '')}`);
    expect(secret.credentials).toEqual({ auth_method: 'password', password: 'se@cret-word' });
  });

  test.each([
    ['', 'prefer'],
    ['?sslmode=disable', 'disable'],
    ['?sslmode=require', 'require'],
    ['?sslmode=verify-full', 'verify-full'],
    ['?ssl=require', 'require'],
  ])('with %j after the database connects with ssl_mode %s', async (query, mode) => {
    const answer = await register(api, {
      connection_string: `postgresql://u:secret-word@127.0.0.1:1/d${query}`,
    });
    const { body } = await api.call(`GET ${ours(toRegistrationData(answer)['id'])}`);
    expect(body['options']).toMatchObject({ ssl_mode: mode });
  });

  test.each(['postgresql+asyncpg', 'postgresql+psycopg2', 'postgres+pg8000', 'POSTGRESQL'])(
    'accepts the scheme %s://',
    async (scheme) => {
      const answer = await register(api, { connection_string: `${scheme}://u:secret-word@127.0.0.1:1/d` });
      expect([answer.status, toRegistrationData(answer)['host']]).toEqual([201, '127.0.0.1']);
    },
  );

  test('excludes the schemas that it names, and none with an empty list', async () => {
    const some = await register(api, { name: 'some', excluded_schemas: ['audit', 'tmp'] });
    expect(toRegistrationData(some)['excluded_schemas']).toEqual(['audit', 'tmp']);
    const none = await register(api, { name: 'none', excluded_schemas: [], db_type: 'supabase' });
    expect(toRegistrationData(none)['excluded_schemas']).toEqual([]);
    expect((await api.call(`GET ${ours(toRegistrationData(none)['id'])}`)).body['excluded_schemas']).toEqual(
      [],
    );
  });

  test('does not dial, and is tested afterwards', async () => {
    const { id } = toRegistrationData(await register(api));
    expect((await api.call(`GET ${ours(id)}`)).body).toMatchObject({ status: 'testing' });
    const { events, tests } = await api.settle();
    expect([events, tests]).toMatchObject([[{ type: 'connection.created' }], [{ trigger: 'create' }]]);
    expect((await api.call(`GET ${ours(id)}`)).body).toMatchObject({ status: 'failed' });
  });

  test('has a unique name, which goes to one of two concurrent requests', async () => {
    const both = await Promise.all([register(api), register(api)]);
    expect(both.map(({ status }) => status).toSorted(byNumber)).toEqual([201, 409]);
    expect(summarizeRegistrationFailure(await register(api, { name: ' ORDERS ' }))).toEqual([
      409,
      'CONFLICT',
    ]);
    expect(toRegistrationNames(await list())).toEqual(['Orders']);
  });

  test('has a last_introspected_at of null before the first introspection', async () => {
    const { id } = toRegistrationData(await register(api));
    expect(toRegistrationData(await api.call(`GET ${at(id)}`))['last_introspected_at']).toBeNull();
  });
});

describe('delete of a registration', () => {
  test('returns the registration as inactive, and then 404', async () => {
    const { id, ...others } = toRegistrationData(await register(api));
    const gone = await api.call(`DELETE ${at(id)}`);
    expect([gone.status, gone.body]).toEqual([
      200,
      { success: true, data: { id, ...others, is_active: false }, error: null },
    ]);
    for (const method of ['GET', 'DELETE'])
      expect(summarizeRegistrationFailure(await api.call(`${method} ${at(id)}`))).toEqual([404, 'NOT_FOUND']);
    expect(toRegistrationNames(await list())).toEqual([]);
  });

  test('can be undone by a restore and frees the name at once', async () => {
    const { id } = toRegistrationData(await register(api));
    await api.call(`DELETE ${at(id)}`);
    expect((await register(api)).status).toBe(201);
    expect((await api.call(`POST ${ours(id)}/restore`)).status).toBe(409);
    const other = toRegistrationData(await register(api, { name: 'Other' }))['id'];
    await api.call(`DELETE ${at(other)}`);
    await api.call(`POST ${ours(other)}/restore`);
    expect(toRegistrationData(await api.call(`GET ${at(other)}`))).toMatchObject({
      name: 'Other',
      is_active: true,
    });
  });

  test('succeeds once when several run concurrently', async () => {
    const { id } = toRegistrationData(await register(api));
    const all = await Promise.all([1, 2, 3].map(() => api.call(`DELETE ${at(id)}`)));
    expect(all.map(({ status }) => status).toSorted(byNumber)).toEqual([200, 404, 404]);
  });

  test('returns 409 with the consumers while the connection is in use', async () => {
    const { id } = toRegistrationData(await register(api));
    await api.call(`PUT ${ours(id)}/usages/report-7`);
    const answer = await api.call(`DELETE ${at(id)}`);
    expect(summarizeRegistrationFailure(answer)).toEqual([409, 'CONFLICT']);
    expect(Object(answer.body['error'])['details']).toEqual({ consumers: ['report-7'] });
    await api.call(`DELETE ${ours(id)}/usages/report-7`);
    expect((await api.call(`DELETE ${at(id)}`)).status).toBe(200);
  });
});

describe('registration list', () => {
  test('contains all registrations, newest first', async () => {
    expect((await list()).body).toEqual({ success: true, data: [], error: null });
    const names = Array.from({ length: 60 }, (_, i) => `number ${i}`);
    const made: unknown[] = [];
    for (const name of names) made.unshift(toRegistrationData(await register(api, { name })));
    const { status, body, headers } = await list();
    expect([status, body.data]).toEqual([200, made]);
    expect(headers).not.toHaveProperty('link');
  });

  test('is split when an answer would be too large, with a link to the rest', async () => {
    const excluded_schemas = Array.from({ length: 200 }, (_, i) => `${i}`.padEnd(200, 'x'));
    const made: string[] = [];
    for (let i = 0; i < 120; i++) {
      made.unshift(`number ${i}`);
      await register(api, { name: `number ${i}`, excluded_schemas });
    }
    const first = await list();
    expect(first.text.length).toBeLessThan(4.1 * 1024 * 1024);
    const [, next = ''] =
      /^<(\/api\/v1\/connections\?cursor=[\w-]+)>; rel="next"$/.exec(first.headers['link'] ?? '') ?? [];
    const second = await api.call(`GET ${next}`);
    expect(second.headers).not.toHaveProperty('link');
    expect(first.body.data.length).toBeGreaterThan(60);
    expect([...toRegistrationNames(first), ...toRegistrationNames(second)]).toEqual(made);
    expect(summarizeRegistrationFailure(await api.call(`GET ${next}x`))).toEqual([400, 'VALIDATION_ERROR']);
  });

  test("contains only the registrations of the caller's tenant", async () => {
    const { id } = toRegistrationData(await register(api));
    await api.addKey('sk_other_organisation', { org: 'org_other' });
    const strangers = [{ key: 'sk_other_organisation' }, { headers: { 'x-environment-id': 'staging' } }];
    for (const more of strangers) {
      expect((await api.call('GET /api/v1/connections', more)).body.data).toEqual([]);
      for (const method of ['GET', 'DELETE'])
        expect(summarizeRegistrationFailure(await api.call(`${method} ${at(id)}`, more))).toEqual([
          404,
          'NOT_FOUND',
        ]);
    }
    expect((await api.call(`GET ${at(id)}`)).status).toBe(200);
  });
});

describe('a connection in this API and in /v1', () => {
  const flavors = {
    supabase: 'supabase',
    postgres_gcp: 'gcp',
    postgresql_local: 'local',
    postgresql_aws: 'aws',
  };

  test.each(dbTypes)('a %s that is registered here is shown by /v1', async (db_type) => {
    const { id } = toRegistrationData(await register(api, { db_type }));
    const { status, body } = await api.call(`GET ${ours(id)}`);
    expect([status, body]).toMatchObject([
      200,
      {
        name: 'Orders',
        type: 'postgresql',
        flavor: Object.entries(flavors).find(([name]) => name === db_type)?.[1] ?? null,
        role: 'source',
        mode: 'managed',
        config: { host: '127.0.0.1', port: 1, database: 'shop', username: 'reader' },
        options: { ssl_mode: 'prefer' },
        credentials: { auth_method: 'password' },
      },
    ]);
  });

  test.each([...Object.entries(flavors), ['postgresql', null]])(
    'a %s that /v1 creates with the flavor %s is shown here',
    async (db_type, flavor) => {
      const { body } = await api.call('POST /v1/connections', {
        body: { ...createConnectionBody(), flavor },
      });
      const [shown] = (await list()).body.data;
      expect(shown).toMatchObject({
        name: 'Sales',
        db_type,
        host: '127.0.0.1',
        port: 1,
        database_name: 'shop',
      });
      expect(`conn_${String(shown?.id).replaceAll('-', '')}`).toBe(body.id);
      expect(toRegistrationData(await api.call(`GET ${at(shown?.id)}`))).toEqual(shown);
    },
  );

  test('a connection that is not PostgreSQL is hidden here', async () => {
    for (const type of ['redshift', 'mysql'])
      await api.call('POST /v1/connections', { body: { ...createConnectionBody(), name: type, type } });
    const { body } = await api.call('GET /v1/connections');
    expect(body.data.map(({ name }) => name)).toEqual(['mysql', 'redshift']);
    expect(toRegistrationNames(await list())).toEqual([]);
    for (const { id } of body.data) {
      const uuid = id.replace(/^conn_(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
      for (const method of ['GET', 'DELETE'])
        expect(summarizeRegistrationFailure(await api.call(`${method} ${at(uuid)}`))).toEqual([
          404,
          'NOT_FOUND',
        ]);
    }
    expect((await api.call('GET /v1/connections')).body.data).toHaveLength(2);
  });
});
