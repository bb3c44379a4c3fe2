import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { onEachMysqlEngine } from '../../connectors/mysql-engines.ts';
import { onEngine, reach } from '../../engines/reach.ts';
import { closedPort } from '../../network/servers.ts';
import { type ApiAnswer, type Api, startApi } from '../../api.ts';
import { base, createManagementConnection, summarizeManagementFailure } from './samples.ts';

let api: Api;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api[Symbol.asyncDispose]());

const tablesIn = ({
  body,
}: ApiAnswer): readonly { readonly name: string; readonly fields: readonly string[] }[] =>
  Object(body['tables']);
const validate = (mappedFields: object) =>
  api.call(`POST ${base}/validate-schema`, { body: { mappedFields } });

/** The tests that all connectors share. Each source contains the same shop. */
const management = (settings: Readonly<Record<string, unknown>>) => {
  const made = async (more: object = {}) =>
    (await createManagementConnection(api, { ...settings, ...more })).body.id;
  const tested = async (more: object = {}) => api.call(`POST ${base}/${await made(more)}/test`);

  test('a successful test returns its latency', async () => {
    const { status, body } = await tested();
    expect([status, body]).toEqual([
      200,
      { status: 'success', message: 'Connection successful', latencyMs: expect.any(Number) },
    ]);
    expect(Number.isInteger(body['latencyMs']) && Number(body['latencyMs']) >= 1).toBe(true);
  });

  test('a failed test returns the cause', async () => {
    const wrong = await tested({ password: 'never-the-right-one' });
    expect(summarizeManagementFailure(wrong)).toEqual([400, 'FET-1040']);
    expect(wrong.body['message']).toMatch(/\w+ \w+/);
    expect(wrong.text).not.toContain('never-the-right-one');
    const closed = await tested({ configName: 'closed', port: await closedPort() });
    expect(summarizeManagementFailure(closed)).toEqual([400, 'FET-1040']);
  });

  test('the schema has sorted fields, and all of its tables validate', async () => {
    const id = await made();
    const answer = await api.call(`GET ${base}/${id}/schema`);
    expect([answer.status, answer.body.id, answer.body['configName']]).toEqual([200, id, 'production-db']);
    const tables = tablesIn(answer);
    expect(tables.length).toBeGreaterThan(1);
    for (const { name, fields } of tables) {
      expect(name).not.toMatch(/^(pg_catalog|information_schema|mysql|performance_schema|sys|admin)\./);
      expect(fields).toEqual(fields.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
    }
    const some = Object.fromEntries(
      tables.slice(0, 20).map(({ name, fields }) => [name, fields.slice(0, 50)] as const),
    );
    expect((await validate({ 'production-db': some })).body).toMatchObject({ status: 'success' });
  });

  test('validation returns missing fields and tables, and a source that is down next to one that is up', async () => {
    const id = await made();
    await made({ configName: 'closed', port: await closedPort() });
    const [table = { name: '', fields: [''] }] = tablesIn(await api.call(`GET ${base}/${id}/schema`));
    const [field = ''] = table.fields;
    const answer = await validate({
      'production-db': { [table.name]: [field, 'no_such_field'], no_such_table: ['id'] },
      closed: { [table.name]: [field] },
    });
    expect([answer.status, answer.body['errors']]).toEqual([
      422,
      [
        { type: 'FIELD_NOT_FOUND', dataSourceId: 'production-db', table: table.name, field: 'no_such_field' },
        { type: 'TABLE_NOT_FOUND', dataSourceId: 'production-db', table: 'no_such_table' },
        { type: 'DATA_SOURCE_DOWN', dataSourceId: 'closed' },
      ],
    ]);
    const down = (await api.call(`GET ${base}?host=${String(settings['host'])}`)).body;
    expect(down['total']).toBe(2);
  });
};

const postgres = reach('postgres', { POSTGRES_VERSION: '18' });
onEngine(postgres, () => {
  describe('PostgreSQL 18', () => {
    const settings = {
      type: 'POSTGRESQL',
      host: 'localhost',
      port: Number(postgres['POSTGRES_PORT']),
      databaseName: 'shop',
      userName: postgres['POSTGRES_USER'],
      password: postgres['POSTGRES_PASSWORD'],
    };
    management(settings);

    test('tables of the named schema have plain names, and others have qualified names', async () => {
      const namesOf = async (more: object) => {
        const { body } = await createManagementConnection(api, { ...settings, ...more });
        return tablesIn(await api.call(`GET ${base}/${body.id}/schema`)).map(({ name }) => name);
      };
      expect(await namesOf({})).toEqual(expect.arrayContaining(['hidden.ledger', 'shop.orders']));
      const named = await namesOf({ configName: 'named', schema: 'shop' });
      expect(named).toEqual(expect.arrayContaining(['hidden.ledger', 'orders']));
      expect(named).not.toContain('shop.orders');
      const mapped = { orders: ['id'], 'shop.orders': ['id'], 'hidden.ledger': [] };
      expect((await validate({ named: mapped })).status).toBe(200);
    });
  });
});

onEachMysqlEngine(({ name, port, user, password }) => {
  describe(name, () =>
    management({ type: 'MYSQL', host: 'localhost', port, databaseName: 'shop', userName: user, password }),
  );
});

const mongo = reach('mongodb');
onEngine(mongo, () => {
  describe('MongoDB 6.0', () =>
    management({
      type: 'MONGODB',
      host: 'localhost',
      port: Number(mongo['MONGODB_PORT']),
      databaseName: 'shop',
      userName: mongo['MONGODB_USER'],
      password: mongo['MONGODB_PASSWORD'],
      metadata: { directConnection: 'true' },
    }));
});
