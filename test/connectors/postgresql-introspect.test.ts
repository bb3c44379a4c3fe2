import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { CatalogScope, Table } from '../../shared/connectors/catalog.ts';
import { introspectPostgresql } from '../../shared/connectors/postgresql/introspect.ts';
import { onEngine, reach } from '../engines/reach.ts';
import {
  connectToPostgresql,
  everything,
  collectPostgresqlCatalog as read,
} from './collect-postgresql-catalog.ts';
import { renderPostgresqlFixtures, postgresqlSpellingQuery } from './postgresql-fixtures.ts';

for (const version of [11, 14, 18]) {
  const engine = reach('postgres', { POSTGRES_VERSION: `${version}` });
  onEngine(engine, () => {
    const at = { host: engine['POSTGRES_HOST'], port: Number(engine['POSTGRES_PORT']) };
    const reader = { ...at, user: engine['POSTGRES_USER'], password: engine['POSTGRES_PASSWORD'] };
    const admin = { ...at, user: engine['POSTGRES_ADMIN_USER'], password: engine['POSTGRES_ADMIN_PASSWORD'] };

    describe(`PostgreSQL ${version} introspection`, () => {
      const own = { ...admin, database: `introspect_${process.pid}` };

      beforeAll(async () => {
        await using client = await connectToPostgresql({ ...admin, database: 'postgres' });
        await client.query(`create database ${own.database} template template0`);
        await using inside = await connectToPostgresql(own);
        await inside.query(renderPostgresqlFixtures(version));
      });

      afterAll(async () => {
        await using client = await connectToPostgresql({ ...admin, database: 'postgres' });
        await client.query(`drop database if exists ${own.database}`);
      });

      test('returns every kind of relation in one batch of statements', async () => {
        const { tables, missing, flights } = await read({ ...reader, database: 'shop' });
        const kinds = Object.fromEntries(tables.map(({ schema, name, kind }) => [`${schema}.${name}`, kind]));
        expect(kinds).toMatchObject({
          'hidden.ledger': 'table',
          'shop.customers': 'table',
          'shop.events': 'table',
          'shop.events_2025': 'partition',
          'shop.imported': 'foreign_table',
          'shop.open_orders': 'view',
          'shop.sales': 'materialized_view',
        });
        expect(missing).toEqual([]);
        expect(flights).toBe(1);
      });

      test('returns columns with type, kind, default, comment and position', async () => {
        const { column, table } = await read({ ...reader, database: 'shop' });
        expect(column('customers', 'id')).toEqual({
        name: 'id', type: 'bigint', kind: 'integer', nullable: false, default: null, generated: 'identity', comment: null, position: 1,
      }); // prettier-ignore
        expect(column('customers', 'email')).toMatchObject({
          type: 'shop.email',
          kind: 'string',
          nullable: false,
          comment: 'Where the bill goes; "unique"',
        });
        expect(column('customers', 'tags')).toMatchObject({
          type: 'text[]',
          kind: 'array',
          default: "'{}'::text[]",
        });
        expect(column('products', 'price')).toMatchObject({
          type: 'numeric(12,2)',
          kind: 'decimal',
          default: '0.00',
        });
        expect(column('orders', 'state')).toMatchObject({
          type: 'shop.state',
          kind: 'string',
          default: "'new'::shop.state",
        });
        expect(table('order_lines')?.columns.map(({ name }) => name)).toEqual([
          'region',
          'order_id',
          'line',
          'sku',
          'quantity',
        ]);
        if (version >= 12)
          expect(column('invoices', 'gross')).toMatchObject({ generated: 'stored', default: '(net + tax)' });
        if (version >= 18)
          expect(column('quotes', 'gross')).toMatchObject({ generated: 'virtual', default: '(net + tax)' });
      });

      test('returns keys, indexes, comments, row counts, sizes and parents', async () => {
        const { table } = await read({ ...reader, database: 'shop' });
        expect(table('customers')).toMatchObject({
          comment: 'Everybody who ever bought',
          rows: 500,
          size_bytes: 221_184,
          primary_key: ['id'],
          indexes: [
            { name: 'customers_email', columns: ['lower((email)::text)'], unique: true },
            { name: 'customers_name', columns: ['name', 'created_at'], unique: false },
            { name: 'customers_pkey', columns: ['id'], unique: true },
            { name: 'customers_recent', columns: ['created_at'], unique: false },
          ],
        });
        expect(table('order_lines')).toMatchObject({
          primary_key: ['order_id', 'region', 'line'],
          foreign_keys: [
            {
              name: 'lines_order',
              columns: ['region', 'order_id'],
              references: { schema: 'shop', table: 'orders', columns: ['region', 'id'] },
            },
            {
              name: 'lines_product',
              columns: ['sku'],
              references: { schema: 'shop', table: 'products', columns: ['sku'] },
            },
          ],
        });
        expect(table('products')).toMatchObject({ rows: null, size_bytes: null });
        expect(table('events_2025_click')).toMatchObject({ parent: 'shop.events_2025' });
        expect(table('open_orders')).toMatchObject({
          comment: 'Not yet paid',
          rows: null,
          size_bytes: null,
          parent: null,
        });
      });

      test('passes a thousand tables to the sink in order, and waits for the sink', async () => {
        await using client = await connectToPostgresql({ ...reader, database: 'many' });
        const names: string[] = [];
        let busy = false;
        const sink = async (batch: readonly Table[]) => {
          expect(busy).toBe(false);
          busy = true;
          await new Promise(setImmediate);
          names.push(...batch.map(({ name }) => name));
          busy = false;
        };
        await introspectPostgresql(client, { schemas: ['warehouse'], excludedSchemas: [] }, sink, {
          queryTimeoutMs: 20_000,
        });
        expect(names).toHaveLength(1_000);
        expect(names).toEqual(names.toSorted());
      });

      test('returns names with any characters', async () => {
        const { table } = await read({ ...reader, database: 'odd' });
        expect(table('a.b')?.columns.map(({ name }) => name)).toEqual([
        'c.d', 'with space', 'with "quote"', 'with, comma', '{brace}', 'back\\slash',
      ]); // prettier-ignore
        expect(table('Ünïcödé 表 🚢')).toMatchObject({
          foreign_keys: [
            {
              columns: ['表'],
              references: { schema: 'Odd schema.with "quotes"', table: 'a.b', columns: ['c.d'] },
            },
          ],
        });
        expect(table("it's")?.comment).toBe(`it's "quoted", with ünïcödé 表 and a\nnew line`);
        expect(table('no_columns')?.columns).toEqual([]);
      });

      test('returns names that contain its own separator', async () => {
        const { table, flights } = await read(own);
        expect(table('split\x1fhere')).toMatchObject({
          columns: [{ name: 'a\x1fb' }, { name: 'c' }],
          comment: '\x1f',
        });
        expect(flights).toBeLessThanOrEqual(3);
      });

      test('spells every type and index as the server does', async () => {
        const { tables } = await read(own);
        await using client = await connectToPostgresql(own);
        await client.query('set search_path = public');
        const { rows } = await client.query<{ place: string; types: string[]; indexes: string[][] }>(
          postgresqlSpellingQuery,
        );
        const told = tables.map(({ schema, name, columns, indexes }) => ({
          place: `${schema}.${name}`,
          types: columns.map(({ type }) => type),
          indexes: indexes.map((index) => index.columns),
        }));
        expect(told.toSorted(byPlace)).toEqual(rows.toSorted(byPlace));
      });

      // Earlier versions have no foreign keys to partitioned tables.
      if (version >= 12)
        test('leaves out the internal foreign keys of a key to a partitioned table', async () => {
          const { table } = await read(own);
          expect(table('pointing')?.foreign_keys).toEqual([
            {
              name: 'to_parts',
              columns: ['part'],
              references: { schema: 'public', table: 'parts', columns: ['id'] },
              valid: true,
            },
          ]);
        });

      test('returns no row count when the statistics are not a count', async () => {
        await using client = await connectToPostgresql(own);
        const asked = `select reltuples::text from pg_class where relname = 'target'`;
        const { rows: before } = await client.query(asked);
        for (const [written, rows] of [
          ['NaN', null],
          ['Infinity', null],
          ['1e38', null],
          ['-7', null],
          ['42', 42],
        ]) {
          await client.query(`update pg_class set reltuples = $1 where relname = 'target'`, [written]);
          expect([written, (await read(own)).table('target')?.rows]).toEqual([written, rows]);
        }
        await client.query(`update pg_class set reltuples = $1 where relname = 'target'`, [
          before[0].reltuples,
        ]);
      });

      test('names the table that a foreign key references outside of the scope', async () => {
        const { tables, missing } = await read(own, { schemas: ['inside'], excludedSchemas: [] });
        expect(tables).toMatchObject([
          {
            schema: 'inside',
            name: 'child',
            foreign_keys: [{ references: { schema: 'public', table: 'target', columns: ['b'] } }],
          },
        ]);
        expect(missing).toEqual([]);
      });

      test('reads only the schemas of its scope, matched by full name', async () => {
        const long = `l${'o'.repeat(62)}`;
        const schemasOf = async (scope: CatalogScope) => {
          const { tables, missing } = await read(own, scope);
          return {
            schemas: [...new Set(tables.map(({ schema }) => schema))],
            missing: missing.map(({ reason, count }) => [reason, count]),
          };
        };
        const absent = ["'; drop schema inside --", 'no\0body', '\\', `${long}ng`];
        expect(await schemasOf({ schemas: [long, ...absent], excludedSchemas: [] })).toEqual({
          schemas: [long],
          missing: [['schemas-not-found', 4]],
        });
        expect(await schemasOf({ excludedSchemas: ['public', ...absent] })).toEqual({
          schemas: ['inside', long],
          missing: [],
        });
        expect(await schemasOf({ schemas: [], excludedSchemas: [] })).toEqual({ schemas: [], missing: [] });
      });

      test('returns the readable columns, and reports tables and columns without SELECT', async () => {
        const partial = { ...at, user: 'mooring_partial', password: 'partial', database: 'shop' };
        const { table, missing, flights } = await read(partial);
        expect(table('customers')?.columns.map(({ name }) => name)).toEqual(['id', 'name']);
        expect(table('secrets')).toBeUndefined();
        expect(missing).toMatchObject([
          {
            reason: 'tables-denied',
            remediation: expect.stringContaining('GRANT SELECT ON shop.secrets TO mooring_partial;'),
          },
          {
            reason: 'columns-denied',
            count: 1,
            remediation: 'GRANT SELECT ON shop.customers TO mooring_partial;',
          },
        ]);
        expect(flights).toBe(2);
      });

      test('reports the missing grants of an account that sees no table', async () => {
        const { tables, missing } = await read({
          ...at,
          user: 'mooring_nobody',
          password: 'nobody',
          database: 'shop',
        });
        expect(tables).toEqual([]);
        expect(missing).toMatchObject([
          {
            reason: 'tables-denied',
            remediation: expect.stringContaining('GRANT USAGE ON SCHEMA shop TO mooring_nobody;'),
          },
        ]);
      });

      test('stops at its time limit, and restores the settings of the connection', async () => {
        await using blocker = await connectToPostgresql(own);
        await using client = await connectToPostgresql(own);
        await blocker.query('begin; lock table pg_catalog.pg_description in access exclusive mode');
        const again = () => introspectPostgresql(client, everything, () => {}, { queryTimeoutMs: 300 });
        await expect(again()).rejects.toMatchObject({ code: '57014' });
        await blocker.query('rollback');
        await expect(
          introspectPostgresql(client, everything, () => {}, { queryTimeoutMs: 20_000 }),
        ).resolves.toEqual([]);
        const { rows } = await client.query('show statement_timeout');
        expect(rows).toEqual([{ statement_timeout: '0' }]);
      });
    });
  });
}

const pooler = reach('pgbouncer');
onEngine(pooler, () => {
  test('PostgreSQL introspection works through PgBouncer, which passes on neither startup parameters nor prepared statements', async () => {
    const { tables, missing } = await read({
      host: pooler['PGBOUNCER_HOST'],
      port: Number(pooler['PGBOUNCER_PORT']),
      user: pooler['PGBOUNCER_USER'],
      password: pooler['PGBOUNCER_PASSWORD'],
      database: pooler['PGBOUNCER_DATABASE'],
    });
    expect(tables.map(({ name }) => name)).toContain('customers');
    expect(missing).toEqual([]);
  });
});

const byPlace = (a: { readonly place: string }, b: { readonly place: string }) =>
  a.place < b.place ? -1 : 1;
