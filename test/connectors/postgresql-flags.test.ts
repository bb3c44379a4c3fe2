import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { onEngine, reach } from '../engines/reach.ts';
import { connectToPostgresql, collectPostgresqlCatalog as read } from './collect-postgresql-catalog.ts';

const furniture = (version: number) => `
  create table target (a int, b int primary key);
  create table parts (id int primary key) partition by range (id);
  create table part_1 partition of parts for values from (1) to (10);
  create table flagged (a int primary key, b int, c text, d text);
  insert into flagged values (1, 1, 'x', ''), (2, 1, 'y', '');
  create unique index live on flagged (b) where c is null and d <> '\x1f, ';
  create index plain on flagged (b);
  alter table flagged add constraint checked foreign key (a) references flagged,
    add constraint unchecked foreign key (b) references target not valid;
  create index on_parent_alone on only parts (id);
  create domain tags as varchar[] not null;
  create domain more_tags as tags;
  create domain code as text;
  create domain required_code as code not null;
  create table domains (a tags, b more_tags, c required_code, d code, e required_code[]);
  create view joined as select d.a, d.c from flagged f left join domains d on d.c = f.c;
  create table large (i int primary key, t text);
  ${version >= 12 ? 'create table made (a int, b int generated always as (a + 1) stored, c int not null generated always as (1) stored);' : ''}
  ${version >= 18 ? 'create table hastened (a int, b int not null); alter table hastened add constraint later not null a not valid;' : ''}`;

for (const version of [11, 14, 18]) {
  const engine = reach('postgres', { POSTGRES_VERSION: `${version}` });
  onEngine(engine, () => {
    const admin = {
      host: engine['POSTGRES_HOST'],
      port: Number(engine['POSTGRES_PORT']),
      user: engine['POSTGRES_ADMIN_USER'],
      password: engine['POSTGRES_ADMIN_PASSWORD'],
    };

    describe(`PostgreSQL ${version} introspection`, () => {
      const own = { ...admin, database: `flags_${process.pid}` };

      beforeAll(async () => {
        await using client = await connectToPostgresql({ ...admin, database: 'postgres' });
        await client.query(`create database ${own.database} template template0`);
        await using inside = await connectToPostgresql(own);
        await inside.query(furniture(version));
      });

      afterAll(async () => {
        await using client = await connectToPostgresql({ ...admin, database: 'postgres' });
        await client.query(`drop database if exists ${own.database}`);
      });

      test('reports index predicates, and invalid indexes and foreign keys', async () => {
        await using client = await connectToPostgresql(own);
        const twice = `create unique index concurrently failed on flagged (b)`;
        await expect(client.query(twice)).rejects.toMatchObject({ code: '23505' });
        const { table } = await read(own);
        expect(table('flagged')?.indexes).toEqual([
          { name: 'failed', columns: ['b'], unique: true, predicate: null, valid: false },
          { name: 'flagged_pkey', columns: ['a'], unique: true, predicate: null, valid: true },
          {
            name: 'live',
            columns: ['b'],
            unique: true,
            predicate: "((c IS NULL) AND (d <> '\x1f, '::text))",
            valid: true,
          },
          { name: 'plain', columns: ['b'], unique: false, predicate: null, valid: true },
        ]);
        expect(table('parts')?.indexes).toMatchObject([
          { name: 'on_parent_alone', valid: false },
          { name: 'parts_pkey', valid: true },
        ]);
        expect(table('flagged')?.foreign_keys).toMatchObject([
          { name: 'checked', valid: true },
          { name: 'unchecked', valid: false },
        ]);
      });

      test('reports whether a column is nullable, through domains and views', async () => {
        const { table } = await read(own);
        const nullable = (name: string) =>
          Object.fromEntries(table(name)?.columns.map((column) => [column.name, column.nullable]) ?? []);
        expect(nullable('domains')).toEqual({ a: false, b: false, c: false, d: true, e: true });
        expect(table('domains')?.columns.map(({ kind }) => kind)).toEqual([
        'array', 'array', 'string', 'string', 'array',
      ]); // prettier-ignore
        expect(nullable('joined')).toEqual({ a: true, c: true });
        if (version >= 12) expect(nullable('made')).toEqual({ a: true, b: true, c: false });
        if (version >= 18) expect(nullable('hastened')).toEqual({ a: true, b: false });
      });

      test('includes indexes and TOAST data in the size of a table, and reports the time of the statistics', async () => {
        await using client = await connectToPostgresql(own);
        await client.query(`alter table large alter t set storage external;
        insert into large select i, repeat(md5(i::text), 300) from generate_series(1, 400) i`);
        await client.query('vacuum analyze large');
        const { rows } = await client.query<
          Record<'heap' | 'toast' | 'key' | 'total', string> & { now: Date }
        >(
          `select pg_relation_size(c.oid) as heap, pg_relation_size(c.reltoastrelid) as toast, pg_indexes_size(c.oid) as key,
          pg_total_relation_size(c.oid) as total, clock_timestamp() as now from pg_class c where relname = 'large'`,
        );
        const [sizes] = rows;
        if (!sizes) throw new Error('expected a table');
        let large = (await read(own)).table('large');
        // Before version 15, statistics arrive at the server with a delay.
        while (large?.statistics_at === null) large = (await read(own)).table('large');
        expect(large?.rows).toBe(400);
        expect(Number(sizes.toast)).toBeGreaterThan(4 * Number(sizes.heap));
        expect(large?.size_bytes).toBeGreaterThanOrEqual(
          Number(sizes.heap) + Number(sizes.toast) + Number(sizes.key),
        );
        expect(large?.size_bytes).toBeLessThanOrEqual(Number(sizes.total));
        expect(large?.statistics_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
        const age = sizes.now.getTime() - Date.parse(large?.statistics_at ?? '');
        expect(age).toBeGreaterThan(-2000);
        expect(age).toBeLessThan(120_000);
      });
    });
  });
}
