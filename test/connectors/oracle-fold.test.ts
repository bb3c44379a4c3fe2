import { describe, expect, test } from '@jest/globals';
import type { Table } from '../../shared/connectors/catalog.ts';
import { classifyOracleError } from '../../shared/connectors/oracle/failures.ts';
import { introspectOracle } from '../../shared/connectors/oracle/introspect.ts';
import { toOracleColumnKind, renderOracleType } from '../../shared/connectors/oracle/kinds.ts';
import { readOraclePrivileges } from '../../shared/connectors/oracle/privileges.ts';
import type { OracleQuery, OracleRow } from '../../shared/connectors/oracle/queries.ts';

// The rows follow the documentation of the dictionary. The queries have not run on an Oracle Database.
const rows: readonly (readonly [RegExp, readonly OracleRow[]])[] = [
  [/from all_tables t/, [['HR', 'ORDERS', 12], ['HR', 'SUMS', 3]]],
  [/from all_views/, [['HR', 'SEEN', 'VALID']]],
  [/from all_mviews/, [['HR', 'SUMS']]],
  [/from all_external/, []],
  [
    /from all_tab_cols/,
    [
      ['HR', 'ORDERS', 'Note', 'VARCHAR2', 160, 40, 'C', null, null, 'Y', 2, 'NO', 'NO', "'none' "],
      ['HR', 'ORDERS', 'ID', 'NUMBER', 22, 0, null, 10, 0, 'N', 1, 'NO', 'YES', '"HR"."ISEQ$$_1".nextval'],
      ['HR', 'SEEN', 'ID', 'NUMBER', 22, 0, null, 10, 0, 'Y', 1, 'NO', 'NO', null],
      ['HR', 'SUMS', 'TOTAL', 'NUMBER', 22, 0, null, null, null, 'Y', 1, 'YES', 'NO', '1+1'],
    ],
  ],
  [/from all_tab_comments/, [['HR', 'ORDERS', 'what was ordered']]],
  [/from all_col_comments/, [['HR', 'ORDERS', 'Note', 'of the buyer']]],
  [
    /from all_constraints/,
    [
      ['HR', 'PK_O', 'ORDERS', 'P', null, null],
      ['HR', 'FK_O', 'ORDERS', 'R', 'CRM', 'PK_C'],
      ['CRM', 'PK_C', 'CUSTOMERS', 'P', null, null],
    ],
  ],
  [/from all_cons_columns/, [['HR', 'PK_O', 'ID', 1], ['HR', 'FK_O', 'ID', 1], ['CRM', 'PK_C', 'CID', 1]]],
  [/from all_indexes/, [['HR', 'ORDERS', 'HR', 'PK_O', 'UNIQUE'], ['HR', 'ORDERS', 'HR', 'FN', 'NONUNIQUE']]],
  [/from all_ind_columns/, [['HR', 'PK_O', 'ID', 1], ['HR', 'FN', 'SYS_NC00003$', 1]]],
]; // prettier-ignore

const answerTo = (sets: typeof rows, { sql }: OracleQuery) =>
  sets.find(([pattern]) => pattern.test(sql))?.[1] ?? [];

const answering =
  (sets: typeof rows, asked: OracleQuery[] = []) =>
  async (query: OracleQuery, take: (row: OracleRow) => void) => {
    asked.push(query);
    for (const row of answerTo(sets, query)) take(row);
  };

describe('Oracle introspection when one query fails', () => {
  const refused = (code: string) => Object.assign(new Error(`${code}: no`), { code });
  /** One query fails after its first row. */
  const failing =
    (pattern: RegExp, error: Error) => async (query: OracleQuery, take: (row: OracleRow) => void) => {
      const found = answerTo(rows, query);
      for (const row of pattern.test(query.sql) ? found.slice(0, 1) : found) take(row);
      if (pattern.test(query.sql)) throw error;
    };
  const read = async (pattern: RegExp, error: Error) => {
    const tables: Table[] = [];
    const take = (some: readonly Table[]) => void tables.push(...some);
    const missing = await introspectOracle(failing(pattern, error), { excludedSchemas: [] }, take, 'reader');
    return { tables, missing };
  };

  test.each([
    [/from all_cons_columns/, 'keys-unread', { primary_key: [], foreign_keys: [] }],
    [/from all_constraints/, 'keys-unread', { primary_key: [], foreign_keys: [] }],
    [/from all_ind_columns/, 'indexes-unread', { indexes: [] }],
    [/from all_mviews/, 'kinds-unread', {}],
    [/from all_tab_comments/, 'comments-unread', {}],
  ])('returns the rest of the catalog when the query %s fails', async (pattern, reason, none) => {
    const whole = await read(/^nothing$/, new Error('never'));
    const { tables, missing } = await read(pattern, refused('ORA-00942'));
    expect(tables.map(({ name }) => name)).toEqual(whole.tables.map(({ name }) => name));
    expect(tables[0]).toMatchObject({ name: 'ORDERS', ...none });
    expect(missing).toEqual([
      {
        reason,
        remediation:
          'GRANT SELECT_CATALOG_ROLE TO "READER"; -- or restore the default privilege of PUBLIC to read the ALL_ views',
      },
    ]);
  });

  test('returns the tables when the views cannot be listed', async () => {
    const { tables, missing } = await read(/from all_views/, refused('ORA-01555'));
    expect(tables.map(({ name }) => name)).toContain('ORDERS');
    expect(missing).toEqual([
      { reason: 'views-unread', remediation: expect.stringContaining('UNDO_RETENTION') },
    ]);
  });

  test.each([
    [/from all_tables t/, 'ORA-00942'],
    [/from all_tab_cols/, 'ORA-01555'],
    [/from all_ind_columns/, 'ORA-03113'],
  ])('fails as a whole when the query %s fails with %s', async (pattern, code) => {
    const error = refused(code);
    await expect(read(pattern, error)).rejects.toBe(error);
  });
});

test.each([
  ['constraints', /from all_constraints/, ['HR', 'PK_O', 'SUMS', 'P', null, null]],
  ['indexes', /from all_indexes/, ['HR', 'SUMS', 'HR', 'PK_O', 'UNIQUE']],
] as const)('Oracle introspection rejects two %s with the same name', async (_, pattern, row) => {
  const sets = rows.map(([of, some]) => [of, of.source === pattern.source ? [...some, row] : some] as const);
  const reading = introspectOracle(answering(sets), { excludedSchemas: [] }, () => {}, 'reader');
  await expect(reading).rejects.toMatchObject({ code: 'server-error' });
});

test('Oracle introspection reads every attribute that the dictionary has', async () => {
  const tables: Table[] = [];
  const asked: OracleQuery[] = [];
  const take = (some: readonly Table[]) => void tables.push(...some);
  const missing = await introspectOracle(
    answering(rows, asked),
    { excludedSchemas: ["O'X"] },
    take,
    'reader',
  );
  expect(missing).toEqual([]);
  expect(asked.length).toBe(11);
  for (const { sql } of asked) expect(sql).not.toContain("O'X"); // the names are bound
  const [orders, seen, sums] = tables;
  expect(orders).toMatchObject({
    kind: 'table',
    comment: 'what was ordered',
    rows: 12,
    size_bytes: null,
    statistics_at: null,
    primary_key: ['ID'],
    foreign_keys: [
      { name: 'FK_O', columns: ['ID'], references: { schema: 'CRM', table: 'CUSTOMERS', columns: ['CID'] } },
    ],
    indexes: [{ name: 'PK_O', columns: ['ID'], unique: true }],
  });
  expect(orders?.columns).toMatchObject([
    {
      name: 'ID',
      type: 'NUMBER(10,0)',
      kind: 'integer',
      nullable: false,
      generated: 'identity',
      default: null,
      position: 1,
    },
    {
      name: 'Note',
      type: 'VARCHAR2(40 CHAR)',
      kind: 'string',
      default: "'none'",
      comment: 'of the buyer',
      position: 2,
    },
  ]);
  expect(seen).toMatchObject({ kind: 'view', rows: null });
  expect(sums).toMatchObject({
    kind: 'materialized_view',
    columns: [{ generated: 'virtual', default: null }],
  });
});

test('Oracle introspection sorts tables by name, and key columns by their position in the key', async () => {
  const column = (table: string, name: string, id: number) =>
    ['HR', table, name, 'NUMBER', 22, 0, null, null, 0, 'Y', id, 'NO', 'NO', null] as const;
  const sets: typeof rows = [
    [/from all_tables t/, [['HR', 'b'], ['HR', 'FILES'], ['HR', 'a']]],
    [/from all_external/, [['HR', 'FILES']]],
    [/from all_views/, [['CRM', 'Z']]],
    [/from all_tab_cols/, [column('b', 'Y', 2), column('b', 'X', 1), column('a', 'M', 3), column('a', 'N', 4)]],
    [
      /from all_constraints/,
      [
        ['HR', 'PK_A', 'a', 'P', null, null],
        ['HR', 'FK_B', 'b', 'R', 'HR', 'PK_A'],
        ['HR', 'FK_OUT', 'b', 'R', 'SYS', 'PK_OUT_OF_SIGHT'],
      ],
    ],
    [
      /from all_cons_columns/,
      [['HR', 'PK_A', 'N', 2], ['HR', 'PK_A', 'M', 1], ['HR', 'FK_B', 'Y', 2], ['HR', 'FK_B', 'X', 1], ['HR', 'FK_OUT', 'X', 1]],
    ],
    [/from all_indexes/, [['HR', 'b', 'OTHER', 'IX', 'UNIQUE'], ['HR', 'b', 'HR', 'LOBS', 'UNIQUE']]],
    [/from all_ind_columns/, [['OTHER', 'IX', 'Y', 1], ['OTHER', 'IX', 'X', 2]]],
  ]; // prettier-ignore
  const tables: Table[] = [];
  await introspectOracle(
    answering(sets),
    { excludedSchemas: [] },
    (some) => void tables.push(...some),
    'reader',
  );
  expect(tables.map(({ schema, name, kind }) => [schema, name, kind])).toEqual([
    ['CRM', 'Z', 'view'],
    ['HR', 'FILES', 'foreign_table'],
    ['HR', 'a', 'table'],
    ['HR', 'b', 'table'],
  ]);
  expect(tables[2]?.primary_key).toEqual(['M', 'N']);
  expect(tables[3]).toMatchObject({
    columns: [
      { name: 'X', position: 1 },
      { name: 'Y', position: 2 },
    ],
    foreign_keys: [
      {
        name: 'FK_B',
        columns: ['X', 'Y'],
        references: { schema: 'HR', table: 'a', columns: ['M', 'N'] },
      },
    ],
    indexes: [{ name: 'IX', columns: ['Y', 'X'], unique: true }],
  });
});

test('Oracle introspection reports disabled, unvalidated and unusable indexes, keys and views', async () => {
  const index = (name: string, ...status: readonly unknown[]) => ['HR', 'A', 'HR', name, 'UNIQUE', ...status];
  const key = (name: string, ...status: readonly unknown[]) => ['HR', name, 'A', 'R', 'HR', 'PK', ...status];
  const indexes = [
    index('I0', 'VALID', null, 0),
    index('I1', 'UNUSABLE', null, 0),
    index('I2', 'INPROGRS', null, 0),
    index('I3', 'VALID', 'DISABLED', 0),
    index('I4', 'N/A', null, 0),
    index('I5', 'N/A', null, 2),
  ];
  const keys = [
    key('K0', 'ENABLED', 'VALIDATED'),
    key('K1', 'DISABLED', 'NOT VALIDATED'),
    key('K2', 'ENABLED', 'NOT VALIDATED'),
    key('K3', 'DISABLED', 'VALIDATED'),
  ];
  const sets: typeof rows = [
    [/from all_tables t/, [['HR', 'A']]],
    [/from all_views/, [['HR', 'BAD', 'INVALID'], ['HR', 'GOOD', 'VALID']]],
    [/from all_tab_cols/, [['HR', 'A', 'X', 'NUMBER', 22, 0, null, null, 0, 'Y', 1, 'NO', 'NO', null]]],
    [/from all_constraints/, [['HR', 'PK', 'A', 'P', null, null, 'ENABLED', 'VALIDATED'], ...keys]],
    [/from all_cons_columns/, ['PK', 'K0', 'K1', 'K2', 'K3'].map((name) => ['HR', name, 'X', 1])],
    [/from all_indexes/, indexes],
    [/from all_ind_columns/, indexes.map(([, , , name]) => ['HR', name, 'X', 1])],
  ]; // prettier-ignore
  const tables: Table[] = [];
  const missing = await introspectOracle(answering(sets), { excludedSchemas: [] }, (some) => void tables.push(...some), 'reader'); // prettier-ignore
  expect(tables[0]?.indexes.map(({ valid }) => valid)).toEqual([true, false, false, false, true, false]);
  expect(tables[0]?.foreign_keys.map(({ valid }) => valid)).toEqual([true, false, false, false]);
  expect(missing).toEqual([
    {
      reason: 'views-broken',
      count: 1,
      remediation: expect.stringMatching(/ALTER VIEW "?HR"?\."?BAD"? COMPILE;$/),
    },
  ]);
});

test('Oracle introspection reports the missing grant when the account sees no table', async () => {
  const missing = await introspectOracle(answering([]), { excludedSchemas: [] }, () => {}, 'reader');
  expect(missing).toMatchObject([{ reason: 'tables-hidden', remediation: expect.stringContaining('GRANT') }]);
});

describe('Oracle privileges', () => {
  const asked = (sets: typeof rows, role: 'source' | 'target', schemas?: readonly string[]) =>
    readOraclePrivileges(async (query) => answerTo(sets, query), { username: 'reader', role, schemas });

  test('reports the write privileges of a source, with the statements that revoke them', async () => {
    const sets = [
      [/all_tab_privs/, [['HR', 'ORDERS', 'INSERT', 'READER']]],
      [/session_privs/, [['CREATE SESSION'], ['DROP ANY TABLE']]],
      [/session_roles/, [['CONNECT']]],
      [/from all_tables/, [['HR']]],
    ] as const;
    expect(await asked(sets, 'source')).toEqual({
      missing: [],
      excess: [
        { what: 'DROP ANY TABLE', revoke: 'REVOKE DROP ANY TABLE FROM "READER";' },
        { what: 'INSERT on HR.ORDERS', revoke: 'REVOKE INSERT ON "HR"."ORDERS" FROM "READER";' },
      ],
    });
  });
  test('reports each configured schema in which the source sees no table', async () => {
    const sets = [
      [/from all_tables/, [['HR']]],
      [/upper\(username\)/, [['FINANCE'], ['SALES']]],
    ] as const;
    expect((await asked(sets, 'source', ['HR', 'FINANCE', 'sales', 'gone'])).missing).toEqual([
      {
        what: 'schema sales',
        grant: '-- Correct config.schemas: the schema "sales" does not exist. Did you mean "SALES"?',
      },
      { what: 'schema gone', grant: '-- Correct config.schemas: the schema "gone" does not exist.' },
      {
        what: 'SELECT on tables of FINANCE',
        grant: expect.stringMatching(/^GRANT SELECT ANY TABLE TO "READER";/),
      },
    ]);
  });
  test('requires CREATE TABLE for a target', async () => {
    expect((await asked([], 'target')).missing).toEqual([
      { what: 'CREATE TABLE', grant: 'GRANT CREATE TABLE TO "READER";' },
    ]);
  });
});

test.each([
  ['NUMBER', { precision: null, scale: null }, 'NUMBER', 'decimal'],
  ['NUMBER', { precision: null, scale: 0 }, 'INTEGER', 'integer'],
  ['NUMBER', { precision: 12, scale: 2 }, 'NUMBER(12,2)', 'decimal'],
  ['CHAR', { bytes: 4, chars: 4, unit: 'B' }, 'CHAR(4)', 'string'],
  ['RAW', { bytes: 16 }, 'RAW(16)', 'binary'],
  ['TIMESTAMP(6) WITH TIME ZONE', {}, 'TIMESTAMP(6) WITH TIME ZONE', 'timestamp'],
  ['DATE', {}, 'DATE', 'timestamp'],
  ['INTERVAL DAY(2) TO SECOND(6)', {}, 'INTERVAL DAY(2) TO SECOND(6)', 'other'],
])('Oracle type %s with %j is spelled as in a table definition', (type, sizes, spelling, kind) => {
  const all = { bytes: null, chars: null, unit: '', precision: null, scale: null, ...sizes };
  expect([renderOracleType(type, all), toOracleColumnKind(type, all.scale)]).toEqual([spelling, kind]);
});

describe('Oracle error codes', () => {
  test.each([
    [{ code: 'NJS-116' }, 'authentication-failed', 'NJS-116'],
    [{ code: 'NJS-138' }, 'unsupported-version', 'NJS-138'],
    [{ code: 'NJS-511', message: 'NJS-511: refused\nORA-12520' }, 'too-many-connections', 'ORA-12520'],
    [{ code: 'ORA-00904' }, 'server-error', 'ORA-00904'],
    [{ code: 'NJS-123' }, 'timeout', 'NJS-123'],
  ])('%j means %s', (error, code, native) =>
    expect(classifyOracleError(error)).toMatchObject({ code, native }),
  );
  test('leaves network errors to the network layer', () => {
    expect(classifyOracleError({ code: 'ECONNRESET' })).toBeUndefined();
    expect(classifyOracleError({ code: 'NJS-501' })).toEqual({ code: 'connection-reset', native: 'NJS-501' });
  });
});
