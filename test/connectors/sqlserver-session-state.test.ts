import { describe, expect, test } from '@jest/globals';
import tedious from 'tedious';
import type { Table } from '../../shared/connectors/catalog.ts';
import { openManagedSession } from '../../shared/connectors/run-source-test.ts';
import { sqlserver } from '../../shared/connectors/sqlserver/connector.ts';
import {
  sqlserverSessionSettings,
  sqlserverInitialBatch,
} from '../../shared/connectors/sqlserver/session-state.ts';
import { onEngine, reach } from '../engines/reach.ts';
import { startTdsFront } from './tds-front.ts';

/** Settings with which a session may start, one for each setting of `sqlserverSessionSettings`. */
const odd: Readonly<Record<string, string>> = {
  ansi_nulls: 'off',
  ansi_padding: 'off',
  ansi_warnings: 'off',
  arithabort: 'off',
  concat_null_yields_null: 'off',
  numeric_roundabort: 'on',
  quoted_identifier: 'off',
  cursor_close_on_commit: 'on',
  implicit_transactions: 'on',
  xact_abort: 'on',
  language: 'German',
  dateformat: 'dmy',
  datefirst: '1',
  textsize: '1',
  lock_timeout: '0',
  deadlock_priority: 'high',
  'transaction isolation level': 'serializable',
  rowcount: '1',
  query_governor_cost_limit: '1',
};
const spoil = Object.entries(odd)
  .map(([name, value]) => `set ${name} ${value}`)
  .join('\n');

test('this test changes every SQL Server session setting', () => {
  expect(sqlserverSessionSettings.map(({ name }) => name).toSorted()).toEqual(Object.keys(odd).toSorted());
  for (const { name, value } of sqlserverSessionSettings) expect(odd[name]).not.toBe(value);
});

const env = reach('sqlserver', { SQLSERVER_TLS: 'off' });
onEngine(env, () => {
  describe('session on the SQL Server stand-in that starts with changed settings', () => {
    const port = Number(env['SQLSERVER_PORT']);
    const read = async (at: number) => {
      await using session = await openManagedSession(
        sqlserver,
        {
          config: { host: '127.0.0.1', port: at, database: 'shop', username: env['SQLSERVER_USER'] ?? '' },
          credentials: { auth_method: 'password', password: env['SQLSERVER_PASSWORD'] ?? '' },
          options: { ssl_mode: 'disable', query_timeout_seconds: 20 },
          role: 'source',
        },
        {
          policy: { loopback: true },
          environment: 'default',
          tlsSettings: { mode: 'disable' },
          options: { connection_timeout_seconds: 20 },
        },
      );
      const tables: Table[] = [];
      const missing = await session.introspect({ excludedSchemas: [] }, (some) => void tables.push(...some));
      return { tables, missing };
    };

    test('reads the same catalog without an additional batch', async () => {
      const expected = await read(port);
      expect(expected.tables.length).toBeGreaterThan(2);
      await using front = await startTdsFront(port, spoil, 'before the first batch');
      expect(await read(front.port)).toEqual(expected);
      expect(front.batches()).toBe(3); // the initial batch, the catalog and the sizes
    });

    test('reads one table when rowcount changes to 1 after the initial batch', async () => {
      await using front = await startTdsFront(port, 'set rowcount 1', 'after the first batch');
      expect((await read(front.port)).tables.length).toBe(1);
    });

    test.each([
      ['textsize', { code: 'server-error', message: expect.stringContaining('the same name') }],
      ['query_governor_cost_limit', { code: 'server-error', extras: { native_code: '50000' } }],
    ])('fails to read the catalog when %s changes to 1 after the initial batch', async (setting, problem) => {
      await using front = await startTdsFront(port, `set ${setting} 1`, 'after the first batch');
      await expect(read(front.port)).rejects.toMatchObject(problem);
    });

    test.each([
      ['select top 2 object_id from sys.objects', 2],
      ['select 1 where null = null', 0],
      ["select 1 where 'a' + null is null", 1],
      ['select "object_id" from sys.objects where "name" = \'Customers\'', 1],
      ["select 1 where len(cast('abc' as nvarchar(max))) = 3", 1],
    ])('answers %s with %s rows after the initial batch', async (sql, rows) => {
      await using front = await startTdsFront(port, spoil, 'before the first batch');
      expect(await countRows(front.port, sql)).toBe(rows);
    });
  });
});

const countRows = async (port: number, sql: string): Promise<number> => {
  const connection = new tedious.Connection({
    server: '127.0.0.1',
    authentication: { type: 'default', options: { userName: 'mooring_admin', password: 'admin' } },
    options: { port, database: 'shop', encrypt: false },
  });
  Object.assign(connection, { getInitialSql: () => sqlserverInitialBatch });
  connection.on('error', () => {});
  await new Promise<void>((resolve, reject) => {
    connection.connect((error) => (error ? reject(error) : resolve()));
  });
  try {
    return await new Promise<number>((resolve, reject) => {
      connection.execSqlBatch(
        new tedious.Request(sql, (error, count) => (error ? reject(error) : resolve(count ?? 0))),
      );
    });
  } finally {
    connection.close();
  }
};
