import { describe, expect, test } from '@jest/globals';
import { databricks } from '../../shared/connectors/databricks/connector.ts';
import { createDatabricksQueries } from '../../shared/connectors/databricks/query.ts';
import { secureServer, serviceContract, createServiceTester } from '../contracts/service.ts';
import type { Service } from '../contracts/service.ts';
import { onEngine, reach } from '../engines/reach.ts';
import { expectShop, expectWholeShop } from './small-shop.ts';

const config = {
  host: 'dbc-00000000-0000.cloud.databricks.com',
  http_path: '/sql/1.0/warehouses/0123456789abcdef',
};
const token = (text: string | undefined) => ({ auth_method: 'token', token: text ?? '' });

const env = reach('databricks');
onEngine(env, () => {
  describe('Databricks session on Spark', () => {
    const service: Service = {
      connector: databricks,
      config: { ...config, http_path: env['DATABRICKS_PATH'] ?? '' },
      credentials: token(env['DATABRICKS_TOKEN']),
      endpoint: `https://localhost:${env['DATABRICKS_PORT']}`,
      small: { config: { schema: 'sales' } },
      huge: ['warehouse'],
    };
    const { tried, opened, catalogOf } = createServiceTester(service);

    serviceContract(service, {
      'a token that nobody has': {
        credentials: token(env['DATABRICKS_UNKNOWN_TOKEN']),
        code: 'authentication-failed',
        native: '403',
      },
      'a token that is none': {
        credentials: token('obviously-fake'),
        code: 'authentication-failed',
        native: '401',
      },
      'a token that may not use the warehouse': {
        credentials: token(env['DATABRICKS_FORBIDDEN_TOKEN']),
        code: 'permission-denied',
        native: '403',
      },
      'an unknown warehouse': {
        config: { http_path: '/sql/1.0/warehouses/ffffffffffffffff' },
        code: 'database-not-found',
        native: '404',
      },
      'a warehouse that is starting': {
        config: { http_path: env['DATABRICKS_STARTING_PATH'] },
        code: 'server-error',
        native: '503',
      },
      'an unknown schema': {
        config: { schema: 'nowhere' },
        code: 'database-not-found',
        native: 'SCHEMA_NOT_FOUND',
      },
    });

    test('passes every step of a test and reports the version', async () => {
      const { status, details, steps } = await tried();
      expect({ status, details }).toEqual({
        status: 'connected',
        details: {
          latency_ms: expect.any(Number),
          version: expect.stringMatching(/^Databricks, Spark 4\.0\.\d+$/),
        },
      });
      expect(new Set(steps.map((step) => step.status))).toEqual(new Set(['passed']));
    });

    test('reads tables with columns, comments and keys', async () => {
      const { tables, missing } = await catalogOf({ config: { schema: 'sales' } });
      expect(missing).toEqual([]);
      const types = {
        id: 'bigint',
        email: 'string',
        born: 'date',
        balance: 'decimal(12,2)',
        active: 'boolean',
        seen: 'timestamp',
        tags: 'array<string>',
        home: 'struct<city:string,zip:int>',
      };
      expectWholeShop(tables, types, 'orders_customer_fk');
    });

    test('reads a metastore without information_schema through the metadata calls of the protocol', async () => {
      const { tables, missing } = await catalogOf({ config: { catalog: 'hive_metastore', schema: 'sales' } });
      expect(missing).toEqual([]);
      expectShop(tables);
      expect(new Set(tables.map(({ schema }) => schema))).toEqual(new Set(['sales']));
    });

    test('includes and excludes schemas regardless of the case of their names', async () => {
      const some = await catalogOf({ config: { schema: 'SALES' } });
      expect([some.tables.length > 0, some.missing]).toEqual([true, []]);
      const { tables } = await catalogOf({}, { excludedSchemas: ['Sales'] });
      expect(tables.filter(({ schema }) => schema === 'sales')).toEqual([]);
      await using session = await opened({ config: { schema: 'SALES' } });
      expect(await session.privileges()).toEqual({ missing: [], excess: [] });
    });

    test('reports a schema without visible tables as missing, with its grant', async () => {
      const { tables, missing } = await catalogOf({}, { schemas: ['default'], excludedSchemas: [] });
      expect(tables).toEqual([]);
      expect(missing).toMatchObject([
        {
          reason: 'tables-denied',
          count: 1,
          remediation: expect.stringMatching(
            /^GRANT USE SCHEMA, SELECT ON SCHEMA `spark_catalog`.`default` TO /,
          ),
        },
      ]);
    });

    test('reports no missing privilege for a readable source, and the grant for a target', async () => {
      await using source = await opened();
      expect(await source.privileges()).toEqual({ missing: [], excess: [] });
      await using target = await opened({ role: 'target', config: { schema: 'sales' } });
      expect((await target.privileges()).missing).toMatchObject([
        { grant: expect.stringMatching(/^GRANT USE SCHEMA, CREATE TABLE, MODIFY ON SCHEMA/) },
      ]);
    });
  });
});

describe('Databricks service principal', () => {
  test.each([
    [401, { error: 'invalid_client' }, 'authentication-failed'],
    [200, { access_token: 'one\r\ntwo' }, 'protocol-mismatch'],
  ] as const)(
    'fails a test when the token endpoint answers %d without a valid token',
    async (status, answer, code) => {
      const told: string[] = [];
      await using server = await secureServer((request, response) => {
        told.push(`${request.method} ${request.url} ${request.headers.authorization}`);
        response.writeHead(status).end(JSON.stringify(answer));
      });
      const { tried } = createServiceTester({
        connector: databricks,
        config,
        credentials: { auth_method: 'oauth', client_id: 'somebody', client_secret: 'obviously-fake' },
        endpoint: `https://localhost:${server.port}`,
      });
      const { details } = await tried();
      expect(details).toMatchObject({ code });
      expect(told).toEqual([`POST /oidc/v1/token Basic ${btoa('somebody:obviously-fake')}`]);
    },
  );
});

describe('Databricks query', () => {
  test('ends at its time limit', async () => {
    const never = () => new Promise<never>(() => {});
    const { query, metadata } = createDatabricksQueries(
      { executeStatement: never, getTables: never, getColumns: never },
      50,
    );
    const late = {
      code: 'timeout',
      extras: { remediation: expect.stringContaining('query_timeout_seconds') },
    };
    await expect(query('select 1', () => {})).rejects.toMatchObject(late);
    await expect(metadata('tables', 'hive_metastore', 'sales', () => {})).rejects.toMatchObject(late);
  });
});
