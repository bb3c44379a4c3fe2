import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { readdir } from 'node:fs/promises';
import { type Api, startApi } from '../../api.ts';
import { catalogSource } from '../../catalog-probe.ts';
import { createTable } from '../../domain/catalog-fixtures.ts';
import { certificate, createConnectionBody, privateKey } from '../../samples.ts';
import {
  createProfile,
  listProfiles,
  path,
  buildProfileInput,
  parseProfileAnswer,
  summarizeProfileFailure,
  type Suggestion,
  toProfileSuggestions,
} from './profiles.ts';

let api: Api;
let now: number;
beforeEach(async () => {
  now = Date.parse('2026-01-01T00:00:00Z');
  // No two profiles have the same time, because their order in a list would be undefined.
  api = await startApi({ clock: () => now++ });
});
afterEach(() => api[Symbol.asyncDispose]());

const ours = (id: string) => `conn_${id.slice(5)}`;
const kafka = {
  name: 'events',
  connector: 'kafka',
  config: {
    bootstrap_servers: '127.0.0.1:1',
    security_protocol: 'SASL_SSL',
    sasl_mechanism: 'SCRAM-SHA-512',
    sasl_username: 'a-reader',
    sasl_password: 'not-a-real-password',
  },
};

describe('a profile', () => {
  test('never shows its credentials in an answer or in the log', async () => {
    const answer = await createProfile(api, {
      ...kafka,
      config: { ...kafka.config, ssl_ca: certificate, ssl_cert: certificate, ssl_key: privateKey },
    });
    expect(answer.status).toBe(201);
    expect(parseProfileAnswer(answer).config).toEqual({
      bootstrap_servers: '127.0.0.1:1',
      security_protocol: 'SASL_SSL',
    });
    const seen = answer.text + JSON.stringify(await listProfiles(api)) + api.logged.join('');
    for (const secret of ['not-a-real-password', 'a-reader', 'SCRAM', 'BEGIN'])
      expect(seen).not.toContain(secret);
    const { fields, auth_method } = (
      await api.call(`GET /v1/connections/${ours(parseProfileAnswer(answer).id)}`)
    ).body.credentials;
    expect(auth_method).toBe('sasl');
    expect(Object.keys(fields)).toEqual(expect.arrayContaining(['sasl_password', 'ssl_key']));
    expect(await api.secretOf(ours(parseProfileAnswer(answer).id))).toMatchObject({
      credentials: { sasl_password: 'not-a-real-password', ssl_key: privateKey },
    });
  });

  test('uses ssl_mode prefer by default, and shows ssl_mode only if it was sent', async () => {
    const usual = parseProfileAnswer(await createProfile(api, buildProfileInput('usual')));
    const told = {
      ...buildProfileInput('told'),
      config: { ...buildProfileInput().config, ssl_mode: 'verify-full' },
    };
    const strict = parseProfileAnswer(await createProfile(api, told));
    expect([usual.config['ssl_mode'], strict.config['ssl_mode']]).toEqual([undefined, 'verify-full']);
    for (const [{ id }, ssl_mode] of [
      [usual, 'prefer'],
      [strict, 'verify-full'],
    ] as const)
      expect((await api.call(`GET /v1/connections/${ours(id)}`)).body['options']).toMatchObject({ ssl_mode });
  });

  test.each([
    ['postgres', 'postgres', 'postgresql'],
    ['postgresql', 'postgres', 'postgresql'],
    ['mysql', 'mysql', 'mysql'],
    ['sqlserver', 'sqlserver', 'sqlserver'],
  ])('of the connector %s is shown as %s, and by /v1 as %s', async (connector, shown, type) => {
    const created = parseProfileAnswer(await createProfile(api, { ...buildProfileInput(), connector }));
    expect(created).toMatchObject({ connector: shown, config: { host: '127.0.0.1', port: 1 } });
    expect((await api.call(`GET /v1/connections/${ours(created.id)}`)).body).toMatchObject({
      type,
      name: 'orders',
    });
  });

  test('shows a description only if one was sent, even an empty one', async () => {
    const described = async (name: string, description: unknown) =>
      parseProfileAnswer(await createProfile(api, { ...buildProfileInput(name), description }));
    expect(await described('one', 'Of the shop')).toHaveProperty('description', 'Of the shop');
    expect(await described('two', '')).toHaveProperty('description', '');
    expect(await described('three', null)).not.toHaveProperty('description');
    expect(await described('four', undefined)).not.toHaveProperty('description');
  });

  test('has a name of 1 to 200 characters, without the blanks around it', async () => {
    expect(parseProfileAnswer(await createProfile(api, buildProfileInput(' n '))).name).toBe('n');
    expect((await createProfile(api, buildProfileInput('n'.repeat(200)))).status).toBe(201);
  });

  test('has a name that is unique across all APIs', async () => {
    await createProfile(api, buildProfileInput());
    await api.call('POST /v1/connections', { body: createConnectionBody() });
    for (const name of ['orders', 'ORDERS', ' orders', createConnectionBody().name])
      expect(summarizeProfileFailure(await createProfile(api, buildProfileInput(name)))).toEqual([
        409,
        'CONFLICT',
      ]);
    const answer = await api.call('POST /v1/connections', {
      body: { ...createConnectionBody(), name: 'Orders' },
    });
    expect([answer.status, answer.body.code]).toEqual([409, 'name-taken']);
  });

  test('is created once when two concurrent requests have the same name', async () => {
    const answers = await Promise.all([
      createProfile(api, buildProfileInput()),
      createProfile(api, buildProfileInput()),
    ]);
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 409]);
    expect(await listProfiles(api)).toHaveLength(1);
    expect(await readdir(`${api.folder}/secrets`)).toHaveLength(1);
  });

  test('is created without a test and tested afterwards', async () => {
    let asked = 0;
    await using own = await startApi({
      probe: ({ real }) => ({
        ...real,
        test: (call) => {
          asked += 1;
          return real.test(call);
        },
      }),
    });
    const { id } = parseProfileAnswer(await createProfile(own, buildProfileInput()));
    const status = async () => (await own.call(`GET /v1/connections/${ours(id)}`)).body['status'];
    expect([asked, await status()]).toEqual([0, 'testing']);
    await own.settle();
    expect([asked, await status()]).toEqual([1, 'failed']);
  });
});

describe('profile list', () => {
  test('contains the connections of every API, newest first, without deleted ones', async () => {
    const { id } = parseProfileAnswer(await createProfile(api, buildProfileInput('one')));
    await api.call('POST /v1/connections', {
      body: { ...createConnectionBody(), name: 'two', description: 'By v1' },
    });
    await createProfile(api, { ...kafka, name: 'three' });
    await api.call(`DELETE ${path}/${id}`);
    const found = await listProfiles(api);
    expect(found.map(({ name, connector }) => [name, connector])).toEqual([
      ['three', 'kafka'],
      ['two', 'postgres'],
    ]);
    expect(found[1]).toEqual({
      id: expect.stringMatching(/^prof_[0-9a-f]{32}$/),
      name: 'two',
      connector: 'postgres',
      description: 'By v1',
      config: { host: '127.0.0.1', port: 1, database: 'shop', username: 'reader' },
      created_at: expect.any(String),
      updated_at: expect.any(String),
    });
    expect(JSON.stringify(found)).not.toContain('not-a-real-password');
  });

  test('contains any number of profiles in one answer', async () => {
    for (let at = 0; at < 230; at++) await createProfile(api, buildProfileInput(`number ${at}`));
    const answer = await api.call(`GET ${path}`);
    expect(answer.headers).not.toHaveProperty('link');
    expect((await listProfiles(api)).map(({ name }) => name)).toEqual(
      Array.from({ length: 230 }, (_, at) => `number ${229 - at}`),
    );
  });

  test('ends early when an answer would be too large, and links to the rest', async () => {
    const config = {
      ...buildProfileInput().config,
      schemas: Array.from({ length: 200 }, () => '漢'.repeat(255)),
    };
    for (let at = 0; at < 30; at++) await createProfile(api, { ...buildProfileInput(`large ${at}`), config });
    const found: string[] = [];
    let next: string | undefined = path;
    while (next !== undefined) {
      const { status, headers, text, body } = await api.call(`GET ${next}`);
      expect(status).toBe(200);
      expect(Buffer.byteLength(text)).toBeLessThan(4_300_000);
      found.push(...body.data.map(({ name }) => name));
      next = /^<([^>]+)>; rel="next"$/.exec(headers['link'] ?? '')?.[1];
      expect(found.length < 30).toBe(next !== undefined);
    }
    expect(found).toEqual(Array.from({ length: 30 }, (_, at) => `large ${29 - at}`));
  });
});

describe('a delete', () => {
  test('frees the name at once and makes every API return 404', async () => {
    const { id } = parseProfileAnswer(await createProfile(api, buildProfileInput()));
    expect((await api.call(`DELETE ${path}/${id}`)).status).toBe(200);
    expect(summarizeProfileFailure(await api.call(`DELETE ${path}/${id}`))).toEqual([404, 'NOT_FOUND']);
    expect(summarizeProfileFailure(await api.call(`GET ${path}/${id}/autocomplete`))).toEqual([
      404,
      'NOT_FOUND',
    ]);
    expect((await api.call(`GET /v1/connections/${ours(id)}`)).status).toBe(404);
    expect((await createProfile(api, buildProfileInput())).status).toBe(201);
  });

  test('deletes a connection of another API', async () => {
    const { id } = (await api.call('POST /v1/connections', { body: createConnectionBody() })).body;
    expect((await api.call(`DELETE ${path}/prof_${id.slice(5)}`)).status).toBe(200);
    expect((await api.call(`GET /v1/connections/${id}`)).status).toBe(404);
  });
});

describe('autocomplete', () => {
  const mixed = [
    createTable({ schema: 'Sales', name: 'Orders 2024', kind: 'view', rows: null, size_bytes: null }),
    createTable({ name: 'orders', rows: 12, size_bytes: 1536 }),
    createTable({ name: 'users' }),
  ];
  const started = async (tables: typeof mixed, body: object) => {
    const source = catalogSource(tables);
    const own = await startApi({ probe: source.probe });
    const { id } = parseProfileAnswer(await createProfile(own, body));
    const suggested = async (query = '') =>
      toProfileSuggestions(await own.call(`GET ${path}/${id}/autocomplete${query}`));
    return { own, id, source, suggested, [Symbol.asyncDispose]: () => own[Symbol.asyncDispose]() };
  };
  const values = (found: readonly Suggestion[]) => found.map(({ value }) => value);

  test('returns nothing before the first introspection, and then the tables that it found', async () => {
    await using here = await started(mixed, buildProfileInput());
    expect(await here.suggested()).toEqual([]);
    expect(here.source.calls).toEqual([0]);
    await here.source.background;
    expect(await here.suggested()).toEqual([
      {
        value: 'public.orders',
        label: 'orders',
        type: 'table',
        metadata: { schema: 'public', rows: 12, size: '1.5KB' },
      },
      { value: '"Sales"."Orders 2024"', label: 'Orders 2024', type: 'view', metadata: { schema: 'Sales' } },
      {
        value: 'public.users',
        label: 'users',
        type: 'table',
        metadata: { schema: 'public', rows: 3, size: '8KB' },
      },
    ]);
    expect(here.source.calls).toEqual([0]);
  });

  test('filters by type, parent and prefix', async () => {
    await using here = await started(mixed, buildProfileInput());
    await here.suggested();
    await here.source.background;
    const { suggested } = here;
    expect(await suggested('?type=schemas')).toEqual([
      { value: 'public', label: 'public', type: 'schema', metadata: { schema: 'public' } },
      { value: '"Sales"', label: 'Sales', type: 'schema', metadata: { schema: 'Sales' } },
    ]);
    expect(values(await suggested('?type=schemas&prefix=sa'))).toEqual(['"Sales"']);
    expect(values(await suggested('?type=tables&parent=public'))).toEqual(['public.orders', 'public.users']);
    expect(values(await suggested('?type=tables&parent=public&prefix=US'))).toEqual(['public.users']);
    expect(values(await suggested('?prefix=order'))).toEqual(['public.orders', '"Sales"."Orders 2024"']);
    expect(values(await suggested('?type=tables&parent=&prefix='))).toHaveLength(3);
    expect(values(await suggested('?type=tables&parent=nowhere'))).toEqual([]);
    expect(await suggested('?type=columns&parent=public.users')).toEqual([
      { value: 'id', label: 'id', type: 'column', metadata: { schema: 'public' } },
    ]);
  });

  test('returns only topics for Kafka, without a schema', async () => {
    const topic = { schema: '', kind: 'topic' as const, size_bytes: null };
    await using here = await started(
      [
        createTable({ ...topic, name: 'orders', rows: 70 }),
        createTable({ ...topic, name: 'visits', rows: null }),
      ],
      kafka,
    );
    await here.suggested();
    await here.source.background;
    const topics = [
      { value: 'orders', label: 'orders', type: 'topic', metadata: { rows: 70 } },
      { value: 'visits', label: 'visits', type: 'topic', metadata: {} },
    ];
    expect(await here.suggested()).toEqual(topics);
    expect(await here.suggested('?type=topics')).toEqual(topics);
    expect(await here.suggested('?type=topics&prefix=v')).toEqual(topics.slice(1));
    const answer = await here.own.call(`GET ${path}/${here.id}/autocomplete?type=tables`);
    expect(summarizeProfileFailure(answer)).toEqual([400, 'VALIDATION_ERROR', 'type']);
  });

  test('returns at most 1000 suggestions', async () => {
    const many = Array.from({ length: 1100 }, (_, at) => createTable({ name: `t${10_000 + at}` }));
    await using here = await started(many, buildProfileInput());
    await here.suggested();
    await here.source.background;
    const found = await here.suggested();
    expect([found.length, found.at(-1)?.label]).toEqual([1000, 't10999']);
    expect(values(await here.suggested('?prefix=t1109'))).toHaveLength(10);
  });
});
