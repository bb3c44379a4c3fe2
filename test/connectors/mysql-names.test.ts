import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Api, startApi } from '../api.ts';
import { base, createManagementConnection } from '../functions/management/samples.ts';
import { connectTo, foldingMysqlEngines, type MysqlEngine, onEachMysqlEngine } from './mysql-engines.ts';

/** A database with a mixed-case name, an account that may read only this database, and an API. */
const setUp = ({ port, admin }: MysqlEngine) => {
  const user = `names_${process.pid}`;
  const database = `Names_Mixed_${process.pid}`;
  const run = async (...statements: readonly string[]) => {
    await using connection = await connectTo(port, admin);
    for (const statement of statements) await connection.run(statement);
  };
  let api: Api;
  beforeAll(async () => {
    await run(
      `create database \`${database}\``,
      `create table \`${database}\`.Big (Id int primary key, \`Ünï\` int)`,
      `create table \`${database}\`.Granted_by_column (Id int, hidden int)`,
      `create user ${user} identified by 'obviously-fake'`,
      `grant select on \`${database.replaceAll('_', '\\_')}\`.* to ${user}`,
    );
    api = await startApi();
  });
  afterAll(async () => {
    await run(`drop database \`${database}\``, `drop user ${user}`);
    await api[Symbol.asyncDispose]();
  });

  const register = async (asked: string) => {
    const { body } = await api.call('POST /v1/connections', {
      body: {
        name: `As ${asked}`,
        type: 'mysql',
        config: { host: '127.0.0.1', port, database: asked, username: user, password: 'obviously-fake' },
        options: { ssl_mode: 'require' },
      },
    });
    await api.settle();
    return `/v1/connections/${body.id}`;
  };
  const validate = async (at: string, tables: readonly object[]) => {
    const { body } = await api.call(`POST ${at}/schema/validate`, { body: { tables } });
    return body.errors.map((error) => Object(error).code);
  };
  return {
    database,
    register,
    validate,
    call: (route: string) => api.call(route),
    manage: async (mappedFields: object) => {
      const settings = { type: 'MYSQL', host: '127.0.0.1', port, databaseName: database, userName: user };
      const more = { configName: 'mixed', password: 'obviously-fake', ssl: { mode: 'require' } };
      const { body } = await createManagementConnection(api, { ...settings, ...more });
      const schema = await api.call(`GET ${base}/${body.id}/schema`);
      const { status } = await api.call(`POST ${base}/validate-schema`, { body: { mappedFields } });
      return { status, tables: schema.body['tables'] };
    },
  };
};

onEachMysqlEngine((engine) => {
  describe(engine.name, () => {
    const { database, register, validate, call, manage } = setUp(engine);

    test('finds a database, its tables and columns regardless of case', async () => {
      const at = await register(database);
      const { body: connection } = await call(`GET ${at}`);
      expect([connection['status'], connection['status_reason']]).toEqual(['connected', null]);
      expect((await call(`POST ${at}/test`)).body.steps).toContainEqual(
        expect.objectContaining({ step: 'privileges', status: 'passed' }),
      );

      const { body: schema } = await call(`GET ${at}/schema`);
      const names = { schemas: 'any-case', tables: 'any-case', columns: 'any-case' };
      expect(schema['catalog']).toMatchObject({ complete: true, tables: 2, names });
      expect(schema.data.map(({ name }) => name)).toEqual(['big', 'granted_by_column']);

      const columns = [{ name: 'ID' }, { name: 'ünï' }];
      expect(
        await validate(at, [
          { schema: database, name: 'Big', columns },
          { schema: database.toLowerCase(), name: 'BIG', columns },
          { name: 'big', columns },
        ]),
      ).toEqual([]);
      expect(await validate(at, [{ name: 'Bigger' }, { name: 'big', columns: [{ name: 'Idd' }] }])).toEqual([
        'table-not-found',
        'column-not-found',
      ]);

      const { body: filtered } = await call(`GET ${at}/schema?schema=${database}&table=BIG`);
      expect(filtered.data.map(({ name }) => name)).toEqual(['big']);
      const parent = encodeURIComponent(`${database}.BIG`);
      const { body: suggested } = await call(`GET ${at}/autocomplete?type=columns&parent=${parent}`);
      expect(suggested['suggestions']).toMatchObject([{ label: 'Id' }, { label: 'Ünï' }]);
      const { body: tables } = await call(`GET ${at}/autocomplete?type=tables&parent=${database}`);
      expect(tables['suggestions']).toHaveLength(2);
    });

    test('lists tables without their schema in the management API, and finds them regardless of case', async () => {
      const { status, tables } = await manage({
        mixed: { Big: ['ID'], GRANTED_BY_COLUMN: ['id', 'hidden'] },
      });
      expect(status).toBe(200);
      expect(tables).toMatchObject([{ name: 'big' }, { name: 'granted_by_column' }]);
    });
  });
}, foldingMysqlEngines());

onEachMysqlEngine((engine) => {
  describe(engine.name, () => {
    const { database, register, validate } = setUp(engine);

    test('finds columns regardless of case, and tables and schemas only as they are written', async () => {
      const at = await register(database);
      const columns = [{ name: 'ID' }, { name: 'ÜNÏ' }];
      expect(await validate(at, [{ schema: database, name: 'Big', columns }])).toEqual([]);
      expect(
        await validate(at, [
          { schema: database, name: 'BIG' },
          { schema: database.toLowerCase(), name: 'Big' },
        ]),
      ).toEqual(['table-not-found', 'table-not-found']);
    });
  });
});
