import { describe, expect, test } from '@jest/globals';
import type { CatalogScope, Table } from '../../shared/connectors/catalog.ts';
import { openManagedSession } from '../../shared/connectors/run-source-test.ts';
import { oracle } from '../../shared/connectors/oracle/connector.ts';
import { onEngine, reach } from '../engines/reach.ts';
import { buildOracleSessionOptions, buildOracleTarget } from './oracle-fixtures.ts';

// On a stand-in server, with the real driver and SQLite tables named like the dictionary. Their rows follow
// Oracle's documentation.
const env = reach('oracle', { ORACLE_TLS: 'off' });
onEngine(env, () => {
  const opened = (user: readonly [string, string], role: 'source' | 'target' = 'source', config = {}) => {
    const [username, password] = user;
    const target = buildOracleTarget(Number(env['ORACLE_PORT']), { username, ...config }, password);
    return openManagedSession(oracle, { ...target, role }, buildOracleSessionOptions('disable'));
  };
  const reader = ['mooring_reader', 'p@ss:w/rd#1%'] as const;
  const read = async (scope: Partial<CatalogScope> = {}, user: readonly [string, string] = reader) => {
    await using session = await opened(user);
    const tables: Table[] = [];
    const missing = await session.introspect(
      { excludedSchemas: [], ...scope },
      (some) => void tables.push(...some),
    );
    return { missing, tables, table: (name: string) => tables.find((one) => one.name === name) };
  };

  describe('Oracle catalog', () => {
    test('has columns with every attribute that the dictionary has', async () => {
      const { table } = await read({ schemas: ['SHOP'] });
      const column = { nullable: true, default: null, generated: null, comment: null };
      expect(table('ORDERS')?.columns).toEqual([
        { ...column, position: 1, name: 'ID', type: 'NUMBER(10,0)', kind: 'integer', nullable: false, generated: 'identity' },
        { ...column, position: 2, name: 'CUSTOMER', type: 'NUMBER(10,0)', kind: 'integer', nullable: false },
        { ...column, position: 3, name: 'REGION', type: 'CHAR(2)', kind: 'string', nullable: false, default: "'de'" },
        { ...column, position: 4, name: 'AMOUNT', type: 'NUMBER(12,2)', kind: 'decimal', default: '0' },
        { ...column, position: 5, name: 'TAX', type: 'NUMBER', kind: 'decimal', generated: 'virtual' },
        { ...column, position: 6, name: 'Note', type: 'VARCHAR2(40 CHAR)', kind: 'string', comment: 'of the buyer' },
        { ...column, position: 7, name: 'MADE', type: 'TIMESTAMP(6) WITH TIME ZONE', kind: 'timestamp', default: 'systimestamp' },
      ]); // prettier-ignore
    });

    test('has foreign keys across schemas, and index columns in the order of the index', async () => {
      const { table } = await read();
      expect(table('ORDERS')).toMatchObject({
        schema: 'SHOP',
        comment: 'what was ordered',
        rows: 12,
        size_bytes: null,
        primary_key: ['ID'],
        foreign_keys: [
          {
            name: 'FK_CUSTOMER',
            columns: ['CUSTOMER', 'REGION'],
            references: { schema: 'CRM', table: 'CUSTOMERS', columns: ['NUMBER_', 'REGION'] },
          },
        ],
      });
      // An index on an expression has no column to name.
      expect(table('ORDERS')?.indexes).toEqual([
        { name: 'IX_MADE', columns: ['REGION', 'CUSTOMER'], unique: false, predicate: null, valid: true },
        { name: 'PK_ORDERS', columns: ['ID'], unique: true, predicate: null, valid: true },
      ]);
      expect(table('CUSTOMERS')).toMatchObject({
        primary_key: ['NUMBER_', 'REGION'],
        indexes: [
          { name: 'PK_CUSTOMERS', columns: ['NUMBER_', 'REGION'], unique: true },
          { name: 'UQ_NAME', columns: ['NAME'], unique: true },
        ],
      });
    });

    test('contains tables and views, and no internal objects', async () => {
      const { tables } = await read();
      const kinds = new Map(tables.map(({ schema, name, kind }) => [`${schema}.${name}`, kind]));
      expect(kinds.get('SHOP.LINES')).toBe('table'); // index-organized
      expect(kinds.get('SHOP.OPEN_ORDERS')).toBe('view');
      expect(kinds.get('SHOP.ORDER_TOTALS')).toBe('materialized_view');
      expect(kinds.get('SHOP.PRICE_LIST')).toBe('foreign_table');
      const comments = new Map(tables.map(({ name, comment }) => [name, comment]));
      expect(comments.get('ORDER_TOTALS')).toBe('what each region ordered');
      expect(comments.get('ORDER_COUNTS')).toBeNull(); // the server generates this comment from the definition
      expect([...kinds.keys()].filter((name) => /^SYS\.|SYS_IOT|BIN\$|DR\$|ADDRESSES_OF/.test(name))).toEqual(
        [],
      );
    });

    test('spells every type as in its definition', async () => {
      const { table } = await read();
      expect(table('KINDS')?.columns.map(({ type, kind }) => `${type}: ${kind}`)).toEqual([
        'NUMBER: decimal',
        'NUMBER(38,0): integer',
        'NUMBER(5,-2): integer',
        'INTEGER: integer',
        'FLOAT(126): float',
        'BINARY_FLOAT: float',
        'BINARY_DOUBLE: float',
        'VARCHAR2(4000): string',
        'VARCHAR2(10 CHAR): string',
        'CHAR(4): string',
        'NCHAR(4): string',
        'CLOB: string',
        'NCLOB: string',
        'BLOB: binary',
        'RAW(16): binary',
        'LONG RAW: binary',
        'DATE: timestamp',
        'TIMESTAMP(3): timestamp',
        'TIMESTAMP(6) WITH LOCAL TIME ZONE: timestamp',
        'INTERVAL DAY(2) TO SECOND(6): other',
        'INTERVAL YEAR(2) TO MONTH: other',
        'ROWID: string',
        'UROWID: string',
        'SDO_GEOMETRY: geo',
        'XMLTYPE: string',
        'ADDRESS: other',
      ]);
    });

    test('contains only the configured schemas, and no excluded schema', async () => {
      const schemas = async (scope: Partial<CatalogScope>) => [
        ...new Set((await read(scope)).tables.map(({ schema }) => schema)),
      ];
      expect(await schemas({})).toEqual(['CRM', 'SHOP']);
      expect(await schemas({ schemas: ['CRM'] })).toEqual(['CRM']);
      expect(await schemas({ excludedSchemas: ['CRM'] })).toEqual(['SHOP']);
      expect(await schemas({ schemas: ['CRM', 'SHOP'], excludedSchemas: ['SHOP', "O'X"] })).toEqual(['CRM']);
      expect(await schemas({ schemas: ["' or '1' = '1"] })).toEqual([]);
    });

    test('reports configured schemas that do not exist', async () => {
      const missing = async (...schemas: readonly string[]) => (await read({ schemas })).missing;
      expect(await missing('SHOP', 'CRM')).toEqual([]);
      expect(await missing('shop', 'gone')).toEqual([
        {
          reason: 'schemas-not-found',
          count: 2,
          remediation:
            'Correct config.schemas: it contains schemas that do not exist. Names are case-sensitive. Did you mean "SHOP"?',
        },
      ]);
      expect(await missing('SHOP', 'gone')).toMatchObject([{ reason: 'schemas-not-found', count: 1 }]);
    });

    test('has no foreign key to a table that the account cannot see', async () => {
      const { tables, missing } = await read({}, ['mooring_clerk', 'clerk']);
      expect(missing).toEqual([]);
      expect(tables.map(({ name, foreign_keys }) => [name, foreign_keys])).toEqual([
        ['ORDERS', []],
        ['ORDER_TOTALS', []],
      ]);
    });

    test('is read twice by one session, although the server caches the cursors', async () => {
      await using session = await opened(reader, 'source', { service_name: 'many' });
      for (const _ of [1, 2]) {
        let [tables, columns] = [0, 0];
        await session.introspect({ excludedSchemas: [] }, (some) => {
          tables += some.length;
          columns += some.flatMap((one) => one.columns).length;
        });
        expect([tables, columns]).toEqual([1000, 4000]);
      }
    });
  });

  describe('Oracle privileges', () => {
    const readPrivileges = async (
      user: readonly [string, string],
      role: 'source' | 'target',
      config = {},
    ) => {
      await using session = await opened(user, role, config);
      return await session.privileges();
    };
    const nothing = { missing: [], excess: [] };

    test('of a reader are sufficient for a source', async () => {
      expect(await readPrivileges(reader, 'source')).toEqual(nothing);
      expect(await readPrivileges(reader, 'source', { schemas: ['SHOP', 'CRM'] })).toEqual(nothing);
    });
    test('are missing for a configured schema that does not exist or that the account cannot see', async () => {
      const { missing } = await readPrivileges(['mooring_clerk', 'clerk'], 'source', {
        schemas: ['SHOP', 'CRM'],
      });
      expect(missing).toEqual([
        {
          what: 'SELECT on tables of CRM',
          grant: expect.stringMatching(/^GRANT SELECT ANY TABLE TO "MOORING_CLERK";/),
        },
      ]);
    });
    test('of a writing account are excessive for a source', async () => {
      expect(await readPrivileges(['mooring_admin', 'admin'], 'source')).toEqual({
        missing: [],
        excess: [{ what: 'role DBA', revoke: 'REVOKE DBA FROM "MOORING_ADMIN";' }],
      });
      expect(await readPrivileges(['mooring_writer', 'writer'], 'source')).toEqual({
        missing: [],
        excess: [{ what: 'INSERT ANY TABLE', revoke: 'REVOKE INSERT ANY TABLE FROM "MOORING_WRITER";' }],
      });
      expect(await readPrivileges(['mooring_clerk', 'clerk'], 'source')).toEqual({
        missing: [],
        excess: [
          {
            what: 'INSERT on SHOP.ORDERS',
            revoke: 'REVOKE INSERT ON "SHOP"."ORDERS" FROM "MOORING_CLERK";',
          },
          {
            what: 'UPDATE on SHOP.ORDERS', // granted through a role
            revoke: 'REVOKE UPDATE ON "SHOP"."ORDERS" FROM "SALES";',
          },
        ],
      });
    });
    test('of a target include CREATE TABLE', async () => {
      expect(await readPrivileges(['mooring_writer', 'writer'], 'target')).toEqual(nothing);
      expect(await readPrivileges(reader, 'target')).toEqual({
        missing: [{ what: 'CREATE TABLE', grant: 'GRANT CREATE TABLE TO "MOORING_READER";' }],
        excess: [],
      });
    });
  });
});
