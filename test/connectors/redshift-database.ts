import { readFile } from 'node:fs/promises';
import type { ClientConfig } from 'pg';
import { connectToPostgresql } from './collect-postgresql-catalog.ts';

const views = new URL('../engines/redshift.d/fixture.sql', import.meta.url);

/**
 * The external table is visible to every account in these views. Without it, an account sees what
 * PostgreSQL's own privileges allow.
 */
export const hideExternalTableSql = `do $$ declare name text; begin
  foreach name in array array['svv_tables', 'svv_columns'] loop
    execute format('create or replace view pg_catalog.%I as select * from (%s) everything where table_schema <> ''lake''',
      name, rtrim(pg_get_viewdef('pg_catalog.' || name), ';'));
  end loop; end $$`;

/**
 * A database for one test on a real PostgreSQL, with views named like Redshift's and with the given objects.
 */
export const createRedshiftDatabase = (engine: Readonly<Record<string, string>>, name = 'shop') => {
  const admin = {
    host: engine['POSTGRES_HOST'] ?? '',
    port: Number(engine['POSTGRES_PORT']),
    user: engine['POSTGRES_ADMIN_USER'] ?? '',
    password: engine['POSTGRES_ADMIN_PASSWORD'] ?? '',
  } satisfies ClientConfig;
  const database = `redshift_${name}_${process.pid}_${++count}`;
  const inside = () => connectToPostgresql({ ...admin, database });
  return {
    admin,
    database,
    inside,
    /** Each text is one transaction, or manages its own transactions. */
    start: async (...texts: readonly string[]) => {
      await using client = await connectToPostgresql({ ...admin, database: 'postgres' });
      await client.query(`create database ${database} template template0`);
      await using own = await inside();
      for (const text of [await readFile(views, 'utf8'), ...texts]) await own.query(text);
    },
    stop: async () => {
      await using client = await connectToPostgresql({ ...admin, database: 'postgres' });
      await client.query(`drop database if exists ${database} with (force)`);
    },
  };
};

let count = 0;
