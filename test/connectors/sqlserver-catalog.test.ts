import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { tdsServer } from './tds-server.ts';
import type { ResultSet } from './tds-server.ts';

const [tables, columns] = [10_000, 20];
const set = (kinds: string, rows: ResultSet['rows'] = () => []): ResultSet => ({
  kinds: kinds.split(' ') as ResultSet['kinds'],
  rows,
});
const each = (make: (id: number) => ReturnType<ResultSet['rows']>) =>
  function* () {
    for (let id = 1; id <= tables; id++) yield* make(id);
  };
const eachColumn = (make: (id: number, column: number) => readonly (number | string | boolean)[]) =>
  each(function* (id) {
    for (let column = 1; column <= columns; column++) yield make(id, column);
  });
const name = (id: number) => `T${String(id).padStart(6, '0')}`;

const typeOf = (column: number) => (column === 1 ? [56, 56] : [231, 231]);

/**
 * Ten thousand tables of twenty columns. Each column has a default and a comment, and each table has a
 * primary key, an index and a foreign key.
 */
const catalog = [
  set('text text int', () => [['reader', 'shop', 0]]),
  set('int int text text bit', () => [
    [56, 56, 'int', 'sys', false],
    [231, 231, 'nvarchar', 'sys', false],
  ]),
  set(
    'int text text text int',
    each((id) => [[id, 'dbo', name(id), 'USER_TABLE', 1]]),
  ),
  set(
    'int int text int int int int int bit bit bit',
    eachColumn((id, column) => [
      id,
      column,
      `column_${column}`,
      ...typeOf(column),
      80,
      0,
      0,
      column > 1,
      column === 1,
      false,
    ]),
  ),
  set(
    'int int text',
    eachColumn((id, column) => [id, column, `(N'default of ${column}')`]),
  ),
  set('int int bit'),
  set(
    'int int text',
    eachColumn((id, column) => [id, column - 1, `a comment on ${column} of ${id}`]),
  ),
  set(
    'int int text bit bit int int int',
    each((id) => [
      [id, 1, `PK_${id}`, true, true, 1, 1, 1],
      [id, 2, `IX_${id}`, false, false, 2, 1, 1],
    ]),
  ),
  set(
    'int int text text text text text int',
    each((id) => [[id, id + tables, `FK_${id}`, 'dbo', name((id % tables) + 1), 'column_2', 'column_1', 1]]),
  ),
  set('int int'),
  set('int'),
];
const sizes = [
  set(
    'int int int',
    each((id) => [[id, id, 8192]]),
  ),
];

test('SQL Server introspection reads ten thousand tables, complete and in order, in bounded memory', async () => {
  await using server = await tdsServer((sql) => {
    if (sql.includes('dm_db_partition_stats')) return sizes;
    return sql.includes('sys.columns') ? catalog : [];
  });
  const script = `
    import { openManagedSession } from ${JSON.stringify(new URL('../../shared/connectors/run-source-test.ts', import.meta.url))};
    import { readPeakMb } from ${JSON.stringify(new URL('peak.ts', import.meta.url))};
    import { sqlserver } from ${JSON.stringify(new URL('../../shared/connectors/sqlserver/connector.ts', import.meta.url))};
    const target = {
      config: { host: '127.0.0.1', port: ${server.port}, database: 'shop', username: 'me' },
      credentials: { auth_method: 'password', password: 'obviously-fake' },
      options: { ssl_mode: 'disable', query_timeout_seconds: 60 },
      role: 'source',
    };
    const options = {
      policy: { loopback: true },
      environment: 'default',
      tlsSettings: { mode: 'disable' },
      options: { connection_timeout_seconds: 20 },
      budget: 60_000,
    };
    let [count, columns, keys, rows, last, ordered] = [0, 0, 0, 0, '', true];
    await using session = await openManagedSession(sqlserver, target, options);
    const missing = await session.introspect({ excludedSchemas: [] }, (some) => {
      for (const table of some) {
        ordered &&= table.name > last;
        last = table.name;
        columns += table.columns.length;
        keys += table.foreign_keys.length;
        rows += table.rows;
      }
      count += some.length;
    });
    const peakMb = readPeakMb();
    console.log(JSON.stringify({ count, columns, keys, rows, ordered, missing, small: peakMb < 512 || peakMb }));`;
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--max-old-space-size=256', // without this limit, memory grows on a busy machine, where the garbage collector runs late
    '--input-type=module',
    '--eval',
    script,
  ]);
  expect(JSON.parse(stdout)).toEqual({
    count: tables,
    columns: tables * columns,
    keys: tables,
    rows: (tables * (tables + 1)) / 2,
    ordered: true,
    missing: [],
    small: true,
  });
});
