import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { apis } from '../../functions/apis.ts';
import { type ApiAnswer, type Api, startApi } from '../api.ts';

let api: Api;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api[Symbol.asyncDispose]());

/** The fields of a connection that all five APIs show. */
interface Common {
  readonly name: string;
  readonly type: string;
  readonly host: unknown;
  readonly port: unknown;
  readonly database: unknown;
}

type Fields = Readonly<Record<string, unknown>>;
const fieldsIn = (value: unknown): Fields => Object(value) as Fields; // a value that is not an object has no fields

/** How one API expresses what all of them support. */
interface Spoken {
  readonly create: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: (name: string) => object;
  /** Returns the connection from the answer to a create. */
  readonly made: (body: Fields) => unknown;
  /** Convert an id of this API to the 32 hex digits of the internal id, and back. */
  readonly inside: (id: string) => string;
  readonly outside: (id: string) => string;
  readonly listed: readonly [list: string, items: (body: Fields) => unknown];
  /** Reads an item of the list, or the answer to a get. */
  readonly common: (item: Fields) => Common;
  readonly get?: readonly [path: (id: string) => string, item: (body: Fields) => unknown];
  readonly remove: (id: string) => string;
  readonly failed: (answer: ApiAnswer) => unknown;
  /** The codes for a name that is taken, a connection that is in use, and one that does not exist. */
  readonly words: readonly [taken: unknown, used: unknown, absent: unknown];
}

const place = { host: 'db.example.com', port: 5433 };
const dashed = (id: string) => id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
const undashed = (id: string) => id.replaceAll('-', '');
const prefixed = (prefix: string) => ({
  inside: (id: string) => id.slice(prefix.length),
  outside: (id: string) => `${prefix}${id}`,
});
const itself = (body: Fields) => body;

const ours = {
  ...prefixed('conn_'),
  listed: ['/v1/connections', ({ data }: Fields) => data],
  common: ({ name, type, config }: Fields) => {
    const { host, port, database } = fieldsIn(config);
    return { name: String(name), type: String(type), host, port, database };
  },
  get: [(id: string) => `/v1/connections/${id}`, itself],
  remove: (id: string) => `/v1/connections/${id}`,
  failed: ({ body }: ApiAnswer) => body.code,
  words: ['name-taken', 'in-use', 'not-found'],
} as const satisfies Partial<Spoken>;

const five = {
  ours: {
    ...ours,
    create: '/v1/connections',
    body: (name) => ({
      name,
      type: 'postgresql',
      config: { ...place, database: 'shop', username: 'reader' },
      credentials: { password: 'not-a-real-password' },
    }),
    made: itself,
  },
  providers: {
    ...ours,
    create: '/v1/providers/postgresql/connections',
    body: (name) => ({
      name,
      mode: 'managed',
      credentials: { ...place, database: 'shop', user: 'reader', password: 'not-a-real-password' },
    }),
    made: itself,
  },
  management: {
    create: '/v1/management/connections',
    headers: { 'x-product-name': 'shop' },
    body: (configName) => ({
      configName,
      type: 'POSTGRESQL',
      ...place,
      databaseName: 'shop',
      userName: 'reader',
      password: 'not-a-real-password',
    }),
    made: itself,
    inside: undashed,
    outside: dashed,
    listed: ['/v1/management/connections', ({ items }) => items],
    common: ({ configName, type, host, port, databaseName }) => ({
      name: String(configName),
      type: String(type).toLowerCase().replace('_', ''),
      host,
      port,
      database: databaseName,
    }),
    get: [(id) => `/v1/management/connections/${id}`, itself],
    remove: (id) => `/v1/management/connections/${id}`,
    failed: ({ body }) => body.code,
    words: ['FET-1002', expect.stringMatching(/^FET-\d{4}$/), 'FET-1001'],
  },
  profiles: {
    ...prefixed('prof_'),
    create: '/api/v1/connection_profiles',
    body: (name) => ({
      name,
      connector: 'postgres',
      config: { ...place, database: 'shop', username: 'reader', password: 'not-a-real-password' },
    }),
    made: ({ data }) => data,
    listed: ['/api/v1/connection_profiles', ({ data }) => data],
    common: ({ name, connector, config }) => {
      const { host, port, database } = fieldsIn(config);
      const type = connector === 'postgres' ? 'postgresql' : String(connector);
      return { name: String(name), type, host, port, database };
    },
    remove: (id) => `/api/v1/connection_profiles/${id}`,
    failed: ({ body }) => fieldsIn(body['error'])['code'],
    words: ['CONFLICT', 'CONFLICT', 'NOT_FOUND'],
  },
  registrations: {
    create: '/api/v1/connections',
    body: (name) => ({
      name,
      db_type: 'postgresql',
      connection_string: `postgresql://reader:not-a-real-password@${place.host}:${place.port}/shop`,
    }),
    made: ({ data }) => data,
    inside: undashed,
    outside: dashed,
    listed: ['/api/v1/connections', ({ data }) => data],
    common: ({ name, host, port, database_name: database }) => ({
      name: String(name),
      type: 'postgresql',
      host,
      port,
      database,
    }),
    get: [(id) => `/api/v1/connections/${id}`, ({ data }) => data],
    remove: (id) => `/api/v1/connections/${id}`,
    failed: ({ body }) => fieldsIn(body['error'])['code'],
    words: ['CONFLICT', 'CONFLICT', 'NOT_FOUND'],
  },
} as const satisfies Readonly<Record<string, Spoken>>;
const each = Object.entries<Spoken>(five);

const post = ({ create, headers = {}, body }: Spoken, name: string) =>
  api.call(`POST ${create}`, { body: body(name), headers });
const idIn = (spoken: Spoken, answer: ApiAnswer) =>
  spoken.inside(String(fieldsIn(spoken.made(answer.body))['id']));
const create = async (spoken: Spoken, name: string) => {
  const answer = await post(spoken, name);
  expect(answer.status).toBe(201);
  return idIn(spoken, answer);
};
/** What one API lists, by internal id. */
const listed = async ({ listed: [path, items], inside, common }: Spoken) => {
  const { status, body } = await api.call(`GET ${path}`);
  expect(status).toBe(200);
  const found = items(body) as readonly Fields[]; // a list; otherwise the next line throws
  return new Map(found.map((item) => [inside(String(item['id'])), common(item)]));
};
const got = async ({ get, outside, common }: Spoken, id: string) => {
  const [path, item] = get ?? [];
  if (!path || !item) return undefined;
  const { status, body } = await api.call(`GET ${path(outside(id))}`);
  return status === 200 ? common(fieldsIn(item(body))) : status;
};

const shop = { type: 'postgresql', ...place, database: 'shop' };

describe('a connection across the five APIs', () => {
  test('is tested with /v1 and each of the four other APIs', () => {
    expect(Object.keys(five).toSorted()).toEqual(['ours', ...Object.keys(apis)].toSorted());
  });

  test.each(each)('created through %s is shown by all APIs', async (_, creator) => {
    const id = await create(creator, 'One of all');
    for (const [name, reader] of each) {
      expect([name, [...(await listed(reader))]]).toEqual([name, [[id, { name: 'One of all', ...shop }]]]);
      if (reader.get) expect([name, await got(reader, id)]).toEqual([name, { name: 'One of all', ...shop }]);
    }
    const { body, text } = await api.call(`GET /v1/connections/conn_${id}`);
    expect(body).toMatchObject({ config: { username: 'reader' }, credentials: { auth_method: 'password' } });
    expect(body['options']).toMatchObject({ ssl_mode: creator === five.ours ? 'verify-full' : 'prefer' });
    expect(text + api.logged.join('')).not.toContain('not-a-real-password');
    expect((await api.secretOf(`conn_${id}`)).credentials['password']).toBe('not-a-real-password');
  });

  test.each(each)('has a name that a create through %s cannot reuse', async (_, later) => {
    await create(later === five.ours ? five.providers : five.ours, 'One of all');
    const answer = await post(later, 'ONE OF ALL');
    expect([answer.status, later.failed(answer)]).toEqual([409, later.words[0]]);
  });

  test.each(each)(
    'in use cannot be deleted through %s; once unused, a delete removes it from all APIs',
    async (_, spoken) => {
      const id = await create(spoken, 'One of all');
      const usage = `/v1/connections/conn_${id}/usages/reports`;
      await api.call(`PUT ${usage}`, { body: {} });
      const used = await api.call(`DELETE ${spoken.remove(spoken.outside(id))}`);
      expect([used.status, spoken.failed(used)]).toEqual([409, spoken.words[1]]);
      await api.call(`DELETE ${usage}`);
      expect((await api.call(`DELETE ${spoken.remove(spoken.outside(id))}`)).status).toBeLessThan(300);
      for (const [name, reader] of each) {
        expect([name, (await listed(reader)).has(id)]).toEqual([name, false]);
        const again = await api.call(`DELETE ${reader.remove(reader.outside(id))}`);
        expect([name, again.status, reader.failed(again)]).toEqual([name, 404, reader.words[2]]);
      }
    },
  );

  test.each([
    ['PATCH', '/v1/connections/conn_', { name: 'Another', config: { host: 'other.example.com' } }],
    ['PUT', '/v1/connections/conn_', { name: 'Another', credentials: { host: 'other.example.com' } }],
    ['PATCH', '/v1/management/connections/', { configName: 'Another', host: 'other.example.com' }],
  ])('changed by %s %s is changed in all APIs', async (method, path, body) => {
    const id = await create(five.registrations, 'One of all');
    const at = path.endsWith('_') ? `${path}${id}` : `${path}${dashed(id)}`;
    expect((await api.call(`${method} ${at}`, { body })).status).toBe(200);
    for (const [name, reader] of each) {
      const expected = { ...shop, name: 'Another', host: 'other.example.com' };
      expect([name, (await listed(reader)).get(id)]).toEqual([name, expected]);
    }
    expect((await api.call(`GET /v1/connections/conn_${id}`)).body.credentials.locked).toBe(true);
  });
});

describe('a connection that an API cannot express', () => {
  const login = { username: 'reader', password: 'not-a-real-password' };
  const drafts: Readonly<Record<string, readonly [draft: object, shownBy: readonly string[]]>> = {
    'a Kafka': [
      {
        type: 'kafka',
        config: { bootstrap_servers: 'k.example.com:9092', sasl_username: 'u', sasl_password: 'not-real' },
      },
      ['ours', 'providers', 'profiles'],
    ],
    'a Snowflake': [
      { type: 'snowflake', config: { account: 'myorg-a', ...login } },
      ['ours', 'providers', 'profiles'],
    ],
    'a MySQL': [
      { type: 'mysql', config: { host: 'db.example.com', database: 'shop', ...login } },
      ['ours', 'providers', 'profiles', 'management'],
    ],
    'a MySQL without a database': [
      { type: 'mysql', config: { host: 'db.example.com', ...login } },
      ['ours', 'providers', 'profiles'],
    ],
    'a MongoDB found by DNS': [
      { type: 'mongodb', config: { srv: 'cluster.example.com', database: 'shop', ...login } },
      ['ours', 'providers', 'profiles'],
    ],
    'a SQL Server without a port': [
      {
        type: 'sqlserver',
        config: { host: 'db.example.com', instance: 'SALES', database: 'shop', ...login },
      },
      ['ours', 'providers', 'profiles'],
    ],
  };

  test.each(Object.entries(drafts))(
    'is missing from the list of that API and returns its 404: %s',
    async (_, [draft, shownBy]) => {
      const made = await api.call('POST /v1/connections', { body: { name: 'Special', ...draft } });
      expect(made.status).toBe(201);
      const id = made.body.id.slice('conn_'.length);
      for (const [name, reader] of each) {
        const isShown = shownBy.includes(name);
        expect([name, (await listed(reader)).has(id)]).toEqual([name, isShown]);
        if (reader.get)
          expect([name, await got(reader, id)]).toEqual([name, isShown ? expect.any(Object) : 404]);
        if (isShown) continue;
        const removed = await api.call(`DELETE ${reader.remove(reader.outside(id))}`);
        expect([name, removed.status, reader.failed(removed)]).toEqual([name, 404, reader.words[2]]);
      }
      expect((await api.call(`GET /v1/connections/conn_${id}`)).status).toBe(200);
    },
  );
});
