import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type Api, startApi } from '../../api.ts';
import { certificate } from '../../samples.ts';
import {
  base,
  createManagementConnection,
  toManagementItems,
  product,
  summarizeManagementFailure,
} from './samples.ts';

let api: Api;
let id: string;
beforeEach(async () => {
  api = await startApi();
  ({ id } = (await createManagementConnection(api, { metadata: { a: '1', b: '2' }, schema: 'sales' })).body);
});
afterEach(() => api[Symbol.asyncDispose]());

const change = (body: object, of = id) => api.call(`PATCH ${base}/${of}`, { body });
const get = async (of = id) => (await api.call(`GET ${base}/${of}`)).body;
const own = (of = id) => `conn_${of.replaceAll('-', '')}`;
const ownOf = async (of = id) => (await api.call(`GET /v1/connections/${own(of)}`)).body;
const shopped = { host: 'db.example.com', port: 1521, username: 'me', password: 'not-a-real-password' };

describe('a change', () => {
  test.each([
    ['configName', 'renamed-db'],
    ['host', 'db2.example.com'],
    ['port', 5433],
    ['databaseName', 'other'],
    ['userName', 'other'],
    ['schema', 'archive'],
    ['metadata', { c: '3' }],
    ['ssl', { mode: 'verify-full' }],
    ['type', 'POSTGRESQL'],
  ])('of %s leaves the other fields unchanged', async (name, value) => {
    const before = await get();
    const answer = await change({ [name]: value });
    const { updatedAt: _, ...after } = answer.body;
    const { updatedAt: __, ...kept } = before;
    expect([answer.status, after]).toEqual([200, { ...kept, [name]: value }]);
    expect(await get()).toEqual(answer.body);
  });

  test('of the destination is saved and locks the password until it is sent again', async () => {
    expect((await change({ host: 'db2.example.com' })).status).toBe(200);
    expect((await ownOf()).credentials.locked).toBe(true);
    const answer = await api.call(`POST ${base}/${id}/test`);
    expect([...summarizeManagementFailure(answer), answer.body['message']]).toEqual([
      400,
      'FET-1040',
      'The credentials are locked',
    ]);
    await change({ password: 'another-password' });
    expect((await ownOf()).credentials.locked).toBe(false);
    expect((await api.secretOf(own())).credentials['password']).toBe('another-password');
  });

  test.each([
    ['{}', 'FET-0402'],
    ['', 'FET-0402'],
  ])('with the body %j is rejected as empty', async (text, code) => {
    const answer = await api.call(`PATCH ${base}/${id}`, { text });
    expect([...summarizeManagementFailure(answer), answer.body['message']]).toEqual([
      400,
      code,
      'empty request body',
    ]);
  });

  test.each([
    [{ host: ' ' }, 'FET-0001', 'host'],
    [{ databaseName: '' }, 'FET-0001', 'databaseName'],
    [{ port: 0 }, 'FET-0401', 'port'],
    [{ host: null }, 'FET-0401', 'host'],
    [{ password: '' }, 'FET-0001', 'password'],
    [{ configName: 'ab' }, 'FET-0401', 'configName'],
    [{ type: 'MYSQL' }, 'FET-0401', 'type'],
    [{ host: '169.254.169.254' }, 'FET-0414', 'host'],
    [{ ssl: { mode: 'prefer' } }, 'FET-0413', 'ssl.mode'],
    [{ id: 'x', productName: 'y' }, 'FET-0400', 'id', 'productName'],
    [{ metadata: { a: {} } }, 'FET-0410', 'metadata.a'],
  ])('to %j is rejected', async (body, code, ...fields) => {
    const before = await get();
    expect(summarizeManagementFailure(await change(body))).toEqual([400, code, ...fields]);
    expect(await get()).toEqual(before);
  });

  test('of metadata replaces all metadata and keeps the schema', async () => {
    expect((await change({ metadata: { b: '3' } })).body).toMatchObject({
      metadata: { b: '3' },
      schema: 'sales',
    });
    const { body } = await change({ metadata: {} });
    expect([body['metadata'], body['schema']]).toEqual([undefined, 'sales']);
    expect((await ownOf())['metadata']).toEqual({ 'mooring:schema': 'sales' });
  });

  test('to null removes an optional field', async () => {
    await change({ ssl: { mode: 'verify-full', ca: certificate } });
    const { status, body } = await change({ schema: null, ssl: null, metadata: null });
    expect([status, 'schema' in body, 'ssl' in body, 'metadata' in body]).toEqual([200, false, false, false]);
    expect(await ownOf()).toMatchObject({ metadata: {}, ssl: { ca: null }, options: { ssl_mode: 'prefer' } });
  });

  test('of the TLS mode keeps the stored CA certificate, so that an answer can be sent back', async () => {
    await change({ ssl: { mode: 'verify-ca', ca: certificate }, password: 'another-password' });
    const { body } = await api.call(`GET ${base}/${id}`);
    expect((await change({ ssl: Object(body['ssl']) })).status).toBe(200);
    expect(await ownOf()).toMatchObject({ ssl: { ca: certificate }, credentials: { locked: false } });
  });

  test('to a taken name returns 409, in any case', async () => {
    await createManagementConnection(api, { configName: 'second' });
    expect(summarizeManagementFailure(await change({ configName: 'SECOND' }))).toEqual([409, 'FET-1002']);
    expect((await change({ configName: 'Production-DB' })).status).toBe(200);
  });

  test('loses nothing when several run concurrently', async () => {
    const answers = await Promise.all([
      change({ port: 5433 }),
      change({ metadata: { c: '3' } }),
      change({ configName: 'renamed' }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(await get()).toMatchObject({ port: 5433, metadata: { c: '3' }, configName: 'renamed' });
  });
});

describe('a name', () => {
  test('goes to one of two concurrent creates', async () => {
    const answers = await Promise.all([
      createManagementConnection(api, { configName: 'both' }),
      createManagementConnection(api, { configName: 'both' }),
    ]);
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 409]);
    expect(summarizeManagementFailure(answers.find(({ status }) => status === 409) ?? answers[0])).toEqual([
      409,
      'FET-1002',
    ]);
  });

  test('is free after a delete, and the deleted connection returns 404 on every route', async () => {
    expect([(await api.call(`DELETE ${base}/${id}`)).status]).toEqual([204]);
    expect((await createManagementConnection(api)).status).toBe(201);
    for (const request of [
      `GET ${base}/${id}`,
      `DELETE ${base}/${id}`,
      `POST ${base}/${id}/test`,
      `GET ${base}/${id}/schema`,
    ])
      expect(summarizeManagementFailure(await api.call(request))).toEqual([404, 'FET-1001']);
    expect(summarizeManagementFailure(await change({ port: 1 }))).toEqual([404, 'FET-1001']);
    expect(
      summarizeManagementFailure(await api.call(`POST ${base}/${id}/assign`, { headers: product })),
    ).toEqual([404, 'FET-1001']);
    expect(toManagementItems(await api.call(`GET ${base}`)).map((item) => item['id'])).not.toContain(id);
    expect((await api.call(`GET /v1/connections/${own()}`)).status).toBe(404);
  });

  test('is kept while the connection is in use, because the delete returns 409', async () => {
    await api.call(`PUT /v1/connections/${own()}/usages/report`, { body: {} });
    expect(summarizeManagementFailure(await api.call(`DELETE ${base}/${id}`))).toEqual([409, 'FET-9409']);
  });
});

describe('a product', () => {
  const assign = (of: string, name = 'Billing') =>
    api.call(`POST ${base}/${of}/assign`, { headers: { 'x-product-name': name } });
  const unassigned = async (name = 'own') => {
    const body = { name, type: 'postgresql', config: { ...shopped, database: 'shop' } };
    const made = await api.call('POST /v1/connections', { body });
    return made.body.id.slice(5).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  };

  test('is assigned once and stored in lower case', async () => {
    const free = await unassigned();
    const answer = await assign(free);
    expect([answer.status, answer.body]).toEqual([200, { ...(await get(free)), productName: 'billing' }]);
    expect(summarizeManagementFailure(await assign(free))).toEqual([409, 'FET-1015']);
    expect(summarizeManagementFailure(await assign(id))).toEqual([409, 'FET-1015']);
    expect((await ownOf(free))['product']).toBe('billing');
  });

  test('goes to one of two concurrent assignments', async () => {
    const free = await unassigned();
    const answers = await Promise.all([assign(free, 'one'), assign(free, 'two')]);
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 409]);
    const won = answers.find(({ status }) => status === 200);
    expect((await get(free))['productName']).toBe(won?.body['productName']);
  });
});

describe('fields of a connector', () => {
  const configOf = async (more: object) => {
    const { body } = await createManagementConnection(api, { configName: 'kind', ...more });
    return { id: body.id, config: (await ownOf(body.id))['config'], shown: body };
  };

  test('databaseName is the service name of Oracle', async () => {
    const { config } = await configOf({ type: 'ORACLE', databaseName: 'ORCLPDB1' });
    expect(config).toEqual({
      host: 'db.example.com',
      port: 5432,
      service_name: 'ORCLPDB1',
      username: 'dbuser',
    });
  });

  test('metadata overrides the service name of Oracle', async () => {
    const metadata = { serviceName: 'sales.example.com' };
    const { id: oracle, config, shown } = await configOf({ type: 'ORACLE', databaseName: 'SALES', metadata });
    expect(config).toMatchObject({ service_name: 'sales.example.com' });
    expect(shown).toMatchObject({ databaseName: 'SALES', metadata });
    expect((await change({ databaseName: 'SALES2' }, oracle)).body).toMatchObject({
      databaseName: 'SALES2',
      metadata,
    });
    expect((await ownOf(oracle))['config']).toMatchObject({ service_name: 'sales.example.com' });
    const { body } = await change({ metadata: { a: 'b' } }, oracle);
    expect([body['databaseName'], body['metadata']]).toEqual(['SALES2', { a: 'b' }]);
    expect((await ownOf(oracle))['config']).toMatchObject({ service_name: 'SALES2' });
  });

  test('an Oracle connection with a SID keeps its SID', async () => {
    const body = { name: 'sid', type: 'oracle', config: { ...shopped, sid: 'ORCL' } };
    const made = await api.call('POST /v1/connections', { body });
    const uuid = made.body.id.slice(5).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
    expect((await get(uuid))['databaseName']).toBe('ORCL');
    expect((await change({ databaseName: 'XE' }, uuid)).body['databaseName']).toBe('XE');
    expect((await ownOf(uuid))['config']).toMatchObject({ sid: 'XE' });
  });

  test('auth_source of MongoDB is admin unless metadata names another database', async () => {
    const metadata = { directConnection: 'true' };
    const { id: mongo, config, shown } = await configOf({ type: 'MONGODB', metadata });
    expect([config, shown['metadata']]).toEqual([
      expect.objectContaining({ auth_source: 'admin', database: 'mydatabase' }),
      metadata,
    ]);
    await change({ metadata: { ...metadata, authSource: 'accounts' } }, mongo);
    expect((await ownOf(mongo))['config']).toMatchObject({ auth_source: 'accounts' });
    await change({ port: 27_018 }, mongo);
    expect((await ownOf(mongo))['config']).toMatchObject({ auth_source: 'accounts' });
    await change({ metadata: null }, mongo);
    expect((await ownOf(mongo))['config']).toMatchObject({ auth_source: 'admin' });
  });

  test('schema is the only schema of a connection that /v1 created', async () => {
    const make = async (name: string, schemas: readonly string[]) => {
      const body = { name, type: 'postgresql', config: { ...shopped, database: 'shop', schemas } };
      const made = await api.call('POST /v1/connections', { body });
      return get(made.body.id.slice(5).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'));
    };
    expect((await make('one schema', ['sales']))['schema']).toBe('sales');
    expect(await make('two schemas', ['sales', 'hr'])).not.toHaveProperty('schema');
  });
});
