import { describe, expect, test } from '@jest/globals';
import * as v from 'valibot';
import { toSnowflakeAddress } from '../../shared/connectors/snowflake/account.ts';
import { snowflake } from '../../shared/connectors/snowflake/connector.ts';
import { serviceContract, createServiceTester } from '../contracts/service.ts';
import type { Service } from '../contracts/service.ts';
import { onEngine, reach, readEngineFile } from '../engines/reach.ts';

describe('Snowflake connector', () => {
  test.each([
    ['myorg-sales', 'myorg-sales.snowflakecomputing.com'],
    ['myorg-sales_eu', 'myorg-sales-eu.snowflakecomputing.com'],
    ['XY12345.eu-central-1', 'xy12345.eu-central-1.snowflakecomputing.com'],
    ['xy12345.privatelink', 'xy12345.privatelink.snowflakecomputing.com'],
    ['xy12345.snowflakecomputing.com', 'xy12345.snowflakecomputing.com'],
    ['xy12345.cn-northwest-1', 'xy12345.cn-northwest-1.snowflakecomputing.cn'],
    ['evil.example', 'evil.example.snowflakecomputing.com'],
  ])('maps an account to a Snowflake host: %s', (account, host) => {
    expect(toSnowflakeAddress(account, undefined)).toEqual({ host, port: 443, secure: true });
  });

  test.each([
    'evil.example/',
    'evil.example#',
    'evil.example?',
    'evil.example:443',
    'me@evil.example',
    'a..b',
    '-a',
    'a ',
    'ä',
  ])('rejects an invalid account: %j', (account) => {
    expect(v.is(snowflake.config, { account, username: 'me' })).toBe(false);
  });
});

const env = reach('snowflake');
onEngine(env, () => {
  describe('Snowflake stand-in: fakesnow and its front', () => {
    const password = (user: string, secret: string) => ({
      config: { username: env[user] ?? '' },
      credentials: { auth_method: 'password', password: env[secret] ?? '' },
    });
    const key = (name: string, more = {}) => ({
      config: { username: env['SNOWFLAKE_KEY_USER'] ?? '' },
      credentials: { auth_method: 'key_pair', private_key: readEngineFile(env[name]), ...more },
    });
    const service: Service = {
      connector: snowflake,
      config: {
        account: env['SNOWFLAKE_ACCOUNT'] ?? '',
        username: env['SNOWFLAKE_USER'] ?? '',
        database: env['SNOWFLAKE_DATABASE'] ?? '',
        schema: env['SNOWFLAKE_SCHEMA'] ?? '',
        warehouse: env['SNOWFLAKE_WAREHOUSE'] ?? '',
      },
      credentials: { auth_method: 'password', password: env['SNOWFLAKE_PASSWORD'] ?? '' },
      endpoint: env['SNOWFLAKE_URL'] ?? '',
      unknown: 'host-not-found',
    };
    const { tried, opened, catalogOf } = createServiceTester(service);
    const passphrase = { private_key_passphrase: env['SNOWFLAKE_KEY_PASSPHRASE'] ?? '' };

    serviceContract(service, {
      'a wrong password': {
        credentials: { auth_method: 'password', password: 'never-the-right-one' },
        code: 'authentication-failed',
        native: '390100',
      },
      'an unknown user': {
        config: { username: 'nobody_at_all' },
        code: 'authentication-failed',
        native: '390100',
      },
      'a locked user': {
        config: { username: env['SNOWFLAKE_LOCKED_USER'] ?? '' },
        code: 'account-locked',
        native: '390102',
      },
      'a key of somebody else': {
        ...key('SNOWFLAKE_KEY_UNKNOWN'),
        code: 'authentication-failed',
        native: '390144',
      },
      'a key without its passphrase': { ...key('SNOWFLAKE_KEY_LOCKED'), code: 'certificate-unreadable' },
      'a key with another passphrase': {
        ...key('SNOWFLAKE_KEY_LOCKED', { private_key_passphrase: 'never-the-right-one' }),
        code: 'certificate-unreadable',
      },
      'a key that is none': {
        credentials: { auth_method: 'key_pair', private_key: 'obviously-fake' },
        code: 'certificate-unreadable',
      },
      'a wrong token': {
        credentials: { auth_method: 'token', token: 'never-the-right-one' },
        code: 'authentication-failed',
        native: '390394',
      },
      'an unknown account': { config: { account: 'nowhere-at-all' }, code: 'host-not-found', native: '404' },
      'an unknown database': { config: { database: 'NOWHERE' }, code: 'database-not-found' },
      'a database that is closed to it': {
        config: { database: env['SNOWFLAKE_FORBIDDEN_DATABASE'] ?? '' },
        code: 'database-not-found',
      },
      'an unknown role': { config: { role: 'NOBODY_AT_ALL' }, code: 'permission-denied', native: '390189' },
    });

    test('a working connection passes every step and reports its version', async () => {
      const { status, details, steps } = await tried();
      expect({ status, details }).toEqual({
        status: 'connected',
        details: { latency_ms: expect.any(Number), version: 'Snowflake 10.0.0' },
      });
      expect(new Set(steps.map((step) => step.status))).toEqual(new Set(['passed']));
    });

    test.each([
      ['a key', key('SNOWFLAKE_KEY')],
      ['a key with a passphrase', key('SNOWFLAKE_KEY_LOCKED', passphrase)],
      ['a token', { credentials: { auth_method: 'token', token: env['SNOWFLAKE_TOKEN'] ?? '' } }],
    ])('%s logs in', async (_, change) => {
      expect(await tried(change)).toMatchObject({ status: 'connected' });
    });

    test('a connection without a database uses the default of the account', async () => {
      const { connector, credentials, endpoint } = service;
      const { account, username } = service.config;
      const bare = createServiceTester({
        connector,
        credentials,
        endpoint,
        config: { account, username, schema: 'PUBLIC' },
      });
      expect(await bare.tried()).toMatchObject({ status: 'connected' });
      expect(await bare.catalogOf()).toMatchObject({ tables: [], missing: [{ reason: 'no-database' }] });
    });

    test('introspection reads tables with columns, comments, keys and sizes', async () => {
      const { tables, missing } = await catalogOf();
      expect(missing).toEqual([]);
      expect(tables.map(({ schema, name, kind }) => [schema, name, kind])).toEqual([
        ['SALES', 'CUSTOMERS', 'table'],
        ['SALES', 'OPEN_ORDERS', 'view'],
        ['SALES', 'ORDERS', 'table'],
      ]);
      const [customers, view, orders] = tables;
      expect(customers).toMatchObject({
        comment: 'people who pay',
        rows: 1,
        parent: null,
        primary_key: ['ID'],
        foreign_keys: [],
        indexes: [],
      });
      expect(
        customers?.columns.map((column) => [column.position, column.name, column.type, column.kind]),
      ).toEqual([
        [1, 'ID', 'NUMBER(38,0)', 'integer'],
        [2, 'EMAIL', 'VARCHAR(320)', 'string'],
        [3, 'BORN', 'DATE', 'date'],
        [4, 'BALANCE', 'NUMBER(12,2)', 'decimal'],
        [5, 'ACTIVE', 'BOOLEAN', 'boolean'],
        [6, 'SEEN', 'TIMESTAMP_NTZ', 'timestamp'],
        [7, 'PROFILE', 'VARIANT', 'json'],
      ]);
      expect(customers?.columns.filter(({ nullable }) => !nullable).map(({ name }) => name)).toEqual([
        'ID',
        'EMAIL',
      ]);
      expect(customers?.columns.map((column) => column.default)).toEqual([
        null,
        null,
        null,
        '0',
        null,
        null,
        null,
      ]);
      expect(view).toMatchObject({ rows: null, size_bytes: null });
      expect(orders?.foreign_keys).toEqual([
        {
          name: expect.any(String),
          columns: ['CUSTOMER_ID'],
          references: { schema: 'SALES', table: 'CUSTOMERS', columns: ['ID'] },
          valid: false,
        },
      ]);
    });

    test('introspection reads only its scope, and reports schemas that do not exist', async () => {
      const none = await catalogOf({}, { schemas: ["no' or 1=1 --\\"], excludedSchemas: [] });
      expect(none).toMatchObject({ tables: [], missing: [{ reason: 'schemas-not-found' }] });
      const { tables } = await catalogOf({}, { excludedSchemas: ['SALES'] });
      expect(tables).toEqual([]);
    });

    test('introspection reads a thousand tables, complete and in order', async () => {
      const { tables, missing } = await catalogOf({ config: { database: 'MANY' } });
      expect(missing).toEqual([]);
      expect(tables.map(({ name }) => name)).toEqual(
        Array.from({ length: 1000 }, (_, number) => `T${String(number).padStart(4, '0')}`),
      );
      for (const { columns } of tables) expect(columns.length).toBe(3);
    });

    test('introspection keeps quotes, spaces, Unicode and dots in names', async () => {
      const { tables } = await catalogOf({ config: { database: 'ODD' } });
      expect(tables.map(({ name }) => name)).toEqual([' leading space', 'a.b', 'say "hi"', 'Ünïcödé 表 🚢']);
      expect(tables[1]?.columns.map(({ name }) => name)).toEqual(['x"y']);
    });

    test('an account that sees no table connects, and the missing grants are reported', async () => {
      const nobody = password('SNOWFLAKE_NOBODY', 'SNOWFLAKE_NOBODY_PASSWORD');
      const remediation = [
        'GRANT USAGE ON ALL SCHEMAS IN DATABASE MOORING TO ROLE BLIND;',
        'GRANT SELECT ON ALL TABLES IN DATABASE MOORING TO ROLE BLIND;',
        'GRANT SELECT ON ALL VIEWS IN DATABASE MOORING TO ROLE BLIND;',
      ].join('\n');
      expect(await catalogOf(nobody)).toEqual({
        tables: [],
        missing: [{ reason: 'nothing-visible', remediation }],
      });
      const { status, steps } = await tried(nobody);
      expect(status).toBe('connected');
      expect(steps.at(-1)).toMatchObject({ status: 'warning', code: 'privileges-missing', remediation });
    });

    test('unreadable tables are left out and counted', async () => {
      const half = { config: { role: 'HALF' } };
      const grant = 'GRANT SELECT ON MOORING.SALES.CUSTOMERS TO ROLE HALF;';
      const { tables, missing } = await catalogOf(half);
      expect(tables.map(({ name }) => name)).toEqual(['OPEN_ORDERS', 'ORDERS']);
      expect(missing).toEqual([{ reason: 'tables-denied', count: 1, remediation: grant }]);
      const { steps } = await tried(half);
      expect(steps.at(-1)).toMatchObject({ code: 'privileges-missing', remediation: grant });
    });

    test('an unusable warehouse is reported with its grant, and fails only the introspection', async () => {
      const change = { config: { warehouse: 'ELSEWHERE' } };
      const { status, steps } = await tried(change);
      expect(status).toBe('connected');
      expect(steps.at(-1)).toMatchObject({
        code: 'privileges-missing',
        remediation: 'GRANT USAGE ON WAREHOUSE ELSEWHERE TO ROLE PUBLIC;',
      });
      await expect(catalogOf(change)).rejects.toMatchObject({
        code: 'permission-denied',
        extras: { native_code: '000606', remediation: expect.stringContaining('GRANT USAGE ON WAREHOUSE') },
      });
    });

    test('excess privileges are reported with the statements that revoke them', async () => {
      await using session = await opened(password('SNOWFLAKE_WRITER', 'SNOWFLAKE_WRITER_PASSWORD'));
      expect(await session.privileges()).toEqual({
        missing: [],
        excess: [
          {
            what: 'CREATE TABLE on schema MOORING.SALES',
            revoke: 'REVOKE CREATE TABLE ON SCHEMA MOORING.SALES FROM ROLE LOADER;',
          },
          {
            what: 'INSERT on table MOORING.SALES.ORDERS',
            revoke: 'REVOKE INSERT ON TABLE MOORING.SALES.ORDERS FROM ROLE LOADER;',
          },
          {
            what: 'OWNERSHIP on table MOORING.SALES."Mine"',
            revoke: '-- The role LOADER owns MOORING.SALES."Mine". Use a role that owns no objects.',
          },
        ],
      });
      await using mighty = await opened({ config: { role: 'ACCOUNTADMIN' } });
      expect((await mighty.privileges()).excess).toMatchObject([{ what: 'role ACCOUNTADMIN' }]);
    });

    test('a target that can write has sufficient privileges, and the missing grants of a reader are reported', async () => {
      await using reader = await opened({ role: 'target' });
      expect((await reader.privileges()).missing.map(({ grant }) => grant)).toEqual([
        'GRANT CREATE TABLE ON SCHEMA MOORING.SALES TO ROLE PUBLIC;',
      ]);
      await using writer = await opened({
        ...password('SNOWFLAKE_WRITER', 'SNOWFLAKE_WRITER_PASSWORD'),
        role: 'target',
      });
      expect(await writer.privileges()).toEqual({ missing: [], excess: [] });
    });

    test('a statement fails at its time limit', async () => {
      await using session = await opened({ config: { database: 'SLOW' } }, 1);
      await expect(session.introspect({ excludedSchemas: [] }, () => {})).rejects.toMatchObject({
        code: 'timeout',
      });
    });
  });
});
