import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { onEngine, reach } from '../engines/reach.ts';

const env = reach('oracle', { ORACLE_TLS: 'off' });
onEngine(env, () => {
  // The stand-in proves something only if it rejects what Oracle rejects. The driver runs here without
  // Mooring, in its own process.
});
describe('Oracle stand-in', () => {
  const asked = async (...statements: readonly (readonly [sql: string, ...binds: string[]])[]) => {
    const script = `
        const { default: oracledb } = await import('oracledb');
        const connection = await oracledb.getConnection({ user: 'mooring_reader', password: ${JSON.stringify(env['ORACLE_PASSWORD'])},
          connectString: 'localhost:${env['ORACLE_PORT']}/shop' });
        const said = [];
        for (const [sql, ...binds] of ${JSON.stringify(statements)})
          said.push(await connection.execute(sql, binds).then(({ rows }) => rows ?? 'done', ({ code }) => code));
        await connection.close().catch(() => {});
        console.log(JSON.stringify(said));`;
    const cwd = new URL('../..', import.meta.url);
    const node = ['--input-type=module', '--eval', script];
    const { stdout } = await promisify(execFile)(process.execPath, node, { cwd });
    const said: unknown = JSON.parse(stdout);
    return said;
  };
  const readOnly = ['set transaction read only'] as const;

  test('returns numbers, strings and null', async () => {
    const long = 'ß'.repeat(20_000);
    expect(
      await asked(
        readOnly,
        ['select 0, 1, -1, 10, 100, 12345, -12345, 0.5, 12.345, -0.001, 1234567890123456 from dual'],
        ["select null, '', 'a:b', ' ', dummy from dual"],
        ['select :a || :b, :a from dual', 'one', 'two', "th'ree"],
        ['select :long from dual', long],
      ),
    ).toEqual([
      'done',
      [[0, 1, -1, 10, 100, 12345, -12345, 0.5, 12.345, -0.001, 1234567890123456]],
      [[null, null, 'a:b', ' ', 'X']],
      [['onetwo', "th'ree"]],
      [[long]],
    ]);
  });

  test.each([
    ['select owner from nowhere', 'ORA-00942'],
    ['select owned from all_tables', 'ORA-00904'],
    ['select nvl2(owner) from all_tables', 'ORA-00904'],
    ['select owner from all_tables, all_views', 'ORA-00918'],
    ['select 1', 'ORA-00923'],
    ['select owner from all_tables limit 1', 'ORA-00933'],
    ['select owner from all_tables as t', 'ORA-00933'],
    ['select owner from all_tables where', 'ORA-00936'],
    ['select owner from all_tables;', 'ORA-00911'],
    ['select owner from all_tab_cols where data_default is not null', 'ORA-00997'],
    ['delete from all_tables', 'ORA-01456'],
    ['set transaction read only', 'ORA-01453'],
  ])('answers %s with %s', async (sql, code) => {
    expect(await asked(readOnly, [sql])).toEqual(['done', code]);
  });

  test('closes the connection on a statement outside of a read-only transaction', async () => {
    const [code, after] = Object.values(Object(await asked(['select owner from all_tables'], readOnly)));
    expect([code, after]).toEqual(['ORA-03001', expect.stringMatching(/^NJS-/)]);
  });
});
