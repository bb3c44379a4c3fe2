import { promisify } from 'node:util';
import mysql2 from 'mysql2';
import type { Bench, Row } from './bench.ts';
import { bundleReader, installPeers, generateSql, race, startEngine } from './race.ts';

/** Measures whole catalogs of MySQL and MariaDB, on one server each, in one run. */
export const bench: Bench = {
  name: 'mysql',
  run: async ({ peers }) => {
    if (peers) await installPeers();
    await using ours = await bundleReader('mysql-ours.ts');
    const rows: Row[] = [];
    for (const server of servers) {
      const prefix = server.script.toUpperCase();
      await using _ = await startEngine(server.script, {
        [`${prefix}_TLS`]: 'off',
        [`${prefix}_PORT`]: String(server.port),
      });
      for (const size of [100, 1_000, 10_000]) {
        await load(server, size);
        rows.push(...(await measure(server, size, ours.file, peers)));
      }
    }
    return rows;
  },
};

interface Server {
  readonly script: 'mysql' | 'mariadb';
  readonly port: number;
}

const servers: readonly Server[] = [
  { script: 'mysql', port: 23891 },
  { script: 'mariadb', port: 23892 },
];

const measure = ({ script: server, port }: Server, size: number, ours: string, peers: boolean) => {
  const url = `mysql://mooring_bench:bench@127.0.0.1:${port}/bench_${size}`;
  const own = (how: string, ...more: readonly string[]) => ({
    who: `ours, ${how}`,
    script: ours,
    args: (runs: number) => [url, `${runs}`, ...more],
  });
  return race({
    about: { server, tables: size },
    turns: 7,
    runs: 5,
    limit: {
      who: 'the limit, 2 or 3 connections',
      script: 'mysql-limit.mjs',
      args: (runs) => [url, `${runs}`],
    },
    ours: [own('2 connections', 'hold', '2'), own('3 connections', 'hold', '3')],
    apart: [
      own('streaming', 'stream'),
      ...(peers ? ['kysely', 'dbgate', 'mikro-orm'] : []).map((who) => ({
        who,
        script: 'mysql-peers.mjs',
        args: (runs: number) => [who, url, `${runs}`],
        runs: size > 1_000 ? 1 : 3,
      })),
    ],
    patience: 60_000, // some tools would take minutes
  });
};

const load = async ({ port }: Server, size: number) => {
  const database = `bench_${size}`;
  const statements = await generateSql('mysql-schema.mjs', `${size}`, '1', database);
  const client = mysql2.createConnection({
    host: '127.0.0.1',
    port,
    user: 'mooring_admin',
    password: 'admin',
  });
  const say = promisify<string, unknown>((sql, done) => void client.query(sql, done));
  try {
    await say('set global innodb_flush_log_at_trx_commit = 0');
    for (const line of statements.split('\n')) if (line) await say(line);
    await say(`create user if not exists mooring_bench identified by 'bench'`);
    // Some tools read the definition of views.
    await say(`grant select, show view on \`bench\\_${size}\`.* to mooring_bench`);
  } finally {
    client.destroy();
  }
};
