import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { connectToPostgresql } from '../../connectors/collect-postgresql-catalog.ts';
import { type Api, startApi } from '../../api.ts';
import { onEngine, reach } from '../../engines/reach.ts';
import { defaultSchemas } from './document.ts';
import { toRegistrationData, register } from './registrations.ts';

const engine = reach('postgres', { POSTGRES_VERSION: '18' });

onEngine(engine, () => {
  describe('registration of a real PostgreSQL with the schemas of Supabase', () => {
    const env = engine;
    const database = `supabase_${process.pid}`;
    const server = { host: env['POSTGRES_HOST'], port: Number(env['POSTGRES_PORT']) };
    const admin = { ...server, user: env['POSTGRES_ADMIN_USER'], password: env['POSTGRES_ADMIN_PASSWORD'] };
    const string = (scheme = 'postgresql', query = '') => {
      const { POSTGRES_USER: user = '', POSTGRES_PASSWORD: password = '' } = env;
      return `${scheme}://${user}:${encodeURIComponent(password)}@localhost:${server.port}/${database}${query}`;
    };

    let api: Api;
    beforeAll(async () => {
      api = await startApi();
      await using postgres = await connectToPostgresql({ ...admin, database: 'postgres' });
      await postgres.query(`create database ${database}`);
      await using supabase = await connectToPostgresql({ ...admin, database });
      const user = env['POSTGRES_USER'] ?? '';
      for (const schema of ['public', 'shop', ...defaultSchemas])
        await supabase.query(
          `create schema if not exists ${schema}; create table ${schema}.in_${schema} (id int primary key);` +
            `grant usage on schema ${schema} to ${user}; grant select on all tables in schema ${schema} to ${user}`,
        );
    });
    afterAll(async () => {
      await api[Symbol.asyncDispose]();
      await using postgres = await connectToPostgresql({ ...admin, database: 'postgres' });
      await postgres.query(`drop database ${database} with (force)`);
    });

    const idOf = (data: Readonly<Record<string, unknown>>) =>
      `conn_${String(data['id']).replaceAll('-', '')}`;

    const schemasOf = async (id: string) => {
      const { status, body } = await api.call(`GET /v1/connections/${id}/schema?limit=200`);
      expect(status).toBe(200);
      return [...new Set(body.data.map((table) => String(table['schema'])))].toSorted();
    };

    test('connects in its queued test and excludes the schemas of Supabase', async () => {
      const answer = await register(api, {
        name: 'As it comes',
        db_type: 'supabase',
        connection_string: string(),
      });
      expect(answer.status).toBe(201);
      const registered = toRegistrationData(answer);
      expect(registered).toMatchObject({
        host: 'localhost',
        port: server.port,
        database_name: database,
        excluded_schemas: defaultSchemas,
        last_introspected_at: null,
      });
      await api.settle();
      const id = idOf(registered);
      expect((await api.call(`GET /v1/connections/${id}`)).body).toMatchObject({ status: 'connected' });

      expect(await schemasOf(id)).toEqual(['public', 'shop']);
      const after = toRegistrationData(await api.call(`GET /api/v1/connections/${String(registered['id'])}`));
      expect(after).toEqual({
        ...registered,
        last_introspected_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      });
      expect((await api.call('GET /api/v1/connections')).body.data).toEqual([after]);
    });

    test('with an empty list excludes no schemas', async () => {
      const answer = await register(api, {
        name: 'Everything',
        connection_string: string('postgresql+asyncpg', '?ssl=require'),
        excluded_schemas: [],
      });
      expect(await schemasOf(idOf(toRegistrationData(answer)))).toEqual(
        [...defaultSchemas, 'public', 'shop'].toSorted(),
      );
    });

    test('with a list excludes the schemas that it names', async () => {
      const answer = await register(api, {
        name: 'Some',
        db_type: 'postgres_gcp',
        connection_string: string('postgres'),
        excluded_schemas: ['shop', 'auth'],
      });
      expect(await schemasOf(idOf(toRegistrationData(answer)))).toEqual(
        [...defaultSchemas.filter((name) => name !== 'auth'), 'public'].toSorted(),
      );
    });
  });
});
