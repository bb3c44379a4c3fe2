import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Table } from '../../shared/connectors/catalog.ts';
import type { SessionTarget } from '../../shared/connectors/connector.ts';
import { runSourceTest, openManagedSession } from '../../shared/connectors/run-source-test.ts';
import type { SourceSessionOptions } from '../../shared/connectors/run-source-test.ts';
import { sqlserver } from '../../shared/connectors/sqlserver/connector.ts';
import { sourceContract } from '../contracts/source.ts';
import { onEngine, reach } from '../engines/reach.ts';
import { pem } from '../network/servers.ts';
import { runSqlserverStatements } from './run-sqlserver-statements.ts';

const as = (username: string, secret: string) => ({
  config: { username },
  credentials: { auth_method: 'password', password: secret },
});

const names = ['a.b', "it's", ' leading space', 'x]y', 'say "hi"'];

// A stand-in. Its answers to refused logins are scripted, so these tests cover the mapping and not the
// server.
const env = reach('sqlserver');
const empty = reach('sqlserver', { SQLSERVER_DATA: 'empty' });
onEngine([env, empty], () => {
  describe('SQL Server stand-in that speaks TDS', () => {
    const portOf = (SQLSERVER_TLS: string) => {
      const other = reach('sqlserver', { SQLSERVER_TLS });
      return { engine: other, config: { port: Number(other['SQLSERVER_PORT']) } };
    };
    const port = Number(env['SQLSERVER_PORT']);
    const config = { host: 'localhost', port, database: 'shop', username: env['SQLSERVER_USER'] ?? '' };
    const credentials = { auth_method: 'password', password: env['SQLSERVER_PASSWORD'] ?? '' };

    beforeAll(async () => {
      const many = Array.from(
        { length: 1000 },
        (_, at) => `create table many_${at} (id int primary key, name nvarchar(40))`,
      );
      await runSqlserverStatements(Number(empty['SQLSERVER_PORT']), many);
      await runSqlserverStatements(
        port,
        names.map((name) => `create table [${name.replaceAll(']', ']]')}] (id int not null)`),
      );
    });

    sourceContract({
      connector: sqlserver,
      config,
      credentials,
      version: /^SQL Server 2022 \(16\.0\.1000\.6\)$/,
      inClear: true,
      certificates: Object.fromEntries(
        (['off', 'expired', 'wronghost', 'selfsigned'] as const).map((kind) => [kind, portOf(kind)]),
      ),
      many: { config: { port: Number(empty['SQLSERVER_PORT']) } },
      odd: { names },
      nobody: as('mooring_nobody', 'nobody'),
      stall: async () => ({ ...as('mooring_stalled', 'stalled'), [Symbol.asyncDispose]: async () => {} }),
      refused: {
        'a wrong password': {
          credentials: { auth_method: 'password', password: 'never-the-right-one' },
          code: 'authentication-failed',
          native: '18456',
        },
        'an unknown user': {
          config: { username: 'nobody_at_all' },
          code: 'authentication-failed',
          native: '18456',
        },
        'an unknown database': {
          config: { database: 'nowhere' },
          code: 'database-not-found',
          native: '4060',
        },
        'a locked login': { ...as('mooring_locked', 'locked'), code: 'account-locked', native: '18486' },
        'a disabled login': {
          ...as('mooring_disabled', 'disabled'),
          code: 'account-locked',
          native: '18470',
        },
        'an expired password': {
          ...as('mooring_expired', 'expired'),
          code: 'credentials-expired',
          native: '18487',
        },
        'a password that must be changed': {
          ...as('mooring_must_change', 'change'),
          code: 'credentials-expired',
          native: '18488',
        },
        'a paused database': { ...as('mooring_paused', 'paused'), code: 'server-error', native: '40613' },
        'an address that the Azure firewall blocks': {
          ...as('mooring_firewall', 'firewall'),
          code: 'permission-denied',
          native: '40615',
        },
        'a database that has reached its connection limit': {
          ...as('mooring_busy', 'busy'),
          code: 'too-many-connections',
          native: '10928',
        },
      },
    });

    const targetOf = (
      change: ReturnType<typeof as> | object = {},
      role: SessionTarget['role'] = 'source',
    ): SessionTarget => ({
      config: { ...config, ...('config' in change && Object(change.config)) },
      credentials: 'credentials' in change ? Object(change.credentials) : credentials,
      options: { ssl_mode: 'verify-full', query_timeout_seconds: 10 },
      role,
    });
    const options = (
      mode: SourceSessionOptions['tlsSettings']['mode'] = 'verify-full',
      seconds = 5,
    ): SourceSessionOptions => ({
      policy: { loopback: true },
      environment: 'default',
      tlsSettings: { mode, ca: pem('ca.crt') },
      options: { connection_timeout_seconds: seconds },
    });

    test('a server that is silent at the login fails at the time limit of the step', async () => {
      const { steps } = await runSourceTest(
        sqlserver,
        targetOf(as('mooring_silent', 'silent')),
        options('require', 0.3),
      );
      expect(steps.find(({ status }) => status === 'failed')).toMatchObject({
        step: 'authenticate',
        code: 'timeout',
      });
    });

    test('a redirect from the server is followed through the dialer', async () => {
      const { details } = await runSourceTest(sqlserver, targetOf(as('mooring_routed', 'routed')), options());
      expect(details).toMatchObject({ code: 'connection-refused' }); // by the server that the redirect names
    });

    test('privileges of an administrator or a writer are excessive for a source, and those of a writer sufficient for a target', async () => {
      const excessOf = async (user: ReturnType<typeof as>, role: SessionTarget['role']) => {
        await using session = await openManagedSession(sqlserver, targetOf(user, role), options());
        return await session.privileges();
      };
      expect((await excessOf(as('mooring_admin', 'admin'), 'source')).excess).toEqual([
        { what: 'member of sysadmin', revoke: 'ALTER SERVER ROLE [sysadmin] DROP MEMBER [mooring_admin];' },
      ]);
      expect((await excessOf(as('mooring_writer', 'writer'), 'source')).excess).toEqual([
        {
          what: 'member of db_datawriter',
          revoke: expect.stringMatching(/^ALTER ROLE \[db_datawriter\] DROP MEMBER \[.+\];$/),
        },
      ]);
      expect(await excessOf(as('mooring_writer', 'writer'), 'target')).toEqual({ missing: [], excess: [] });
      expect(
        (await excessOf(as('mooring_nobody', 'nobody'), 'target')).missing.map(({ grant }) => grant),
      ).toEqual([
        expect.stringMatching(/^GRANT CREATE TABLE TO /),
        expect.stringMatching(/^GRANT ALTER, INSERT, SELECT ON SCHEMA::\[dbo\] TO /),
      ]);
    });

    test('the catalog has keys, foreign keys, defaults, identity columns and views', async () => {
      await using session = await openManagedSession(sqlserver, targetOf(), options());
      const tables: Table[] = [];
      await session.introspect(
        { schemas: ['dbo'], excludedSchemas: [] },
        (some) => void tables.push(...some),
      );
      const orders = tables.find(({ name }) => name === 'Orders');
      expect(orders).toMatchObject({
        kind: 'table',
        primary_key: ['OrderId'],
        foreign_keys: [
          {
            name: 'FK_Orders_Customers',
            columns: ['CustomerId'],
            references: { schema: 'dbo', table: 'Customers', columns: ['CustomerId'] },
          },
        ],
      });
      expect(orders?.columns[0]).toMatchObject({ name: 'OrderId', kind: 'integer', generated: 'identity' });
      expect(orders?.columns.find(({ name }) => name === 'Status')).toMatchObject({ default: "('Pending')" });
      expect(tables.find(({ name }) => name === 'vCustomerOrders')).toMatchObject({
        kind: 'view',
        rows: null,
      });
    });

    test('excluded schemas are not read', async () => {
      await using session = await openManagedSession(sqlserver, targetOf(), options());
      const tables: Table[] = [];
      await session.introspect({ excludedSchemas: ['dbo'] }, (some) => void tables.push(...some));
      expect(tables).toEqual([]);
    });

    const forced = reach('sqlserver', { SQLSERVER_DATA: 'forced' });
    onEngine(forced, () => {
      test('a server that requires TLS causes tls-required with ssl_mode disable', async () => {
        const target = targetOf({ config: { port: Number(forced['SQLSERVER_PORT']) } });
        const { details } = await runSourceTest(sqlserver, target, options('disable'));
        expect(details).toMatchObject({ code: 'tls-required' });
      });
    });
  });
});
