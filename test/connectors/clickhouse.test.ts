import { describe, expect, test } from '@jest/globals';
import { clickhouse } from '../../shared/connectors/clickhouse/connector.ts';
import type { Table } from '../../shared/connectors/catalog.ts';
import { openManagedSession, runSourceTest } from '../../shared/connectors/run-source-test.ts';
import { sourceContract } from '../contracts/source.ts';
import { onEngine, reach } from '../engines/reach.ts';
import { pem } from '../network/servers.ts';

const env = reach('clickhouse');
const account = (username: string, password: string) => ({
  config: { username },
  credentials: { auth_method: 'password', password },
});
const reader = account('reader', 'reader’s pässword');
const nobody = account('nobody', 'nobody');
const onPort = (name: string) => ({ config: { port: Number(env?.[`CLICKHOUSE_PORT_${name}`]) } });

onEngine(env, () =>
  describe('ClickHouse session', () => {
    const base = { host: 'localhost', port: Number(env['CLICKHOUSE_PORT']), username: 'reader' };

    sourceContract({
      connector: clickhouse,
      config: base,
      credentials: reader.credentials,
      version: /^ClickHouse \d+\.\d+\.\d+/,
      inClear: true,
      withoutTls: 'tls-unsupported',
      refused: {
        'a wrong password': {
          credentials: { auth_method: 'password', password: 'obviously-wrong' },
          code: 'authentication-failed',
          native: '516',
        },
        'an unknown user': {
          config: { username: 'missing' },
          code: 'authentication-failed',
          native: '516',
        },
        'an unknown database': {
          config: { database: 'missing' },
          code: 'database-not-found',
          native: '81',
          cure: /config\.database/,
        },
      },
      certificates: {
        plain: onPort('OFF'),
        off: onPort('OFF'),
        expired: onPort('EXPIRED'),
        wronghost: onPort('WRONGHOST'),
        selfsigned: onPort('SELFSIGNED'),
      },
      many: { config: { database: 'many' } },
      huge: { config: { database: 'huge' } },
      odd: {
        config: { database: 'odd' },
        names: ['with "quotes"', 'with space', 'dotted.name', 'naïve ünïcode 表', 'back`tick'],
      },
      nobody,
      stall: async () => ({ config: { database: 'slow' }, [Symbol.asyncDispose]: async () => {} }),
    });

    const options = {
      policy: { loopback: true },
      environment: 'default',
      tlsSettings: { mode: 'verify-full' as const, ca: pem('ca.crt') },
      options: { connection_timeout_seconds: 5 },
    };
    const toTarget = (
      { config, credentials }: ReturnType<typeof account>,
      more: object = {},
      role: 'source' | 'target' = 'source',
    ) => ({
      config: { ...base, ...config, ...more },
      credentials,
      options: { ssl_mode: 'verify-full' as const, query_timeout_seconds: 10 },
      role,
    });
    const readPrivileges = async (...asked: Parameters<typeof toTarget>) => {
      await using session = await openManagedSession(clickhouse, toTarget(...asked), options);
      return await session.privileges();
    };
    const readCatalog = async (
      more: object,
      scope: { schemas?: string[]; excludedSchemas?: string[] } = {},
    ) => {
      await using session = await openManagedSession(clickhouse, toTarget(reader, more), options);
      const tables: Table[] = [];
      const missing = await session.introspect(
        { excludedSchemas: [], ...scope },
        (some) => void tables.push(...some),
      );
      return { tables, missing };
    };

    test('reads tables, views, columns, comments, defaults and primary keys', async () => {
      const { tables, missing } = await readCatalog({ database: 'sales' });
      expect(missing).toEqual([]);
      expect(
        tables.map(({ schema, name, kind, comment, rows, primary_key }) => ({
          schema,
          name,
          kind,
          comment,
          rows,
          primary_key,
        })),
      ).toEqual([
        {
          schema: 'sales',
          name: 'customers',
          kind: 'table',
          comment: 'people who pay',
          rows: 0,
          primary_key: ['id'],
        },
        { schema: 'sales', name: 'open_orders', kind: 'view', comment: null, rows: null, primary_key: [] },
        {
          schema: 'sales',
          name: 'orders',
          kind: 'table',
          comment: null,
          rows: 50,
          primary_key: ['customer_id', 'id'],
        },
      ]);
      const [customers] = tables;
      const column = { nullable: false, default: null, generated: null, comment: null };
      expect(customers?.columns).toEqual([
        { ...column, name: 'id', type: 'Int64', kind: 'integer', comment: 'key', position: 1 },
        { ...column, name: 'email', type: 'Nullable(String)', kind: 'string', nullable: true, position: 2 },
        { ...column, name: 'born', type: 'Nullable(Date)', kind: 'date', nullable: true, position: 3 },
        {
          ...column,
          name: 'balance',
          type: 'Nullable(Decimal(12, 2))',
          kind: 'decimal',
          nullable: true,
          position: 4,
        },
        { ...column, name: 'active', type: 'Nullable(Bool)', kind: 'boolean', nullable: true, position: 5 },
        {
          ...column,
          name: 'seen',
          type: 'Nullable(DateTime64(3))',
          kind: 'timestamp',
          nullable: true,
          position: 6,
        },
        { ...column, name: 'tags', type: 'Array(String)', kind: 'array', position: 7 },
        { ...column, name: 'home', type: 'Tuple(city String, zip Int32)', kind: 'json', position: 8 },
        {
          ...column,
          name: 'twice',
          type: 'Int64',
          kind: 'integer',
          default: 'id * 2',
          generated: 'virtual',
          position: 9,
        },
        {
          ...column,
          name: 'next',
          type: 'Int64',
          kind: 'integer',
          default: 'id + 1',
          generated: 'stored',
          position: 10,
        },
      ]);
    });

    test('reads only the schemas of the scope and reports those that do not exist', async () => {
      const { tables, missing } = await readCatalog({}, { schemas: ['sales', 'Sales', 'missing'] });
      expect(new Set(tables.map(({ schema }) => schema))).toEqual(new Set(['sales']));
      expect(missing).toMatchObject([
        { reason: 'schemas-not-found', count: 2, remediation: expect.stringContaining('sales') },
      ]);
      const { tables: others } = await readCatalog(
        {},
        { excludedSchemas: ['many', 'odd', 'slow', 'default'] },
      );
      expect(new Set(others.map(({ schema }) => schema))).toEqual(new Set(['sales']));
    });

    test('reports the privileges that an account lacks and those that it does not need', async () => {
      const writer = account('writer', 'writer');
      const admin = account('admin', 'admin');
      expect(await readPrivileges(reader)).toEqual({ missing: [], excess: [] });
      expect(await readPrivileges(nobody, { database: 'sales' })).toEqual({
        missing: [{ what: 'SELECT on sales.*', grant: 'GRANT SELECT ON sales.* TO nobody;' }],
        excess: [],
      });
      expect((await readPrivileges(writer, { database: 'sales' })).excess).toMatchObject([
        { what: 'INSERT, CREATE TABLE on sales.*' },
      ]);
      expect(await readPrivileges(writer, { database: 'sales' }, 'target')).toEqual({
        missing: [],
        excess: [],
      });
      expect((await readPrivileges(reader, { database: 'sales' }, 'target')).missing).toEqual([
        {
          what: 'INSERT, CREATE TABLE on sales.*',
          grant: 'GRANT INSERT, CREATE TABLE ON sales.* TO reader;',
        },
      ]);
      expect((await readPrivileges(admin)).excess).toMatchObject([{ what: 'ALL on *.*' }]);
    });

    test('warns about more privileges than a source needs', async () => {
      const { status, steps } = await runSourceTest(clickhouse, toTarget(account('admin', 'admin')), options);
      expect(status).toBe('connected');
      expect(steps.at(-1)).toMatchObject({
        status: 'warning',
        code: 'over-privileged',
        remediation: expect.stringContaining('REVOKE ALL ON *.* FROM admin'),
      });
    });
  }),
);
