import { describe, expect, test } from '@jest/globals';
import type { CatalogScope, Table } from '../../shared/connectors/catalog.ts';
import { createQuoter } from '../../shared/connectors/sql/create-quoter.ts';
import { readGrantLinePrivileges } from '../../shared/connectors/sql/grant-lines.ts';
import { openSqlSession, type SqlSessionOptions } from '../../shared/connectors/sql/sql-session.ts';
import type { Dialer } from '../../shared/network/dialer.ts';

const dialer = { step: (_: string, work: () => Promise<unknown>) => work() } as unknown as Dialer; // the session uses no more of it

const quoter = createQuoter({ mark: '"', bare: /^[a-z_]+$/ });

type Rows = readonly (readonly unknown[])[] | Error;

/** Opens a session to an engine that answers the four queries so, and records what it was asked. */
const openWith = async (
  {
    version = [['1.2', 'app']],
    tables = [],
    columns = [],
    grants = [],
    schemas = [['shop']],
  }: Partial<Record<string, Rows>>,
  more: Partial<SqlSessionOptions> = {},
) => {
  const answers: Readonly<Record<string, Rows>> = { version, tables, columns, grants, schemas };
  const asked: string[] = [];
  let closed = 0;
  const open = openSqlSession(dialer, {
    ask: async (sql, onRow) => {
      asked.push(sql);
      const rows = answers[/^\w+/.exec(sql)?.[0] ?? ''] ?? [];
      if (rows instanceof Error) throw rows;
      for (const row of rows) onRow(row);
    },
    close: () => {
      closed += 1;
    },
    version: 'version',
    product: 'Example',
    role: 'source',
    systemSchemas: ['sys'],
    tables: (inScope) => `tables where ${inScope('schema_name')}`,
    columns: (inScope) => `columns where ${inScope('schema_name')}`,
    toColumnKind: () => 'other',
    schemas: 'schemas',
    grants: { query: 'grants', writes: ['INSERT'], harmless: /^SHOW/ },
    quoter,
    failure: (error) =>
      error instanceof RangeError ? { code: 'permission-denied', native: '1' } : undefined,
    ...more,
  });
  return { open, asked, countClosed: () => closed };
};

const readCatalog = async (rows: Parameters<typeof openWith>[0], scope: Partial<CatalogScope> = {}) => {
  const { open, asked } = await openWith(rows);
  await using session = await open;
  const tables: Table[] = [];
  const missing = await session.introspect(
    { excludedSchemas: [], ...scope },
    (some) => void tables.push(...some),
  );
  return { tables, missing, asked };
};

const table = (name: string, kind = 'table', key: readonly string[] = []) => [
  'shop',
  name,
  kind,
  '',
  '12',
  null,
  key,
];
const column = (of: string, name: string, position: number) => [
  'shop',
  of,
  name,
  'INT',
  position,
  0,
  null,
  '',
  'note',
];

describe('SQL session', () => {
  test('is named after the product and the version, which it asks for only once', async () => {
    const { open, asked } = await openWith({ version: [['4.5-beta, built today', 'app']] });
    await using session = await open;
    expect(await session.ping()).toBe('Example 4.5-beta');
    expect(asked).toEqual(['version']);
    await session.ping();
    expect(asked).toEqual(['version', 'version']);
  });

  test('is closed once if the login fails, and once when it is disposed of', async () => {
    const refused = await openWith({ version: new Error('refused') });
    await expect(refused.open).rejects.toThrow('refused');
    expect(refused.countClosed()).toBe(1);

    const accepted = await openWith({});
    const session = await accepted.open;
    expect(accepted.countClosed()).toBe(0);
    await session[Symbol.asyncDispose]();
    expect(accepted.countClosed()).toBe(1);
  });

  test.each([[[]], [[['1.2']]], [[[null, 'app']]]])(
    'takes the version row %j for another protocol',
    async (version) => {
      const { open } = await openWith({ version });
      await expect(open).rejects.toMatchObject({ code: 'protocol-mismatch' });
    },
  );

  test('builds tables from rows in any order, in the order of a sink', async () => {
    const { tables, missing } = await readCatalog({
      tables: [table('z', 'view'), table('a', 'something new', ['y', 'x'])],
      columns: [column('a', 'x', 2), column('z', 'only', 1), column('a', 'y', 1)],
    });
    expect(missing).toEqual([]);
    expect(tables).toMatchObject([
      { name: 'a', kind: 'table', rows: 12, size_bytes: null, comment: null, primary_key: ['y', 'x'] },
      { name: 'z', kind: 'view', primary_key: [] },
    ]);
    expect(tables[0]?.columns.map(({ name }) => name)).toEqual(['y', 'x']);
    expect(tables[0]?.columns[0]).toEqual({
      name: 'y',
      type: 'INT',
      kind: 'other',
      nullable: false,
      default: null,
      generated: null,
      comment: 'note',
      position: 1,
    });
  });

  test('asks for the schemas of the scope, with names as texts', async () => {
    const { asked } = await readCatalog({}, { schemas: ["o'clock"], excludedSchemas: ['old'] });
    expect(asked.toSorted()).toEqual([
      "columns where schema_name <> 'sys' and schema_name in ('o''clock') and schema_name not in ('old')",
      'grants',
      'schemas',
      "tables where schema_name <> 'sys' and schema_name in ('o''clock') and schema_name not in ('old')",
      'version',
    ]);
  });

  test('reports a schema that does not exist, with the one that differs only in case', async () => {
    const { missing } = await readCatalog(
      { tables: [table('a')], columns: [column('a', 'x', 1)] },
      { schemas: ['shop', 'SHOP'] },
    );
    expect(missing).toMatchObject([
      { reason: 'schemas-not-found', count: 1, remediation: expect.stringContaining('shop') },
    ]);
  });

  test('reports an account that sees nothing, with the statements that it needs', async () => {
    expect((await readCatalog({})).missing).toEqual([
      { reason: 'tables-hidden', remediation: 'GRANT SELECT ON *.* TO app;' },
    ]);
    const { missing } = await readCatalog(
      { grants: [['GRANT SELECT ON a.* TO app']] },
      { schemas: ['a', 'b'] },
    );
    expect(missing).toEqual([
      {
        reason: 'tables-hidden',
        remediation: 'GRANT SELECT ON a.* TO app;\nGRANT SELECT ON b.* TO app;',
      },
    ]);
  });

  test('reports nothing for a schema without tables that the account may read', async () => {
    const grants = [['GRANT SELECT ON *.* TO app']];
    expect((await readCatalog({ grants }, { schemas: ['shop'] })).missing).toEqual([]);
    expect((await readCatalog({ grants }, { schemas: ['gone'] })).missing).toMatchObject([
      { reason: 'schemas-not-found', count: 1 },
    ]);
  });

  test('ends an answer that is kept as a whole and has too many rows', async () => {
    const { open } = await openWith({ version: Array.from({ length: 20_001 }, () => []) });
    await expect(open).rejects.toMatchObject({ code: 'source-too-large' });
  });

  test('leaves out a table whose columns are hidden, and reports it as denied', async () => {
    const { tables, missing } = await readCatalog({
      tables: [table('a'), table('Odd "name"')],
      columns: [column('a', 'x', 1)],
    });
    expect(tables.map(({ name }) => name)).toEqual(['a']);
    expect(missing).toEqual([
      {
        reason: 'tables-denied',
        count: 1,
        remediation: 'GRANT SELECT ON "shop"."Odd ""name""" TO app;',
      },
    ]);
  });

  test('keeps the tables if the columns are refused, and fails if the source does', async () => {
    const { tables, missing } = await readCatalog({
      tables: [table('a')],
      columns: new RangeError('denied'),
    });
    expect(tables.map(({ name }) => name)).toEqual(['a']);
    expect(missing).toMatchObject([{ reason: 'columns-unread', remediation: 'GRANT SELECT ON *.* TO app;' }]);
    await expect(readCatalog({ tables: [table('a')], columns: new Error('broken') })).rejects.toThrow(
      'broken',
    );
    await expect(readCatalog({ tables: new RangeError('denied') })).rejects.toThrow('denied');
  });

  test.each([
    { tables: [table('a'), table('a')] },
    { tables: [['shop', null, 'table']] },
    { tables: [table('a')], columns: [['shop', 'a', 'x', null, 1]] },
  ])('refuses rows that contradict each other or lack a name: %j', async (rows) => {
    await expect(readCatalog(rows)).rejects.toMatchObject({ name: 'Problem' });
  });
});

describe('privileges from lines of SHOW GRANTS', () => {
  const read = (lines: readonly string[], role: 'source' | 'target' = 'source', on = 'shop.*') =>
    readGrantLinePrivileges(lines, {
      role,
      on,
      account: 'app',
      writes: ['INSERT', 'CREATE TABLE'],
      harmless: /^SHOW/,
      systemSchemas: ['system'],
    });

  test.each([
    ['GRANT SELECT ON *.* TO app'],
    ['GRANT ALL ON *.* TO app'],
    ['GRANT SHOW TABLES, SELECT ON shop.* TO app'],
    ['GRANT SELECT(id, name) ON shop.orders TO app'],
    ['GRANT SELECT ON `shop`.* TO app'],
    ['GRANT SELECT ON sh*.* TO app'],
  ])('%s lets a source read', (line) => expect(read([line]).missing).toEqual([]));

  test.each([
    ['GRANT SELECT ON shopping.* TO app'],
    ['GRANT SELECT ON other.* TO app'],
    ['GRANT SHOW TABLES ON *.* TO app'],
    ['GRANT reader TO app'],
    [''],
  ])('%s does not let a source read', (line) =>
    expect(read([line]).missing).toEqual([
      { what: 'SELECT on shop.*', grant: 'GRANT SELECT ON shop.* TO app;' },
    ]),
  );

  test('a right on system schemas alone lets no source read', () => {
    expect(read(['GRANT SELECT ON system.* TO app'], 'source', '*.*').missing).toHaveLength(1);
  });

  test('a privilege includes those that begin with its name', () => {
    expect(read(['GRANT INSERT, CREATE ON shop.* TO app'], 'target').missing).toEqual([]);
  });

  test('a target lacks what no line grants on its schema', () => {
    expect(read(['GRANT INSERT ON *.* TO app', 'GRANT CREATE TABLE ON other.* TO app'], 'target')).toEqual({
      missing: [{ what: 'CREATE TABLE on shop.*', grant: 'GRANT CREATE TABLE ON shop.* TO app;' }],
      excess: [],
    });
  });

  test('a source does not need privileges to write, and not the option to grant', () => {
    expect(
      read([
        'GRANT SELECT, INSERT(id, name), SHOW TABLES ON shop.* TO app',
        'GRANT SELECT ON other.* TO app WITH GRANT OPTION',
        'GRANT ALL ON old.* TO app WITH GRANT OPTION',
      ]).excess.map(({ revoke }) => revoke),
    ).toEqual([
      'REVOKE INSERT(id, name) ON shop.* FROM app;',
      'REVOKE GRANT OPTION FOR SELECT ON other.* FROM app;',
      'REVOKE ALL ON old.* FROM app; GRANT SELECT ON old.* TO app;',
    ]);
  });
});
