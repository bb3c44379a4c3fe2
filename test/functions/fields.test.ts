import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Api, summarizeRefusal, startApi } from '../api.ts';
import { createConnectionBody } from '../samples.ts';

let api: Api;
let id: string;
beforeAll(async () => {
  api = await startApi();
  id = (await api.call('POST /v1/connections', { body: createConnectionBody() })).body.id;
});
afterAll(() => api[Symbol.asyncDispose]());

const create = (body: unknown) => api.call('POST /v1/connections', { body });
const patch = (body: unknown) => api.call(`PATCH /v1/connections/${id}`, { body });

const readOnly = [
  'id',
  'org_id',
  'environment_id',
  'type',
  'mode',
  'status',
  'status_reason',
  'last_test',
  'last_tested_at',
  'last_introspected_at',
  'usages',
  'is_active',
  'deleted_at',
  'version',
  'created_at',
  'updated_at',
];

describe('a field', () => {
  test.each<[string, object, string]>([
    ['of the wrong type', { tags: 'production' }, 'tags'],
    ['with a list in place of an object', { metadata: [] }, 'metadata'],
    ['with an object in place of a list', { tags: {} }, 'tags'],
    ['that is unknown', { colour: 'red' }, 'colour'],
    ['that every object inherits', { toString: 'x' }, 'toString'],
    ['that would be an object of every object', JSON.parse('{"__proto__": {"name": "x"}}'), '__proto__'],
    ['of a name that is no name', { metadata: { constructor: 'x' } }, 'metadata.constructor'],
    ['that is unknown further down', { options: { ssl: true } }, 'options.ssl'],
    ['without a name', { metadata: { '': 'x' } }, 'metadata.'],
    ['of a list that is too long', { tags: Array(51).fill('a') }, 'tags'],
    ['of an item that is too long', { tags: ['a', 'b'.repeat(101)] }, 'tags.1'],
    [
      'with too many pairs',
      {
        metadata: Object.fromEntries(
          Array(51)
            .entries()
            .map(([i]) => [i, '']),
        ),
      },
      'metadata',
    ],
    ['with nesting', { metadata: { team: { name: 'x' } } }, 'metadata.team'],
    ['out of its bounds', { options: { query_timeout_seconds: 3601 } }, 'options.query_timeout_seconds'],
    ['between two bounds', { options: { test_interval_minutes: 4 } }, 'options.test_interval_minutes'],
    ['with a part of a number', { options: { max_connections: 1.5 } }, 'options.max_connections'],
    ['out of a list of words', { role: 'owner' }, 'role'],
    ['without its frame', { ssl: { ca: 'certificate' } }, 'ssl.ca'],
    ['that comes later', { tunnel: { type: 'ssh' } }, 'tunnel'],
  ])('%s is rejected with its path', async (_, fields, path) => {
    expect(summarizeRefusal(await create({ ...createConnectionBody(), ...fields }))).toEqual([
      400,
      'invalid-request',
      path,
    ]);
    expect(summarizeRefusal(await patch(fields))).toEqual([400, 'invalid-request', path]);
  });

  test.each([1, 7, 59, 90, 10_081, -5, 5.5, '60', null])(
    'an interval of %p minutes is rejected with the list of intervals',
    async (minutes) => {
      const options = { test_interval_minutes: minutes };
      const { status, body } = await create({ ...createConnectionBody(), options });
      const expected = 'one of 0, 5, 10, 15, 30, 60, 120, 180, 240, 360, 720, 1440, 10080';
      expect([status, body.errors]).toEqual([400, [{ path: 'options.test_interval_minutes', expected }]]);
      // In a merge patch, `null` resets the option.
      if (minutes !== null) expect((await patch({ options })).body.errors).toEqual(body.errors);
    },
  );

  test.each(['host', 'database', 'username'])(
    'of config that is required and missing is named in the error: %s',
    async (name) => {
      const { [name]: _, ...config } = Object(createConnectionBody().config);
      expect(summarizeRefusal(await create({ ...createConnectionBody(), config }))).toEqual([
        400,
        'invalid-request',
        `config.${name}`,
      ]);
    },
  );

  test.each([
    ['config', { ...createConnectionBody().config, sslrootcert: '/etc/passwd' }, 'config.sslrootcert'],
    ['config', { ...createConnectionBody().config, port: '5432' }, 'config.port'],
    ['config', { ...createConnectionBody().config, port: 65_536 }, 'config.port'],
    ['config', { ...createConnectionBody().config, host: '/var/run/postgresql' }, 'config.host'],
    ['config', { ...createConnectionBody().config, username: 'a\0b' }, 'config.username'],
    ['credentials', { token: 'x' }, 'credentials.token'],
  ])('in %s that the connector does not accept is rejected', async (part, value, path) => {
    const answer = await create({ ...createConnectionBody(), [part]: value });
    expect(answer.status).toBe(400);
    expect(answer.body.errors.map((error) => error.path)).toContain(path);
  });

  test.each(readOnly)('that is read-only is rejected in a PATCH: %s', async (name) => {
    const answer = await patch({ [name]: name === 'type' ? 'postgresql' : null });
    expect(summarizeRefusal(answer)).toEqual([400, 'invalid-request', name]);
    expect(answer.body.errors[0]?.expected).toContain('read-only');
  });
});

describe('a text', () => {
  // Invisible characters are rejected: see `texts.test.ts`.
  const odd = ['\u{1F600}', '#', '\u00a0', '\\', '"', "'; drop table items; --"];

  test.each(odd)('with unusual characters is returned unchanged: %j', async (text) => {
    const fields = { description: text, tags: [text], metadata: { [text]: text }, excluded_schemas: [text] };
    const { status, body } = await create({ ...createConnectionBody(), name: `odd ${text}.`, ...fields });
    expect(status).toBe(201);
    const { body: read } = await api.call(`GET /v1/connections/${body.id}`);
    expect(read).toMatchObject({ name: `odd ${text}.`, ...fields });
  });
});

describe('a character limit', () => {
  const emoji = '\u{1F600}';

  test('counts an emoji as one character', async () => {
    const fields = {
      description: emoji.repeat(2000),
      tags: [emoji.repeat(100)],
      metadata: { [emoji.repeat(100)]: '' },
    };
    const { status, body } = await create({ ...createConnectionBody(), name: emoji.repeat(200), ...fields });
    expect([status, body]).toMatchObject([201, { name: emoji.repeat(200), ...fields }]);
  });

  test.each([
    ['name', emoji.repeat(201), 'name'],
    ['description', emoji.repeat(2001), 'description'],
    ['tags', [emoji.repeat(101)], 'tags.0'],
  ])('is enforced for %s', async (name, value, path) => {
    const answer = await create({ ...createConnectionBody(), [name]: value });
    expect(summarizeRefusal(answer)).toEqual([400, 'invalid-request', path]);
    expect(answer.body.errors[0]?.expected).toMatch(/^at most \d+ characters$/);
  });
});

describe('an unpaired surrogate', () => {
  test.each<[object, string]>([
    [{ name: '\ud800' }, 'name'],
    [{ tags: ['a\udfff'] }, 'tags.0'],
    [{ metadata: { '\ud800': '' } }, 'metadata'],
    [{ config: { ...createConnectionBody().config, password: '\udfff\ud800' } }, 'config.password'],
  ])('is rejected: %j', async (fields, path) => {
    expect(summarizeRefusal(await create({ ...createConnectionBody(), ...fields }))).toEqual([
      400,
      'invalid-request',
      path,
    ]);
  });
});

describe('a create', () => {
  test('of an unknown type is rejected with the list of known types', async () => {
    const answer = await create({ ...createConnectionBody(), type: 'dbase' });
    expect(summarizeRefusal(answer)).toEqual([400, 'unknown-connector', 'type']);
    expect(answer.body.errors[0]?.expected).toContain('postgresql');
  });

  test('with a field in both config and credentials is rejected', async () => {
    const answer = await create({
      ...createConnectionBody(),
      credentials: { password: 'not-a-real-password' },
    });
    expect(summarizeRefusal(answer)).toEqual([400, 'invalid-request', 'config.password']);
  });

  test.each([
    [
      'no credentials at all',
      { config: { ...createConnectionBody().config, password: undefined } },
      'credentials.password',
    ],
    [
      'the wrong fields for its method',
      {
        config: { ...createConnectionBody().config, password: undefined },
        credentials: { auth_method: 'iam' },
      },
      'credentials.access_key_id',
    ],
  ])('with %s is rejected with the paths of the required fields', async (_, fields, path) => {
    const answer = await create({ ...createConnectionBody(), ...fields });
    expect([answer.status, answer.body.code]).toEqual([400, 'credentials-required']);
    expect(answer.body.errors.map((error) => error.path)).toContain(path);
  });

  test('with a certificate but no key is rejected', async () => {
    const cert = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----';
    expect(summarizeRefusal(await create({ ...createConnectionBody(), ssl: { cert } }))).toEqual([
      400,
      'invalid-request',
      'ssl.key',
    ]);
  });

  const byString = (connection_string: string) =>
    create({ name: 'By string', type: 'postgresql', connection_string });

  test('by a connection string of another scheme is rejected with the accepted schemes', async () => {
    const answer = await byString('mysql://reader:not-a-real-password@db.example.com/shop');
    expect(summarizeRefusal(answer)).toEqual([400, 'invalid-request', 'connection_string']);
    expect(answer.body.errors[0]?.expected).toContain('postgresql://');
  });

  test('by a connection string with disallowed options is rejected with their names, not their values', async () => {
    const answer = await byString(
      'postgres://reader:not-a-real-password@db.example.com/shop?options=-csearch_path%3Dx&passfile=/etc/shadow',
    );
    expect(summarizeRefusal(answer)).toEqual([400, 'invalid-request', 'connection_string']);
    expect(answer.body.errors[0]?.expected).toMatch(/options.*passfile/);
    expect(answer.text).not.toMatch(/search_path|shadow|not-a-real/);
  });

  test('by a connection string and the same fields in config is rejected', async () => {
    const answer = await create({
      ...createConnectionBody(),
      connection_string: 'postgres://writer@db.example.com/shop',
    });
    expect(answer.status).toBe(400);
    expect(answer.body.errors.map(({ path }) => path)).toEqual([
      'config.host',
      'config.database',
      'config.username',
    ]);
  });
});
