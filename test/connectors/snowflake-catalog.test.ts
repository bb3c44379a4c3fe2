import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { SnowflakeRow } from '../../shared/connectors/snowflake/driver.ts';
import { readSnowflakeKeys } from '../../shared/connectors/snowflake/keys.ts';
import {
  quoteSnowflakeText,
  parseSnowflakeName,
  quoteSnowflakeName,
} from '../../shared/connectors/snowflake/quote.ts';
import { toSnowflakeColumnKind, renderSnowflakeType } from '../../shared/connectors/snowflake/types.ts';
import { createTableDraft } from '../../shared/connectors/sql/table-draft.ts';
import { createTableDrafts } from '../../shared/connectors/sql/table-drafts.ts';
import { createPartReader } from '../../shared/connectors/reading/part-reader.ts';
import { secureServer } from '../contracts/service.ts';
import { pem } from '../network/servers.ts';

const answering = (answers: (sql: string) => readonly SnowflakeRow[]) => {
  const asked: string[] = [];
  const ask = async function* (sql: string) {
    asked.push(sql);
    yield* answers(sql);
  };
  return { ask, asked };
};
const primary = (schema: string, table: string, column: string, sequence: number): SnowflakeRow => ({
  schema_name: schema,
  table_name: table,
  column_name: column,
  key_sequence: String(sequence),
});

const parts = () => createPartReader({ failure: () => undefined, grant: '' });

describe('Snowflake keys from SHOW', () => {
  test('are sorted by their position in the key, whatever the order of the answer', async () => {
    const foreign = (name: string, column: string, theirs: string, sequence: number): SnowflakeRow => ({
      fk_schema_name: 'S',
      fk_table_name: 'T',
      fk_name: name,
      fk_column_name: column,
      pk_schema_name: 'S',
      pk_table_name: 'U',
      pk_column_name: theirs,
      key_sequence: String(sequence),
    });
    const { ask } = answering((sql) =>
      sql.includes('primary')
        ? [primary('S', 'T', 'B', 2), primary('S', 'U', 'X', 1), primary('S', 'T', 'A', 1)]
        : [foreign('F', 'B', 'Y', 2), foreign('G', 'C', 'X', 1), foreign('F', 'A', 'X', 1)],
    );
    const drafts = createTableDrafts();
    const table = drafts.add(createTableDraft('S', 'T', 'table'));
    expect(await readSnowflakeKeys(ask, 'D', ['S'], drafts, parts())).toEqual([]);
    expect(table.primaryKey).toEqual(['A', 'B']);
    const references = { schema: 'S', table: 'U' };
    expect(table.foreignKeys).toEqual([
      { name: 'F', parts: ['A', 'B'], references: { ...references, columns: ['X', 'Y'] }, valid: false },
      { name: 'G', parts: ['C'], references: { ...references, columns: ['X'] }, valid: false },
    ]);
  });

  test('are requested per schema when a result reaches ten thousand rows, and a truncated result is reported', async () => {
    const many = (schema: string, count: number) =>
      Array.from({ length: count }, (_, at) => primary(schema, `T${at}`, 'ID', 1));
    const { ask, asked } = answering((sql) => {
      if (sql.includes('imported')) return [];
      if (sql.includes('in database')) return many('A', 10_000);
      return sql.includes('"B"') ? many('B', 10_000) : many('A', 9999);
    });
    const drafts = createTableDrafts();
    for (const schema of ['A', 'B'])
      for (let at = 0; at < 10_000; at++) drafts.add(createTableDraft(schema, `T${at}`, 'table'));
    expect(await readSnowflakeKeys(ask, 'my db', ['A', 'B'], drafts, parts())).toMatchObject([
      { reason: 'keys-limited', count: 1 },
    ]);
    expect(drafts.listInOrder().filter(({ primaryKey }) => primaryKey.length === 1).length).toBe(19_999);
    expect(asked).toContain('show primary keys in schema "my db"."A"');
  });
});

describe('Snowflake names', () => {
  test('are quoted so that they can be parsed again', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'grapheme', minLength: 1 }), { minLength: 1, maxLength: 3 }),
        (names) => {
          expect(parseSnowflakeName(names.map(quoteSnowflakeName).join('.'))).toEqual(names);
        },
      ),
    );
  });

  test.each(['"a', 'a"b', '"a"b', 'a..b', '.a'])('that are malformed are not parsed: %s', (text) => {
    expect(parseSnowflakeName(text)).toBeUndefined();
  });

  test('stay within a string literal, including backslashes', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom("'", '\\', 'a', '\n') }), (text) => {
        const inside = quoteSnowflakeText(text).slice(1, -1);
        expect(inside.replaceAll(/''|\\\\/g, '')).not.toMatch(/['\\]/);
      }),
    );
  });
});

test.each([
  [{ data_type: 'TEXT', length: '320' }, 'VARCHAR(320)', 'string'],
  [{ data_type: 'NUMBER', precision: '38', scale: '0' }, 'NUMBER(38,0)', 'integer'],
  [{ data_type: 'NUMBER', precision: '12', scale: '2' }, 'NUMBER(12,2)', 'decimal'],
  [{ data_type: 'BINARY', length: '8388608' }, 'BINARY(8388608)', 'binary'],
  [{ data_type: 'TIMESTAMP_TZ' }, 'TIMESTAMP_TZ', 'timestamp'],
  [{ data_type: 'VECTOR(FLOAT, 256)' }, 'VECTOR(FLOAT, 256)', 'array'],
  [{ data_type: 'GEOGRAPHY' }, 'GEOGRAPHY', 'geo'],
  [{ data_type: null }, '', 'other'],
])('the Snowflake column %j has the type %s', (row, type, kind) => {
  expect([renderSnowflakeType(row), toSnowflakeColumnKind(row)]).toEqual([type, kind]);
});

const tables = 10_000;
const part = 500;
const name = (at: number) => `T${String(at).padStart(6, '0')}`;

/**
 * A database with ten thousand tables of twenty columns. Its columns arrive in parts outside of the answer,
 * as Snowflake sends large results.
 */
const large = () =>
  secureServer((request, response) => {
    const answer = async () => {
      const sent: Buffer[] = [];
      request.on('data', (chunk: Buffer) => sent.push(chunk));
      await once(request, 'end');
      const path = request.url ?? '';
      const from = /^\/parts\/(\d+)/.exec(path)?.[1];
      if (from !== undefined) return response.end(columns(Number(from)));
      response.setHeader('content-type', 'application/json');
      if (path.startsWith('/session')) return response.end('{"success":true,"data":{"token":"a-token"}}');
      const zipped = request.headers['content-encoding'] === 'gzip';
      const { sqlText }: { sqlText: string } = JSON.parse(
        String(zipped ? gunzipSync(Buffer.concat(sent)) : Buffer.concat(sent)),
      );
      const origin = `https://localhost:${request.socket.localPort}`;
      return response.end(JSON.stringify({ success: true, data: said(sqlText, origin) }));
    };
    void answer().catch(() => response.destroy());
  });

const said = (sql: string, origin: string) => {
  const result = (names: string, rowset: readonly (readonly (string | null)[])[]) => ({
    rowtype: names.split(' ').map((column) => ({ name: column, type: 'text' })),
    rowset,
    queryId: 'q',
  });
  if (sql.includes('current_user'))
    return result('user role database warehouse version secondary', [
      ['ME', 'READER', 'DB', 'WH', '9.1.0', null],
    ]);
  if (sql.includes('.schemata')) return result('name', [['S']]);
  if (sql.includes('.tables')) {
    const all = Array.from({ length: tables }, (_, at) => ['S', name(at), 'BASE TABLE', '10', '1000', null]);
    return result('schema name type rows bytes comment', all);
  }
  if (!sql.includes('.columns')) return result('privilege', []);
  const chunks = Array.from({ length: tables / part }, (_, at) => ({
    url: `${origin}/parts/${at}`,
    rowCount: part * 20,
  }));
  return { ...result('schema table name position nullable data_type length', []), chunks };
};

const columns = (from: number) =>
  Array.from({ length: part * 20 }, (_, at) =>
    JSON.stringify([
      'S',
      name(from * part + Math.floor(at / 20)),
      `C${at % 20}`,
      String((at % 20) + 1),
      'YES',
      'TEXT',
      '80',
    ]),
  ).join(',');

test('Snowflake introspection reads ten thousand tables, complete and in order, in bounded memory', async () => {
  await using server = await large();
  const script = `
    import { openManagedSession } from ${JSON.stringify(new URL('../../shared/connectors/run-source-test.ts', import.meta.url))};
    import { snowflake } from ${JSON.stringify(new URL('../../shared/connectors/snowflake/connector.ts', import.meta.url))};
    const target = {
      config: { account: 'mooring', username: 'me', schema: 'PUBLIC' },
      credentials: { auth_method: 'password', password: 'obviously-fake' },
      options: { ssl_mode: 'verify-full', query_timeout_seconds: 60 },
      role: 'source',
      endpoint: 'https://localhost:${server.port}',
    };
    const options = {
      policy: { loopback: true },
      environment: 'default',
      tlsSettings: { mode: 'verify-full', ca: ${JSON.stringify(pem('ca.crt'))} },
      options: { connection_timeout_seconds: 20 },
      budget: 60_000,
    };
    let [peak, count, columns, last, ordered] = [0, 0, 0, '', true];
    await using session = await openManagedSession(snowflake, target, options);
    const missing = await session.introspect({ excludedSchemas: [] }, (some) => {
      for (const table of some) {
        ordered &&= table.name > last;
        last = table.name;
        columns += table.columns.length;
      }
      count += some.length;
      peak = Math.max(peak, process.memoryUsage.rss());
    });
    console.log(JSON.stringify({ count, columns, ordered, missing, small: peak < 512 * 2 ** 20 || peak }));`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script]);
  expect(JSON.parse(stdout)).toEqual({
    count: tables,
    columns: tables * 20,
    ordered: true,
    missing: [],
    small: true,
  });
});
