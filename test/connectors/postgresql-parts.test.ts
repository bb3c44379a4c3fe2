import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { onEngine, reach } from '../engines/reach.ts';
import { connectToPostgresql, collectPostgresqlCatalog } from './collect-postgresql-catalog.ts';

for (const version of [11, 14, 18]) {
  const engine = reach('postgres', { POSTGRES_VERSION: `${version}` });
  onEngine(engine, () => {
    describe(`PostgreSQL ${version} introspection when the server cannot render one default`, () => {
      const database = `parts_${process.pid}`;
      const admin = {
        host: engine['POSTGRES_HOST'] ?? '',
        port: Number(engine['POSTGRES_PORT']),
        user: engine['POSTGRES_ADMIN_USER'] ?? '',
        password: engine['POSTGRES_ADMIN_PASSWORD'] ?? '',
      };

      beforeAll(async () => {
        await using client = await connectToPostgresql({ ...admin, database: 'postgres' });
        await client.query(`create database ${database} template template0`);
        await using inside = await connectToPostgresql({ ...admin, database });
        // The enum label no longer exists. As after an upgrade that lost a library, the server fails wherever
        // it reads a value of the type.
        await inside.query(`
        create schema broken; create schema sound;
        create type broken.mood as enum ('good', 'bad');
        create table broken.people (id int primary key, mood broken.mood default 'good');
        create table sound.orders (id int primary key, note text default 'none', total int default 1);
        create index by_note on sound.orders (note);
        create index by_lower on sound.orders (lower(note));
        create index of_some on sound.orders (total) where total > 0;
        delete from pg_enum where enumlabel = 'good' and enumtypid = 'broken.mood'::regtype;`);
      });
      afterAll(async () => {
        await using client = await connectToPostgresql({ ...admin, database: 'postgres' });
        await client.query(`drop database if exists ${database}`);
      });

      test('returns everything except expressions', async () => {
        const { tables, missing, table } = await collectPostgresqlCatalog({ ...admin, database });
        expect(tables.map(({ schema, name }) => `${schema}.${name}`)).toEqual([
          'broken.people',
          'sound.orders',
        ]);
        expect(table('people')?.columns).toMatchObject([{ name: 'id' }, { name: 'mood', default: null }]);
        expect(table('orders')?.columns.map((column) => column.default)).toEqual([null, null, null]);
        expect(table('orders')?.indexes.map(({ name }) => name)).toEqual(['by_note', 'orders_pkey']);
        expect(missing).toEqual([
          { reason: 'expressions-unread', remediation: expect.stringContaining('pg_get_expr') },
        ]);
      });

      test.each([
        ['is excluded', { excludedSchemas: ['broken'] }],
        ['was not asked for', { schemas: ['sound'], excludedSchemas: [] }],
      ])('returns everything when the schema with the failure %s', async (_, scope) => {
        const { tables, missing, column, table } = await collectPostgresqlCatalog(
          { ...admin, database },
          scope,
        );
        expect(tables.map(({ name }) => name)).toEqual(['orders']);
        expect(column('orders', 'note')?.default).toBe("'none'::text");
        expect(table('orders')?.indexes.length).toBe(4);
        expect(missing).toEqual([]);
      });
    });
  });
}
