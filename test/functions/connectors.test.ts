import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { connectors } from '../../shared/connectors/registry.ts';
import { type Api, startApi } from '../api.ts';
import { createConnectionBody } from '../samples.ts';

let api: Api;
beforeAll(async () => void (api = await startApi()));
afterAll(() => api[Symbol.asyncDispose]());

describe('connector catalogue', () => {
  test('lists every connector as its own route returns it', async () => {
    const { status, body } = await api.call('GET /v1/connectors');
    expect(status).toBe(200);
    expect(body.data.map(({ type }) => type)).toEqual(Object.keys(connectors));
    for (const info of body.data)
      expect((await api.call(`GET /v1/connectors/${String(info['type'])}`)).body).toEqual(info);
  });

  test('describes PostgreSQL in enough detail to build a form', async () => {
    const { body } = await api.call('GET /v1/connectors/postgresql');
    expect(body).toMatchObject({
      title: 'PostgreSQL',
      default_port: 5432,
      default_auth_method: 'password',
      minimum_version: '11',
      destination_fields: ['host', 'port', 'username'],
      connection_string_schemes: ['postgresql', 'postgres'],
      capabilities: { test: true, schema: true, autocomplete: ['schemas', 'tables', 'columns'] },
      test_steps: 'resolve egress connect tls authenticate query privileges'.split(' '),
      config: {
        type: 'object',
        required: ['host', 'database', 'username'],
        additionalProperties: false,
        properties: { port: { type: 'integer', minimum: 1, maximum: 65_535, default: 5432 } },
      },
      credentials: { password: { required: ['password'], properties: { password: { writeOnly: true } } } },
    });
    expect(body['secret_fields']).toEqual(
      expect.arrayContaining(['password', 'secret_access_key', 'session_token']),
    );
  });

  test.each(Object.keys(connectors))(
    'names for %s exactly the config fields that a create accepts',
    async (type) => {
      const { body } = await api.call(`GET /v1/connectors/${type}`);
      const fields = Object.keys(Object(body['config'])['properties']);
      // A value that no field accepts, so that each known field returns a field error.
      const wrong = Object.fromEntries(fields.map((name) => [name, { odd: 1 }]));
      const { body: problem } = await api.call('POST /v1/connections', {
        body: { ...createConnectionBody(), type, config: { ...wrong, odd: 1 }, credentials: {} },
      });
      const complaints = problem.errors ?? [];
      const unknown = complaints.filter(({ expected }) => expected === 'no such field');
      expect(unknown).toEqual([{ path: 'config.odd', expected: 'no such field' }]);
      const known = complaints.map(({ path }) => path.replace(/^config\.(\w+).*/, '$1'));
      expect(known).toEqual(expect.arrayContaining(fields));
    },
  );

  test.each<[string, ...Readonly<Record<string, unknown>>[]]>([
    ['mongodb', { host: 'db' }, { hosts: ['a', 'b'] }, { srv: 'cluster' }],
    ['oracle', { host: 'db', service_name: 'shop' }, { host: 'db', sid: 'SHOP' }],
    [
      'sqlserver',
      { host: 'db', database: 'shop', instance: 'SQL' },
      { host: 'db', database: 'shop', port: 1433 },
    ],
  ])('describes which fields of %s exclude each other', async (type, ...ways) => {
    const { body } = await api.call(`GET /v1/connectors/${type}`);
    const fits = new Ajv2020({ strict: false }).compile(Object(body['config']));
    const username = 'reader';
    for (const way of ways) expect([way, fits({ ...way, username })]).toEqual([way, true]);
    const all = Object.fromEntries(ways.flatMap((way) => Object.entries(way)));
    expect(fits({ ...all, username })).toBe(false);
    expect(fits({ username })).toBe(false);
  });

  test('returns 404 for an unknown connector', async () => {
    for (const type of ['dbase', 'PostgreSQL', 'toString', '__proto__'])
      expect((await api.call(`GET /v1/connectors/${type}`)).status).toBe(404);
  });
});
