import { describe, expect, test } from '@jest/globals';
import { parseEntraToken } from '../../shared/connectors/sqlserver/entra.ts';
import { classifySqlserverError } from '../../shared/connectors/sqlserver/failures.ts';
import type { SqlserverRow } from '../../shared/connectors/sqlserver/batch-runner.ts';
import { introspectSqlserver } from '../../shared/connectors/sqlserver/introspect.ts';
import { toSqlserverColumnKind, renderSqlserverType } from '../../shared/connectors/sqlserver/kinds.ts';
import { exactNames, namesInAnyCase } from '../../shared/connectors/name-rules.ts';
import { createSqlserverRowReader } from '../../shared/connectors/sqlserver/rows.ts';
import { createTableDrafts } from '../../shared/connectors/sql/table-drafts.ts';
import { buildTable } from '../../shared/connectors/sql/build-table.ts';
import type { Table } from '../../shared/connectors/catalog.ts';

// The rows follow the documentation of the catalog views, and cover features that no stand-in has.
const types = [
  [56, 56, 'int', 'sys', false],
  [231, 231, 'nvarchar', 'sys', false],
  [130, 240, 'geography', 'sys', false],
  [257, 231, 'Phone', 'dbo', true],
];
const sets = (readable = 1) => [
  [['reader', 'shop', 0]],
  types,
  [
    [10, 'sales', 'orders', 'USER_TABLE', readable],
    [20, 'sales', 'seen', 'VIEW', 1],
  ],
  [
    // Out of order, and with a gap for a dropped column.
    [10, 4, 'area', 130, 240, -1, 0, 0, true, false, false],
    [10, 1, 'id', 56, 56, 4, 10, 0, false, true, false],
    [10, 3, 'phone', 257, 231, 80, 0, 0, true, false, false],
    [10, 5, 'twice', 56, 56, 4, 10, 0, true, false, true],
    [20, 1, 'id', 56, 56, 4, 10, 0, true, false, false],
  ],
  [[10, 3, "(N'none')"]],
  [[10, 5, true]],
  [
    [10, 0, 'what was ordered'],
    [10, 3, 'of the buyer'],
  ],
  [
    [10, 1, 'PK_orders', true, true, 1, 1],
    [10, 2, 'IX_both', true, false, 1, 2, '([phone] IS NOT NULL)', true],
    [10, 2, 'IX_both', true, false, 3, 1, '([phone] IS NOT NULL)', true],
    [10, 3, 'CC_all', false, false, 1, 0],
    [10, 3, 'CC_all', false, false, 3, 0],
    [20, 1, 'CX_seen', true, false, 1, 1],
  ],
  [
    [10, 98, 'FK_off', 'hr', 'people', 'id', 'id', 1, true, 1],
    [10, 97, 'FK_unchecked', 'hr', 'people', 'id', 'id', 1, false, 1],
    [10, 99, 'FK_two', 'hr', 'people', 'phone', 'number', 2, false, 0],
    [10, 99, 'FK_two', 'hr', 'people', 'id', 'id', 1, false, 0],
  ],
  readable ? [] : [[10, 1]],
  [],
];
const sizes = [
  [10, '12', '81920'],
  [20, 3, 8192],
];
const handOn = (
  some: readonly (readonly SqlserverRow[])[],
  take: (row: SqlserverRow, set: number) => void,
) => {
  for (const [set, rows] of some.entries()) for (const row of rows) take(row, set);
};
const folded = (readable?: number) => {
  const drafts = createTableDrafts();
  const rows = createSqlserverRowReader(drafts);
  handOn(sets(readable), rows.take);
  handOn([sizes], rows.takeSize);
  return drafts.listInOrder().map(buildTable);
};

describe('SQL Server names', () => {
  test.each([
    ['SQL_Latin1_General_CP1_CI_AS', namesInAnyCase],
    ['Japanese_XJIS_140_CI_AI_KS_WS_VSS_UTF8', namesInAnyCase],
    ['Latin1_General_100_CS_AS_SC', exactNames],
    ['SQL_Latin1_General_CP1_CS_AS', exactNames],
    ['Latin1_General_BIN2', exactNames],
    ['Latin1_General_100_BIN2_UTF8', exactNames],
    [null, namesInAnyCase],
  ])('in a database with the collation %s are compared by its rules', async (collation, expected) => {
    let learned;
    const batch = async (sql: string, _: number, take: (row: SqlserverRow, set: number) => void) => {
      if (!sql.includes('dm_db_partition_stats')) take(['reader', 'shop', 1, collation], 0);
    };
    await introspectSqlserver(
      batch,
      { excludedSchemas: [] },
      () => {},
      (names) => (learned = names),
    );
    expect(learned).toEqual(expected);
  });
});

describe('SQL Server introspection when one query fails', () => {
  const refused = (number: number) => Object.assign(new Error('no'), { number });
  /**
   * Runs an introspection whose statements arrive in one batch or one by one. Each statement may fail
   * halfway.
   */
  const read = async (fails: (sql: string, asked: number) => Error | undefined) => {
    const all = sets();
    const asked: string[] = [];
    const tables: Table[] = [];
    const batch = async (sql: string, _: number, take: (row: SqlserverRow, set: number) => void) => {
      asked.push(sql);
      const failure = fails(sql, asked.length);
      const isWhole = sql.includes('user_name()') && sql.includes('sys.tables');
      const at = marks.findIndex((mark) => sql.includes(mark));
      const findSets = () => {
        if (isWhole) return [...all.entries()];
        return sql.includes('dm_db_partition') ? [] : [[0, all[at]] as const];
      };
      for (const [set, rows] of findSets())
        for (const row of failure ? (rows ?? []).slice(0, 1) : (rows ?? [])) take(row, set);
      if (failure) throw failure;
    };
    const missing = await introspectSqlserver(
      batch,
      { excludedSchemas: [] },
      (some) => void tables.push(...some),
    );
    return { tables, missing, asked };
  };
  /** Text that identifies each statement, in the order of the statements. */
  const marks = [
    'user_name()', 'from sys.types', 'o.type_desc, ', 'is_identity', 'sys.default_constraints', 'sys.computed_columns',
    'sys.extended_properties', 'sys.indexes', 'sys.foreign_keys', "'COLUMN'", 'is_external',
  ]; // prettier-ignore

  test.each([
    ['sys.extended_properties', 'comments-unread', {}],
    ['sys.indexes', 'indexes-unread', { indexes: [], primary_key: [] }],
    ['sys.foreign_keys', 'keys-unread', { foreign_keys: [] }],
  ])('returns the rest of the catalog when %s does not exist', async (view, reason, none) => {
    const whole = await read(() => undefined);
    const { tables, missing } = await read((sql) => (sql.includes(view) ? refused(208) : undefined));
    expect(tables.map(({ name }) => name)).toEqual(whole.tables.map(({ name }) => name));
    expect(tables[0]).toMatchObject({ name: 'orders', ...none });
    expect(tables[0]?.columns.map(({ type }) => type)).toEqual(
      whole.tables[0]?.columns.map(({ type }) => type),
    );
    expect(missing).toEqual([...whole.missing, { reason, remediation: expect.stringContaining('208') }]);
  });

  test('returns the rest of the catalog when the statistics fail', async () => {
    const { tables, missing } = await read((sql) =>
      sql.includes('dm_db_partition') ? refused(8622) : undefined,
    );
    expect(tables.length).toBe(2);
    expect(missing).toMatchObject([{ reason: 'statistics-unread' }]);
  });

  test('reads the catalog again after it was chosen as the victim of a deadlock', async () => {
    const whole = await read(() => undefined);
    const { tables, missing, asked } = await read((_, nth) => (nth === 1 ? refused(1205) : undefined));
    expect({ tables, missing }).toEqual({ tables: whole.tables, missing: whole.missing });
    expect(asked.length).toBe(whole.asked.length + 1);
  });

  test('fails as a whole when the query for tables or the session fails', async () => {
    await expect(
      read((sql) => (sql.includes('o.type_desc, ') ? refused(208) : undefined)),
    ).rejects.toMatchObject({
      number: 208,
    });
    await expect(read((_, nth) => (nth === 1 ? refused(596) : undefined))).rejects.toMatchObject({
      number: 596,
    });
  });
});

describe('SQL Server catalog', () => {
  test('has every attribute that the catalog views have', () => {
    const [orders, seen] = folded();
    expect(orders).toMatchObject({
      schema: 'sales',
      name: 'orders',
      kind: 'table',
      comment: 'what was ordered',
      rows: 12,
      size_bytes: 81920,
      primary_key: ['id'],
      foreign_keys: [
        { name: 'FK_off', valid: false },
        {
          name: 'FK_two',
          columns: ['id', 'phone'],
          references: { schema: 'hr', table: 'people', columns: ['id', 'number'] },
          valid: true,
        },
        { name: 'FK_unchecked', valid: false },
      ],
      indexes: [
        { name: 'CC_all', columns: ['id', 'phone'], unique: false },
        {
          name: 'IX_both',
          columns: ['phone', 'id'],
          unique: true,
          predicate: '([phone] IS NOT NULL)',
          valid: false,
        },
        { name: 'PK_orders', columns: ['id'], unique: true, predicate: null, valid: true },
      ],
    });
    expect(orders?.columns).toMatchObject([
      { name: 'id', type: 'int', kind: 'integer', generated: 'identity', position: 1 },
      {
        name: 'phone',
        type: 'dbo.Phone',
        kind: 'string',
        default: "(N'none')",
        comment: 'of the buyer',
        position: 3,
      },
      { name: 'area', type: 'geography', kind: 'geo', position: 4 },
      { name: 'twice', generated: 'stored', position: 5 },
    ]);
    expect(seen).toMatchObject({ kind: 'materialized_view', rows: 3 });
  });

  test('of an account with rights on some columns contains those columns, and no key with other columns', () => {
    const [orders] = folded(0);
    expect(orders?.columns.map(({ name }) => name)).toEqual(['id']);
    expect(orders).toMatchObject({ primary_key: ['id'] });
    expect(orders?.foreign_keys.map(({ columns }) => columns)).toEqual([['id'], ['id']]);
    expect(orders?.indexes.map(({ name }) => name)).toEqual(['PK_orders']);
  });

  test('has row counts but no sizes when the account cannot read the statistics', async () => {
    const asked: string[] = [];
    const tables: Table[] = [];
    const missing = await introspectSqlserver(
      async (sql, _, take) => {
        asked.push(sql);
        if (sql.includes('dm_db_partition_stats')) throw Object.assign(new Error('refused'), { number: 262 });
        handOn(sql.includes('sys.partitions') ? [[[10, 7, null]]] : sets(0), take);
      },
      { excludedSchemas: [] },
      (some) => void tables.push(...some),
    );
    expect(asked.length).toBe(3);
    expect(tables[0]).toMatchObject({ rows: 7, size_bytes: null });
    expect(missing).toEqual([
      {
        reason: 'columns-denied',
        count: 1,
        remediation: 'GRANT SELECT ON OBJECT::[sales].[orders] TO [reader];',
      },
    ]);
  });
});

test.each([
  ['nvarchar', 80, 0, 0, 'nvarchar(40)', 'string'],
  ['varchar', -1, 0, 0, 'varchar(max)', 'string'],
  ['varbinary', 16, 0, 0, 'varbinary(16)', 'binary'],
  ['decimal', 9, 10, 2, 'decimal(10,2)', 'decimal'],
  ['datetime2', 8, 27, 7, 'datetime2(7)', 'timestamp'],
  ['timestamp', 8, 0, 0, 'timestamp', 'binary'],
  ['uniqueidentifier', 16, 0, 0, 'uniqueidentifier', 'uuid'],
  ['hierarchyid', 892, 0, 0, 'hierarchyid', 'other'],
])(
  'SQL Server type %s of %d bytes is spelled as in a table definition',
  (name, length, precision, scale, type, kind) => {
    expect([renderSqlserverType(name, length, precision, scale), toSqlserverColumnKind(name)]).toEqual([
      type,
      kind,
    ]);
  },
);

describe('SQL Server error numbers', () => {
  test.each([
    [{ numbers: [4060, 18456] }, 'database-not-found', '4060'],
    [{ numbers: [1, 18456] }, 'authentication-failed', '18456'],
    [{ number: 229 }, 'permission-denied', '229'],
    [{ number: 208 }, 'server-error', '208'],
    [{ errors: [{ number: 262 }] }, 'permission-denied', '262'],
    [{ code: 'ETIMEOUT' }, 'timeout', undefined],
  ])('%j means %s', (error, code, native) => {
    expect(classifySqlserverError(error)).toMatchObject({ code, ...(native && { native }) });
  });
});

describe('Microsoft Entra answer', () => {
  const refusal = (status: number, body: string) => {
    try {
      return parseEntraToken(status, body);
    } catch (error) {
      return error;
    }
  };
  test('with a token returns the token', () =>
    expect(parseEntraToken(200, '{"access_token":"fake-token"}')).toBe('fake-token'));
  test.each([
    [
      401,
      '{"error_codes":[7000215],"error_description":"never shown"}',
      'authentication-failed',
      'AADSTS7000215',
      /^Microsoft Entra rejected the application/,
    ],
    [
      401,
      '{"error_codes":[7000222]}',
      'credentials-expired',
      'AADSTS7000222',
      /^The client secret has expired/,
    ],
    [400, 'words', 'authentication-failed', 'HTTP 400', /^Microsoft Entra rejected the application/],
    [429, '{"error_codes":[50196]}', 'server-error', 'AADSTS50196', /limits the request rate/],
    [503, '', 'server-error', 'HTTP 503', /did not issue a token/],
    [200, '{}', 'server-error', 'HTTP 200', /did not issue a token/],
  ])('%d %s means %s', (status, body, code, native, words) => {
    const said = refusal(status, body);
    expect(said).toMatchObject({
      code,
      extras: { native_code: native, remediation: expect.stringMatching(words) },
    });
    expect(JSON.stringify(said)).not.toContain('never shown');
  });
});
