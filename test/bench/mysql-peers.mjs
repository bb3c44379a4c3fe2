#!/usr/bin/env node
// node mysql-peers.mjs PEER URL [RUNS]: measures how other tools read a whole MySQL catalog through their
// public API, connecting included. Prints one line of JSON like mysql-limit.mjs. The tools are development
// dependencies of this folder only.
import { dbgate } from './dbgate.mjs';
import { tellTimes } from './tell-times.mjs';

const [peer, url, runs = '3'] = process.argv.slice(2);
const { hostname, port, username, password, pathname } = new URL(url);
const at = { host: hostname, port: Number(port), user: username, password, database: pathname.slice(1) };

const peers = {
  kysely: async () => {
    const { Kysely, MysqlDialect } = await import('kysely');
    const { default: mysql2 } = await import('mysql2');
    return async () => {
      const db = new Kysely({ dialect: new MysqlDialect({ pool: mysql2.createPool({ ...at, connectionLimit: 1 }) }) });
      const tables = await db.introspection.getTables();
      await db.destroy();
      return { tables: tables.length, columns: tables.reduce((n, table) => n + table.columns.length, 0) };
    };
  },

  dbgate: () => dbgate('mysql', at),

  'mikro-orm': async () => {
    const { MikroORM, EntitySchema } = await import('@mikro-orm/mysql');
    const entities = [new EntitySchema({ name: 'Nothing', properties: { id: { type: 'number', primary: true } } })];
    return async () => {
      const orm = await MikroORM.init({ entities, dbName: at.database, ...at, debug: false });
      const { DatabaseSchema } = await import('@mikro-orm/mysql');
      const schema = await DatabaseSchema.create(orm.em.getConnection(), orm.em.getPlatform(), orm.config);
      await orm.close();
      const tables = schema.getTables();
      return { tables: tables.length, columns: tables.reduce((n, table) => n + table.getColumns().length, 0) };
    };
  },
};

await tellTimes(await peers[peer](), runs);
