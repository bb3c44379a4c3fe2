import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { tableKeys } from '../../shared/domain/table-keys.ts';
import { type Api, summarizeRefusal, startApi } from '../api.ts';
import { createConnectionBody } from '../samples.ts';

let api: Api;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api[Symbol.asyncDispose]());

const create = (more: object) =>
  api.call('POST /v1/connections?test=false', { body: { ...createConnectionBody(), ...more } });

const unseen: readonly (readonly [string, string])[] = [
  ['NUL', 'Sa\0les'],
  ['an escape', 'Sa\u001b[31mles'],
  ['a blank without a width', 'Sa\u200bles'],
  ['a joiner that joins nothing', 'Sa\u200dles'],
  ['a byte order mark', 'Sa\ufeffles'],
  ['a soft hyphen', 'Sa\u00adles'],
  ['an order of writing', 'Sa\u202eles'],
  ['an isolate', 'Sa\u2066les'],
  ['a line of Unicode', 'Sa\u2028les'],
  ['a tag', 'Sa\u{e0041}les'],
  ['a filler', 'Sa\u3164les'],
  ['an empty cell of Braille', 'Sa\u2800les'],
];

const places: readonly (readonly [string, (text: string) => object, string])[] = [
  ['name', (name) => ({ name }), 'name'],
  ['description', (description) => ({ description }), 'description'],
  ['product', (product) => ({ product }), 'product'],
  ['tags', (tag) => ({ tags: ['a', tag] }), 'tags.1'],
  ['excluded_schemas', (schema) => ({ excluded_schemas: [schema] }), 'excluded_schemas.0'],
  ['a value of metadata', (value) => ({ metadata: { team: value } }), 'metadata.team'],
  ['a key of metadata', (key) => ({ metadata: { [key]: 'x' } }), 'metadata.*'],
];

describe.each(places)('text in %s', (_, make, path) => {
  test.each(unseen)('is rejected with an invisible character: %s', async (__, text) => {
    const told = [400, 'invalid-request', path];
    expect(summarizeRefusal(await create(make(text)))).toEqual(told);
    const { body } = await create({ name: 'Seen' });
    expect(
      summarizeRefusal(await api.call(`PATCH /v1/connections/${body.id}`, { body: make(text) })),
    ).toEqual(told);
    expect(
      summarizeRefusal(await api.call(`POST /v1/connections/${body.id}/test`, { body: make(text) })),
    ).toEqual(told);
    expect(
      summarizeRefusal(
        await api.call('POST /v1/connections/test', { body: { ...createConnectionBody(), ...make(text) } }),
      ),
    ).toEqual(told);
  });

  test.each(['Müller & Söhne', '売上 (東京)', 'می‌خواهم', 'क्‍ष', '👨‍👩‍👧 ❤️‍🔥', 'مبيعات', 'Cafe\u0301'])(
    'is accepted with visible characters: %s',
    async (text) => {
      expect((await create(make(text))).status).toBe(201);
    },
  );
});

test('line breaks, tabs and direction marks are accepted in description and metadata, but not in a name', async () => {
  const text = 'One\r\n\tTwo \u200fשלום\u200e';
  const made = await create({ description: text, metadata: { notes: text } });
  expect([made.status, made.body['description'], made.body['metadata']]).toEqual([
    201,
    text,
    { notes: text },
  ]);
  for (const name of ['One\nTwo', 'One\u200fTwo'])
    expect(summarizeRefusal(await create({ name }))).toEqual([400, 'invalid-request', 'name']);
});

test('the note of a usage follows the same rules as a description', async () => {
  const { body } = await create({});
  const use = (note: string) => api.call(`PUT /v1/connections/${body.id}/usages/etl`, { body: { note } });
  expect(summarizeRefusal(await use('nightly\u202e'))).toEqual([400, 'invalid-request', 'note']);
  expect((await use('nightly,\nat two')).status).toBe(200);
});

test('the other APIs reject invisible characters in their own formats', async () => {
  const name = 'Sa\u200bles';
  const { host, port, database, username, password } = createConnectionBody().config;
  const provider = await api.call('POST /v1/providers/postgresql/connections', {
    body: { name, mode: 'managed', credentials: { host, port, database, user: username, password } },
  });
  expect([provider.status, provider.body.errors]).toEqual([
    400,
    [{ path: 'name', expected: expect.any(String) }],
  ]);
  const managed = {
    type: 'POSTGRESQL',
    host,
    port,
    databaseName: database,
    userName: username,
    password,
    configName: 'managed',
  };
  const headers = { 'x-product-name': 'sales' };
  const manage = (more: object) =>
    api.call('POST /v1/management/connections', { body: { ...managed, ...more }, headers });
  for (const [more, field] of [
    [{ configName: name }, 'configName'],
    [{ schema: name }, 'schema'],
    [{ metadata: { team: name } }, 'metadata.team'],
  ] as const) {
    const { status, body } = await manage(more);
    expect([status, body.code, Object.keys(Object(body['fields']))]).toEqual([400, 'FET-0401', [field]]);
  }
  const profile = await api.call('POST /api/v1/connection_profiles', {
    body: { name, connector: 'postgres', config: { host, port, database, username, password } },
  });
  expect([profile.status, profile.text]).toEqual([400, expect.stringContaining('"field":"name"')]);
  const registered = await api.call('POST /api/v1/connections', {
    body: { name, db_type: 'supabase', connection_string: `postgresql://a:b@${host}:${port}/shop` },
  });
  expect([registered.status, registered.text]).toEqual([400, expect.stringContaining('"fields":{"name"')]);
});

test('invisible characters that an earlier release stored can be read, sent back and changed', async () => {
  const { body: made } = await create({});
  const tenant = { org: 'org_test', environment: 'default' };
  const key = tableKeys.connection(tenant, made.id.slice(5));
  const item = await api.store.get(key);
  const old = {
    name: 'Sa\u200bles',
    description: 'a\0b',
    product: 'a\u2066',
    tags: ['a\u00ad'],
    excluded_schemas: ['a\u200b'],
    metadata: { 'k\u200b': 'v\0', team: 'data' },
  };
  await api.store.write([
    { put: { ...item, ...key, ...old } },
    { put: { ...tableKeys.name(tenant, old.name), layout: 1, connection: made.id.slice(5) } },
  ]);
  const at = `/v1/connections/${made.id}`;
  expect((await api.call(`GET ${at}`)).body).toMatchObject(old);
  expect((await api.call('GET /v1/connections')).body.data).toMatchObject([old]);
  const again = await api.call(`PATCH ${at}`, { body: { ...old, role: 'target' } });
  expect([again.status, again.body]).toMatchObject([200, { ...old, role: 'target' }]);
  // A value that is removed may contain anything; a new value may not.
  const gone = await api.call(`PATCH ${at}`, { body: { metadata: { 'k\u200b': null }, tags: [] } });
  expect([gone.status, gone.body['metadata'], gone.body['tags']]).toEqual([200, { team: 'data' }, []]);
  expect(summarizeRefusal(await api.call(`PATCH ${at}`, { body: { tags: ['b\u00ad'] } }))).toEqual([
    400,
    'invalid-request',
    'tags.0',
  ]);
});
