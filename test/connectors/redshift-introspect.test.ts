import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { ClientConfig } from 'pg';
import type { CatalogScope, Table } from '../../shared/connectors/catalog.ts';
import { introspectRedshift } from '../../shared/connectors/redshift/introspect.ts';
import { toRedshiftColumnKind, renderRedshiftType } from '../../shared/connectors/redshift/kinds.ts';
import { onEngine, reach } from '../engines/reach.ts';
import { connectToPostgresql } from './collect-postgresql-catalog.ts';
import { createRedshiftDatabase } from './redshift-database.ts';

const engine = reach('postgres', { POSTGRES_VERSION: '18' });

onEngine(engine, () => {
  describe("Redshift introspection of a PostgreSQL with views named like Redshift's", () => {
    const { admin, database, start, stop } = createRedshiftDatabase(engine, 'introspect');

    const read = async (config: ClientConfig, scope: CatalogScope = { excludedSchemas: [] }) => {
      await using client = await connectToPostgresql({ ...admin, database, ...config });
      const tables: Table[] = [];
      const missing = await introspectRedshift(client, scope, (batch) => void tables.push(...batch), {
        queryTimeoutMs: 20_000,
      });
      return { tables, missing };
    };

    beforeAll(() => start('revoke select on pg_catalog.svv_table_info from public'));
    afterAll(stop);

    test('returns tables in order, with columns, keys, comments, row counts and sizes', async () => {
      const { tables, missing } = await read({});
      expect(tables.map(({ schema, name, kind }) => [schema, name, kind])).toEqual([
        ['lake', 'clicks', 'foreign_table'],
        ['sales', 'customers', 'table'],
        ['sales', 'open_orders', 'view'],
        ['sales', 'orders', 'table'],
      ]);
      expect(tables[1]).toMatchObject({
        comment: 'people who pay',
        rows: 0,
        size_bytes: 2 ** 20,
        primary_key: ['id'],
        columns: [
          { name: 'id', type: 'bigint', kind: 'integer', nullable: false, comment: 'key', position: 1 },
          { name: 'email', type: 'character varying(320)', kind: 'string' },
          { name: 'born', type: 'date', kind: 'date', nullable: true },
          { name: 'balance', type: 'numeric(12,2)', kind: 'decimal', default: '0' },
        ],
      });
      expect(tables[3]?.foreign_keys).toEqual([
        {
          name: 'orders_customer_id_fkey',
          columns: ['customer_id'],
          references: { schema: 'sales', table: 'customers', columns: ['id'] },
          valid: false,
        },
      ]);
      expect(missing).toEqual([]);
    });

    test('matches configured and excluded schemas without regard to case', async () => {
      const { tables, missing } = await read({}, { schemas: ['LAKE', 'Sales'], excludedSchemas: ['SALES'] });
      expect(tables.map(({ name }) => name)).toEqual(['clicks']);
      expect(missing).toEqual([]);
    });

    test('reads only the schemas of its scope', async () => {
      const { tables, missing } = await read(
        {},
        {
          schemas: ['lake', "no'one"],
          excludedSchemas: ['sales'],
        },
      );
      expect(tables.map(({ name }) => name)).toEqual(['clicks']);
      expect(missing).toMatchObject([{ reason: 'schemas-not-found', count: 1 }]);
    });

    test('reports tables and statistics that the account cannot read', async () => {
      const { tables, missing } = await read({ user: 'mooring_nobody', password: 'nobody' });
      expect(tables.map(({ name }) => name)).toEqual(['clicks']);
      expect(missing).toEqual([
        {
          reason: 'tables-denied',
          count: 3,
          remediation:
            'GRANT USAGE ON SCHEMA sales TO mooring_nobody;\nGRANT SELECT ON ALL TABLES IN SCHEMA sales TO mooring_nobody;',
        },
        { reason: 'statistics-denied', remediation: 'GRANT SELECT ON svv_table_info TO mooring_nobody;' },
      ]);
    });

    describe('when one query fails', () => {
      /** Replaces the view with one that fails when it reaches the external table. */
      const breakView = (
        name: string,
      ) => `do $$ begin execute format('create or replace view pg_catalog.%I as select * from (%s) everything
        where case when table_schema = ''lake'' then 1 / (length(table_schema) - 4) else 1 end = 1', '${name}', rtrim(pg_get_viewdef('pg_catalog.${name}'), ';')); end $$`;
      const { database: own, start: make, stop: remove } = createRedshiftDatabase(engine, 'parts');
      beforeAll(() =>
        make(
          breakView('svv_columns'),
          `drop view pg_catalog.svv_table_info; create view pg_catalog.svv_table_info as
             select 's'::text as schema, 't'::text as "table", 1 / (0 * length(current_database())) as size, 0 as tbl_rows`,
        ),
      );
      afterAll(remove);

      test('returns the tables of the cluster when an external schema fails, without statistics', async () => {
        const { tables, missing } = await read({ database: own });
        expect(tables.map(({ schema, name, columns }) => [schema, name, columns.length])).toEqual([
          ['sales', 'customers', 4],
          ['sales', 'open_orders', 2],
          ['sales', 'orders', 3],
        ]);
        expect(tables[0]).toMatchObject({ primary_key: ['id'], rows: null });
        expect(tables[0]?.columns[1]).toMatchObject({ type: 'character varying(320)', nullable: false });
        expect(missing).toEqual([
          { reason: 'external-unread', remediation: expect.stringContaining('svv_external_schemas') },
          { reason: 'statistics-denied', remediation: expect.stringContaining('22012') },
        ]);
      });
    });
  });
});

test.each([
  ['character varying', 255, 0, 0, 'character varying(255)', 'string'],
  ['numeric', 0, 18, 4, 'numeric(18,4)', 'decimal'],
  ['timestamp without time zone', 0, 0, 0, 'timestamp without time zone', 'timestamp'],
  ['varchar(2048)', 2048, 0, 0, 'varchar(2048)', 'string'],
  ['array<struct<a:int>>', 0, 0, 0, 'array<struct<a:int>>', 'array'],
  ['super', 0, 0, 0, 'super', 'json'],
  ['hllsketch', 0, 0, 0, 'hllsketch', 'other'],
])(
  'the Redshift type %s is spelled with its size and has a kind',
  (word, length, precision, scale, type, kind) => {
    expect(renderRedshiftType(word, length, precision, scale)).toBe(type);
    expect(toRedshiftColumnKind(type)).toBe(kind);
  },
);
