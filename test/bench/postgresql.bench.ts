import pg from 'pg';
import type { Bench, Row } from './bench.ts';
import { bundleReader, installPeers, generateSql, race, startEngine } from './race.ts';

/** Measures whole catalogs of PostgreSQL, on one server, in one run. */
export const bench: Bench = {
  name: 'postgresql',
  run: async ({ large, peers }) => {
    if (peers) await installPeers();
    await using ours = await bundleReader('postgresql-ours.ts');
    await using _ = await startEngine('postgres', { POSTGRES_TLS: 'off', POSTGRES_PORT: '23890' });
    const rows: Row[] = [];
    for (const size of [100, 1_000, 10_000, ...(large ? [100_000] : [])]) {
      await load(size);
      rows.push(...(await measure(size, ours.file, peers && size <= 10_000)));
    }
    return rows;
  },
};

const urlOf = (user: string, password: string, database: string) =>
  `postgres://${user}:${password}@127.0.0.1:23890/${database}`;

const measure = (size: number, ours: string, peers: boolean) => {
  const url = urlOf('mooring_admin', 'admin', `bench_${size}`);
  const ordinary = urlOf('mooring_bench', 'bench', `bench_${size}`);
  const reader = (who: string, script: string, at: string, ...more: readonly string[]) => ({
    who,
    script,
    args: (runs: number) => [at, `${runs}`, ...more],
  });
  return race({
    about: { tables: size },
    turns: size > 10_000 ? 1 : 5,
    runs: size > 10_000 ? 1 : 5,
    limit: reader('the limit, with pg', 'postgres-limit.mjs', url),
    ours: [reader('ours', ours, url), reader('ours, not a superuser', ours, ordinary)],
    apart: [
      reader('ours, streaming', ours, url, 'stream'),
      ...(peers ? ['kysely', 'dbgate', 'pg-structure', 'postgres-meta'] : []).map((who) => ({
        who,
        script: 'postgresql-peers.mjs',
        args: (runs: number) => [who, url, `${runs}`],
        runs: size > 1_000 ? 1 : 5,
      })),
    ],
  });
};

const load = async (size: number) => {
  const statements = await generateSql('postgres-schema.mjs', `${size}`);
  await using outside = await connect(urlOf('mooring_admin', 'admin', 'postgres'));
  await outside.query(`create database bench_${size}`);
  await outside.query(
    `do $$ begin create role mooring_bench login password 'bench'; exception when duplicate_object then null; end $$`,
  );
  await using client = await connect(urlOf('mooring_admin', 'admin', `bench_${size}`));
  for (const part of statements.split(/(?<=^commit;)$/m)) await client.query(part);
  await client.query(grants);
  await client.query('vacuum analyze');
};

const grants = `do $$ declare s text; begin
  for s in select nspname from pg_namespace where nspname !~ '^pg_' loop
    execute format('grant usage on schema %I to mooring_bench', s);
    execute format('grant select on all tables in schema %I to mooring_bench', s);
  end loop; end $$`;

const connect = async (connectionString: string) => {
  const client = new pg.Client({ connectionString });
  await client.connect();
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.end() });
};
