import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Table } from '../../../shared/connectors/catalog.ts';
import { tableKeys } from '../../../shared/domain/table-keys.ts';
import { Problem } from '../../../shared/problem.ts';
import { type ApiAnswer, type Api, startApi } from '../../api.ts';
import { catalogSource } from '../../catalog-probe.ts';
import { createColumns, inOrder, createTable } from '../../domain/catalog-fixtures.ts';
import { base, createManagementConnection, summarizeManagementFailure } from './samples.ts';

const shop: readonly Table[] = inOrder([
  createTable({ schema: 'public', name: 'orders', columns: createColumns('total', 'id', 'Über', 'a_b') }),
  createTable({ schema: 'public', name: 'users', columns: createColumns('id') }),
  createTable({ schema: 'sales', name: 'invoices', columns: createColumns('number') }),
  createTable({ schema: 'public', name: 'odd.name', columns: createColumns('id') }),
]);

let api: Api;
let id: string;
let now: number;
let source: ReturnType<typeof catalogSource>;
beforeEach(async () => {
  now = Date.parse('2026-01-01T00:00:00Z');
  source = catalogSource(shop);
  api = await startApi({ clock: () => now, probe: source.probe });
  ({ id } = (await createManagementConnection(api)).body);
});
afterEach(() => api[Symbol.asyncDispose]());

const schema = (of = id) => api.call(`GET ${base}/${of}/schema`);
const validate = (mappedFields: object, on = api) =>
  on.call(`POST ${base}/validate-schema`, { body: { mappedFields } });
const errorsIn = ({ status, body }: ApiAnswer) => [status, body.code, body['errors']];
const tablesIn = ({
  body,
}: ApiAnswer): readonly { readonly name: string; readonly fields: readonly string[] }[] =>
  Object(body['tables']);

describe('schema of a connection', () => {
  test('is introspected and returned with fields sorted by bytes', async () => {
    const answer = await schema();
    expect([answer.status, answer.body]).toEqual([
      200,
      {
        id,
        configName: 'production-db',
        databaseName: 'mydatabase',
        type: 'POSTGRESQL',
        tables: [
          { name: 'odd.name', fields: ['id'] },
          { name: 'orders', fields: ['a_b', 'id', 'total', 'Über'] },
          { name: 'users', fields: ['id'] },
          { name: 'sales.invoices', fields: ['number'] },
        ],
      },
    ]);
    expect(source.calls[0]).toBeGreaterThan(24_000);
    expect(source.calls[0]).toBeLessThanOrEqual(25_000);
  });

  test('is audited when it is read', async () => {
    await schema();
    const { items } = await api.store.query({
      pk: tableKeys.connectionPartition({ org: 'org_test', environment: 'default' }, id.replaceAll('-', '')),
      from: 'AUDIT#',
      to: 'AUDIT#~',
      limit: 100,
    });
    expect(items.map((item) => item['action'])).toContain('read-schema');
  });

  test('is introspected again for each request', async () => {
    await schema();
    now += 1;
    source.tables = [createTable({ name: 'users' })];
    expect(tablesIn(await schema()).map(({ name }) => name)).toEqual(['users']);
  });

  test.each([
    ['POSTGRESQL', { schema: 'sales' }, ['public.odd.name', 'public.orders', 'public.users', 'invoices']],
    ['SQL_SERVER', { schema: 'sales' }, ['public.odd.name', 'public.orders', 'public.users', 'invoices']],
    ['MYSQL', { databaseName: 'sales' }, ['public.odd.name', 'public.orders', 'public.users', 'invoices']],
    ['MONGODB', { databaseName: 'public' }, ['odd.name', 'orders', 'users', 'sales.invoices']],
    ['ORACLE', { userName: 'Sales' }, ['public.odd.name', 'public.orders', 'public.users', 'invoices']],
  ])('of %s with %j has qualified names for tables outside its default schema', async (type, more, names) => {
    const { body } = await createManagementConnection(api, { configName: 'kind', type, ...more });
    expect(tablesIn(await schema(body.id)).map(({ name }) => name)).toEqual(names);
  });

  test.each([
    ['timeout', 400, 'FET-1040'],
    ['connection-refused', 400, 'FET-1040'],
    ['authentication-failed', 400, 'FET-1040'],
    ['host-forbidden', 400, 'FET-0414'],
    ['unavailable', 503, 'FET-0003'],
  ] as const)('that fails with %s returns %d %s', async (code, status, fet) => {
    source.meanwhile = () => Promise.reject(new Problem(code, 'Why it failed'));
    const answer = await schema();
    expect(summarizeManagementFailure(answer)).toEqual([status, fet]);
    if (fet === 'FET-1040') expect(answer.body['message']).toBe('Why it failed');
  });

  test('waits for an introspection that another request started', async () => {
    let calls = 0;
    await using shared = await startApi({
      probe: (parts) => {
        const probe = source.probe(parts);
        return {
          ...probe,
          introspect: async (call, wait) => {
            calls += 1;
            if (calls === 1) void probe.introspect(call, wait);
            return { running: true };
          },
        };
      },
    });
    const { body } = await createManagementConnection(shared);
    const answer = await shared.call(`GET ${base}/${body.id}/schema`);
    expect([answer.status, tablesIn(answer).length]).toEqual([200, shop.length]);
  });

  test('is split when an answer would be too large, with a link to the rest', async () => {
    const long = 'c'.repeat(200);
    source.tables = inOrder(
      Array.from({ length: 900 }, (_, i) =>
        createTable({
          name: `table ${i}`,
          columns: createColumns(...Array.from({ length: 30 }, (__, j) => `${long}${j}`)),
        }),
      ),
    );
    const found: string[] = [];
    let next = `${base}/${id}/schema`;
    let pages = 0;
    for (; next !== ''; pages++) {
      const answer = await api.call(`GET ${next}`);
      expect(answer.status).toBe(200);
      expect(Buffer.byteLength(answer.text)).toBeLessThan(5 * 1024 * 1024);
      found.push(...tablesIn(answer).map(({ name }) => name));
      [, next = ''] = /^<([^>]+)>; rel="next"$/.exec(answer.headers['link'] ?? '') ?? [];
    }
    expect([pages > 1, found.length, new Set(found).size]).toEqual([true, 900, 900]);
  });
});

test('an introspection of more than 25 s returns 503, and DATA_SOURCE_DOWN in a validation', async () => {
  let elapsed = 0;
  const waits: number[] = [];
  await using slow = await startApi({
    timer: { measure: () => elapsed, wait: async (ms) => void (elapsed += ms) },
    probe: ({ real }) => ({
      ...real,
      introspect: async (_, wait) => {
        waits.push(wait);
        elapsed += wait;
        return { running: true };
      },
    }),
  });
  const { body } = await createManagementConnection(slow);
  const [told, validated] = await Promise.all([
    slow.call(`GET ${base}/${body.id}/schema`),
    validate({ 'production-db': { orders: [] } }, slow),
  ]);
  expect(waits).toEqual([25_000]);
  expect([...summarizeManagementFailure(told), told.headers['retry-after']]).toEqual([503, 'FET-0003', '5']);
  expect(errorsIn(validated)).toEqual([
    422,
    'FET-1060',
    [{ type: 'DATA_SOURCE_DOWN', dataSourceId: 'production-db' }],
  ]);
});

describe('schema validation', () => {
  test('succeeds when everything exists', async () => {
    const answer = await validate({
      'production-db': { orders: ['id', 'total'], 'sales.invoices': ['number'], users: [] },
    });
    expect([answer.status, answer.body]).toEqual([200, { status: 'success', message: expect.any(String) }]);
  });

  test('returns an error for each missing source, table and field, in the order of the request', async () => {
    const answer = await validate({
      nowhere: { orders: ['id'] },
      'production-db': { orders: ['id', 'colour', 'ID'], invoices: ['number'], 'sales.invoices': ['total'] },
    });
    expect([answer.status, answer.body]).toEqual([
      422,
      {
        code: 'FET-1060',
        title: expect.any(String),
        message: expect.any(String),
        errors: [
          { type: 'DATA_SOURCE_NOT_FOUND', dataSourceId: 'nowhere' },
          { type: 'FIELD_NOT_FOUND', dataSourceId: 'production-db', table: 'orders', field: 'colour' },
          { type: 'FIELD_NOT_FOUND', dataSourceId: 'production-db', table: 'orders', field: 'ID' },
          { type: 'TABLE_NOT_FOUND', dataSourceId: 'production-db', table: 'invoices' },
          { type: 'FIELD_NOT_FOUND', dataSourceId: 'production-db', table: 'sales.invoices', field: 'total' },
        ],
      },
    ]);
  });

  test.each(['public.orders', 'dbo.orders', 'orders', 'odd.name', 'public.odd.name', 'sales.invoices'])(
    'finds %s',
    async (table) => {
      expect((await validate({ 'production-db': { [table]: [] } })).status).toBe(200);
    },
  );

  test.each(['ORDERS', 'other.orders', 'public.invoices', 'name', '.', ''])(
    'does not find %j',
    async (table) => {
      const answer = await validate({ 'production-db': { [table]: ['id'] } });
      expect(errorsIn(answer)).toEqual([
        422,
        'FET-1060',
        [{ type: 'TABLE_NOT_FOUND', dataSourceId: 'production-db', table }],
      ]);
    },
  );

  test('finds tables of public for a connection that names another schema', async () => {
    await createManagementConnection(api, { configName: 'elsewhere', schema: 'sales' });
    const answer = await validate({
      elsewhere: { invoices: ['number'], 'public.users': ['id'], 'public.invoices': [] },
    });
    expect(answer.status).toBe(200);
    expect((await validate({ elsewhere: { users: ['id'] } })).status).toBe(422);
  });

  test('of Oracle ignores the case of names', async () => {
    source.tables = [createTable({ schema: 'HR', name: 'EMPLOYEES', columns: createColumns('ID', 'Name') })];
    await createManagementConnection(api, { configName: 'oracle-db', type: 'ORACLE', userName: 'hr' });
    const answer = await validate({ 'oracle-db': { employees: ['id', 'NAME'], 'hr.Employees': ['name'] } });
    expect(answer.status).toBe(200);
  });

  test('of documents finds a field by its nested fields', async () => {
    const columns = createColumns('address.city', 'addresses');
    source.tables = [createTable({ schema: 'mydatabase', name: 'people', kind: 'collection', columns })];
    await createManagementConnection(api, { configName: 'mongo-db', type: 'MONGODB' });
    expect((await validate({ 'mongo-db': { people: ['address', 'address.city'] } })).status).toBe(200);
    expect(errorsIn(await validate({ 'mongo-db': { people: ['addr', 'address.cit'] } }))).toEqual([
      422,
      'FET-1060',
      ['addr', 'address.cit'].map((field) => ({
        type: 'FIELD_NOT_FOUND',
        dataSourceId: 'mongo-db',
        table: 'people',
        field,
      })),
    ]);
  });

  test('reads all sources concurrently and returns the one that is down', async () => {
    for (const configName of ['second', 'third']) await createManagementConnection(api, { configName });
    const all = Promise.withResolvers<undefined>();
    let waiting = 0;
    source.meanwhile = () => {
      waiting += 1;
      if (waiting === 3) all.resolve(undefined);
      return waiting === 2
        ? all.promise.then(() => Promise.reject(new Problem('connection-refused')))
        : all.promise;
    };
    const wanted = { orders: ['id'] };
    const answer = await validate({ 'production-db': wanted, second: wanted, third: wanted });
    expect(answer.status).toBe(422);
    expect(answer.body['errors']).toEqual([{ type: 'DATA_SOURCE_DOWN', dataSourceId: expect.any(String) }]);
  });

  test('returns 503 and no DATA_SOURCE_DOWN when Mooring itself fails', async () => {
    source.meanwhile = () => Promise.reject(new Problem('unavailable'));
    expect(summarizeManagementFailure(await validate({ 'production-db': { orders: [] } }))).toEqual([
      503,
      'FET-0003',
    ]);
  });

  const many = (count: number, value: unknown) =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`n${i}`, value]));
  test.each([
    ['no source', {}, [400, 'FET-0401', 'mappedFields']],
    ['11 sources', many(11, {}), [400, 'FET-1061', 'mappedFields']],
    ['21 tables', { 'production-db': many(21, []) }, [400, 'FET-1061', 'mappedFields.production-db']],
    [
      '51 fields',
      { 'production-db': { t: Array.from({ length: 51 }, String) } },
      [400, 'FET-1061', 'mappedFields.production-db.t'],
    ],
    ['unknown sources', many(10, {}), [400, 'FET-1062', 'mappedFields']],
    ['a text', 'orders', [400, 'FET-0401', 'mappedFields']],
    [
      'a field that is no text',
      { 'production-db': { orders: [5] } },
      [400, 'FET-0401', 'mappedFields.production-db.orders.0'],
    ],
  ])('of %s is rejected', async (_, mappedFields, expected) => {
    const answer = await api.call(`POST ${base}/validate-schema`, { body: { mappedFields } });
    expect(summarizeManagementFailure(answer)).toEqual(expected);
  });

  test('of the maximum size is accepted', async () => {
    for (let i = 1; i < 10; i++) await createManagementConnection(api, { configName: `source ${i}` });
    const tables = many(
      20,
      Array.from({ length: 50 }, (_, i) => `f${i}`),
    );
    const all = ['production-db', ...Array.from({ length: 9 }, (_, i) => `source ${i + 1}`)];
    const answer = await validate(Object.fromEntries(all.map((name) => [name, { ...tables, n0: ['id'] }])));
    expect([answer.status, Object(answer.body['errors']).length]).toEqual([422, 200]);
  });

  test.each([
    ['{}', 'FET-0402', ['mappedFields']],
    ['{"mappedFields": {"a": {}}, "more": 1}', 'FET-0400', ['more']],
  ])('rejects the body %s', async (text, code, fields) => {
    expect(summarizeManagementFailure(await api.call(`POST ${base}/validate-schema`, { text }))).toEqual([
      400,
      code,
      ...fields,
    ]);
  });

  test('finds no connections of another tenant', async () => {
    const answer = await api.call(`POST ${base}/validate-schema`, {
      body: { mappedFields: { 'production-db': {} } },
      headers: { 'x-environment-id': 'other' },
    });
    expect(summarizeManagementFailure(answer)).toEqual([400, 'FET-1062', 'mappedFields']);
  });
});
