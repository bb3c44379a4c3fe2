#!/usr/bin/env node
// node postgresql-peers.mjs PEER URL [RUNS]: measures how other tools read a whole PostgreSQL catalog through
// their public API, connecting included. Prints one line of JSON like postgres-limit.mjs. The tools are
// development dependencies of this folder only.
import { dbgate } from './dbgate.mjs';
import { tellTimes } from './tell-times.mjs';

const [peer, url, runs = '3'] = process.argv.slice(2);
const { hostname, port, username, password, pathname } = new URL(url);
const at = {
  host: hostname,
  port: Number(port),
  user: decodeURIComponent(username),
  password: decodeURIComponent(password),
  database: pathname.slice(1),
};

const peers = {
  kysely: async () => {
    const { Kysely, PostgresDialect } = await import('kysely');
    const { default: pg } = await import('pg');
    return async () => {
      const db = new Kysely({ dialect: new PostgresDialect({ pool: new pg.Pool({ ...at, max: 1 }) }) });
      const tables = await db.introspection.getTables();
      await db.destroy();
      return { tables: tables.length, columns: tables.reduce((n, table) => n + table.columns.length, 0) };
    };
  },

  dbgate: () => dbgate('postgres', at),

  'pg-structure': async () => {
    const { default: pgStructure } = (await import('pg-structure')).default;
    return async () => {
      const db = await pgStructure(at, { includeSystemSchemas: false });
      return { tables: db.entities.length, columns: db.entities.reduce((n, entity) => n + entity.columns.length, 0) };
    };
  },

  'postgres-meta': async () => {
    const { PostgresMeta } = await import('@supabase/postgres-meta');
    const { getGeneratorMetadata } = await import('@supabase/postgres-meta/dist/lib/generators.js');
    return async () => {
      const db = new PostgresMeta({ connectionString: url, max: 1 });
      const { data, error } = await getGeneratorMetadata(db, { excludedSchemas: [] });
      await db.end();
      if (error) throw new Error(error.message);
      const { tables, views, materializedViews, columns } = data;
      return { tables: tables.length + views.length + materializedViews.length, columns: columns.length };
    };
  },
};

await tellTimes(await peers[peer](), runs);
