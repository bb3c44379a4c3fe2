import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { buildComponents } from '../../../infra/build/openapi-schemas.ts';
import { routes } from '../../../functions/routes.ts';
import { type ApiAnswer, type Api, startApi } from '../../api.ts';
import { parseCurl, type Field, fieldsUnder } from '../../seeds/curl.ts';
import { seed } from '../../seeds/read.ts';

const text = seed('003-providers');
const curl = parseCurl(text);

/** The JSON below a heading of the document. */
const printed = (heading: string): Record<string, unknown> => {
  const [, after = ''] = text.split(`\n${heading}\n`);
  return JSON.parse(/^\{[\s\S]*?^\}/m.exec(after)?.[0] ?? '') as Record<string, unknown>;
};

let api: Api;
beforeAll(async () => {
  api = await startApi();
  await api.addKey('sk_your_key', { org: 'org_xyz', environments: ['env_abc123'] });
});
afterAll(() => api[Symbol.asyncDispose]());

const sent = (more: object = {}, { request, headers } = curl) =>
  api.call(request, { key: '', headers, text: curl.text, ...more });
const as = { key: 'sk_your_key', headers: { 'x-environment-id': 'env_abc123' } };

describe('seed 003, as printed', () => {
  let made: ApiAnswer;
  beforeAll(async () => {
    made = await sent();
  });

  test('has a curl command that creates a connection and gets the printed answer', () => {
    expect(made.status).toBe(201);
    const answer = printed('Response (201):');
    const { id, created_at: _, updated_at: __, ...others } = answer;
    // The fields are also in the printed order.
    expect(Object.keys(made.body)).toEqual(Object.keys(answer));
    expect(made.body).toMatchObject(others);
    expect([id, made.body.id]).toEqual([expect.stringMatching(/^conn_/), expect.stringMatching(/^conn_/)]);
    for (const time of [made.body['created_at'], made.body['updated_at']])
      expect(String(time)).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
    expect(made.headers['location']).toBe(`/v1/connections/${made.body.id}`);
  });

  test('creates the requested connection, with its password only in the vault', async () => {
    const { body, text: shown } = await api.call(`GET /v1/connections/${made.body.id}`, as);
    expect(body).toMatchObject({
      name: 'analytics-warehouse',
      type: 'snowflake',
      mode: 'managed',
      config: {
        account: 'myorg-account',
        username: 'EMBEDD_USER',
        warehouse: 'COMPUTE_WH',
        schema: 'PUBLIC',
      },
      credentials: { auth_method: 'password' },
    });
    expect(shown + made.text + api.logged.join('')).not.toContain('secure_password');
    const stored = await api.stored(made.body.id, { org: 'org_xyz', environment: 'env_abc123' });
    expect(stored?.awaits_test).toBe(1);
  });

  test('has six routes, and all of them exist', () => {
    const named = [...text.matchAll(/^(GET|POST|PUT|DELETE) (\/v1\S+)$/gm)].map(([line]) =>
      line.replace('{connection_id}', '{id}'),
    );
    expect(named.length).toBe(6);
    expect(Object.keys(routes)).toEqual(expect.arrayContaining(named));
  });
});

const whole = {
  snowflake: {
    auth_method: 'password',
    account: 'myorg-account',
    user: 'EMBEDD_USER',
    password: 'not-a-real-password',
    warehouse: 'WH',
    database: 'SHOP',
    schema: 'SALES',
    role: 'READER',
  },
  postgresql: {
    host: 'db.example.com',
    port: 5433,
    database: 'shop',
    user: 'reader',
    password: 'not-a-real-password',
    ssl_mode: 'require',
  },
} as const;

const created = (provider: string, credentials: object, name = `${provider} ${Math.random()}`) =>
  api.call(`POST /v1/providers/${provider}/connections`, { body: { name, mode: 'managed', credentials } });
const without = (object: object, name: string) =>
  Object.fromEntries(Object.entries(object).filter(([other]) => other !== name));

describe.each([
  ['snowflake', 'Snowflake Credentials', 'SnowflakeCredentials'],
  ['postgresql', 'PostgreSQL Credentials', 'PostgresqlCredentials'],
] as const)('credentials table of %s', (provider, heading, schema) => {
  const fields = fieldsUnder(text, heading);
  // A secret of another auth method is rejected next to the one that is used.
  const used = fields.filter(({ name }) => name in whole[provider]);
  const cases = (some: readonly Field[]) => some.map((field) => [field.name, field] as const);

  test('is parsed, and all its fields together are accepted', async () => {
    expect(fields.length).toBe(provider === 'snowflake' ? 9 : 6);
    const { status, body } = await created(provider, whole[provider]);
    const shown = (await api.call(`GET /v1/connections/${body.id}`)).body;
    expect([status, shown['config'], shown['options']]).toEqual([
      201,
      provider === 'snowflake'
        ? {
            account: 'myorg-account',
            username: 'EMBEDD_USER',
            warehouse: 'WH',
            database: 'SHOP',
            schema: 'SALES',
            role: 'READER',
          }
        : { host: 'db.example.com', port: 5433, database: 'shop', username: 'reader' },
      expect.objectContaining({ ssl_mode: provider === 'snowflake' ? 'prefer' : 'require' }),
    ]);
  });

  test.each(cases(used))('%s is required or optional as printed', async (name, { required }) => {
    const { status, body } = await created(provider, without(whole[provider], name));
    expect([status, body.errors?.map(({ path }) => path)]).toEqual(
      required === 'No' ? [201, undefined] : [400, [`credentials.${name}`]],
    );
  });

  test.each(cases(used))('%s accepts only its type', async (name, { type }) => {
    for (const wrong of type === 'string' ? [5, true, null, ['a'], {}] : ['5432', 1.5, true, null, 0]) {
      const { status, body } = await created(provider, { ...whole[provider], [name]: wrong });
      expect([name, status, body.errors?.map(({ path }) => path)]).toEqual([
        name,
        400,
        [`credentials.${name}`],
      ]);
    }
  });

  test('is in the OpenAPI document with its descriptions', () => {
    const { properties } = buildComponents().schemas[`providers.${schema}`] as {
      properties: Record<string, { description: string }>;
    };
    expect(Object.keys(properties)).toEqual(fields.map(({ name }) => name));
    for (const { name, description } of fields)
      if (!/^Required for|^PEM/.test(description)) expect(properties[name]?.description).toBe(description);
  });
});

describe('request body table', () => {
  const base = { name: 'Orders', mode: 'managed', credentials: whole.postgresql };
  const post = (body: object) => api.call('POST /v1/providers/postgresql/connections', { body });

  test.each(
    fieldsUnder(text, 'Request Body:')
      .slice(0, 3)
      .map(({ name, required }) => [name, required]),
  )('%s is required: %s', async (name = '', required = '') => {
    const { status, body } = await post(without(base, name));
    expect(required).toBe('Yes');
    expect([status, body.code, body.errors?.map(({ path }) => path)]).toEqual([
      400,
      'invalid-request',
      [name],
    ]);
  });
});
