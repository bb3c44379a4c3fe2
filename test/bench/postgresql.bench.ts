import { build } from 'esbuild';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import type { Bench, Row } from './bench.ts';

/**
 * Whole catalogs of PostgreSQL: the hand-tuned limit, ours and others', each in a process of its own, on one server, in one run. Ours
 * is bundled, as it is shipped. The limit and ours take turns, so that a busy machine is busy for both; a ratio is the median of the
 * turns'. MB are those of a process that read once.
 */
export const bench: Bench = {
  name: 'postgresql',
  run: async ({ large, peers }) => {
    if (peers) await installPeers();
    const folder = await mkdtemp(join(tmpdir(), 'mooring-bench-'));
    const server = await startServer();
    try {
      const ours = await bundleOurs(folder);
      const rows: Row[] = [];
      for (const size of [100, 1_000, 10_000, ...(large ? [100_000] : [])]) {
        await load(server, size);
        rows.push(...(await measure(server, size, ours, peers && size <= 10_000)));
      }
      return rows;
    } finally {
      await engine('stop');
      await rm(folder, { recursive: true });
    }
  },
};

interface Measured {
  readonly tables: number;
  readonly columns: number;
  readonly median_ms: number;
  readonly min_ms: number;
  readonly rss_mb: number;
}

const here = import.meta.dirname;
const run = promisify(execFile);

const measure = async (server: Server, size: number, ours: string, peers: boolean): Promise<Row[]> => {
  const url = server.url('mooring_admin', 'admin', `bench_${size}`);
  const ordinary = server.url('mooring_bench', 'bench', `bench_${size}`);
  const turns = size > 10_000 ? 1 : 5;
  const each = size > 10_000 ? '1' : '5';
  const [limits, our, theirs]: Measured[][] = [[], [], []];
  for (let turn = 0; turn < turns; turn++) {
    limits?.push(await timed('postgres-limit.mjs', url, each));
    our?.push(await timed(ours, url, each));
    theirs?.push(await timed(ours, ordinary, each));
  }
  const baseline = limits ?? [];
  if (our?.[0]?.columns !== baseline[0]?.columns)
    throw new Error('Expected as many columns as the limit finds');
  const row = (who: string, found: readonly Measured[], rss: number): Row => ({
    tables: size,
    who,
    ms: rounded(median(found.map(({ median_ms }) => median_ms))),
    'best ms': rounded(Math.min(...found.map(({ min_ms }) => min_ms))),
    '× limit': rounded(
      median(found.map((one, i) => one.median_ms / (baseline[i] ?? baseline[0] ?? one).median_ms)),
      2,
    ),
    MB: rss,
  });
  const once = async (script: string, at: string, ...more: string[]) =>
    (await timed(script, at, '1', ...more)).rss_mb;
  const rows = [
    row('the limit, with pg', baseline, await once('postgres-limit.mjs', url)),
    row('ours', our ?? [], await once(ours, url)),
    row('ours, not a superuser', theirs ?? [], await once(ours, ordinary)),
    row('ours, streaming', [await timed(ours, url, each, 'stream')], await once(ours, url, 'stream')),
  ];
  if (!peers) return rows;
  for (const peer of ['kysely', 'dbgate', 'pg-structure', 'postgres-meta']) {
    const found = await timed('postgresql-peers.mjs', peer, url, size > 1_000 ? '1' : '5');
    rows.push(row(peer, [found], (await timed('postgresql-peers.mjs', peer, url, '1')).rss_mb));
  }
  return rows;
};

/** The last line is the result; some tools log before it. */
const timed = async (script: string, ...args: readonly string[]): Promise<Measured> => {
  const { stdout } = await run(process.execPath, [script, ...args], {
    cwd: here,
    timeout: 600_000,
    maxBuffer: 1 << 26,
  });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
};

const bundleOurs = async (folder: string): Promise<string> => {
  const outfile = join(folder, 'ours.cjs');
  await build({
    entryPoints: [join(here, 'postgresql-ours.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    external: ['pg-native'],
    logLevel: 'error',
  });
  return outfile;
};

interface Server {
  readonly url: (user: string, password: string, database: string) => string;
}

const engine = async (command: string) =>
  (
    await run(join(here, '../engines/postgres'), [command], {
      env: { ...process.env, POSTGRES_TLS: 'off', POSTGRES_PORT: '23890', INSTANCE: 'bench' },
    })
  ).stdout;

const startServer = async (): Promise<Server> => {
  await engine('start');
  return {
    url: (user, password, database) => `postgres://${user}:${password}@127.0.0.1:23890/${database}`,
  };
};

const load = async ({ url }: Server, size: number) => {
  const { stdout } = await run(process.execPath, ['postgres-schema.mjs', `${size}`], {
    cwd: here,
    maxBuffer: 1 << 30,
  });
  await using outside = await connect(url('mooring_admin', 'admin', 'postgres'));
  await outside.query(`create database bench_${size}`);
  await outside.query(
    `do $$ begin create role mooring_bench login password 'bench'; exception when duplicate_object then null; end $$`,
  );
  await using client = await connect(url('mooring_admin', 'admin', `bench_${size}`));
  for (const part of stdout.split(/(?<=^commit;)$/m)) await client.query(part);
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

/** Nested, so that what they bring is theirs alone: `pg` here is the project's. */
const installPeers = async () => {
  if (existsSync(join(here, 'node_modules/kysely'))) return;
  await run(
    'npm',
    [
      'install',
      '--no-audit',
      '--no-fund',
      '--ignore-scripts',
      '--no-package-lock',
      '--install-strategy=nested',
    ],
    {
      cwd: here,
    },
  );
};

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN;

const rounded = (value: number, digits = value < 100 ? 1 : 0) => Number(value.toFixed(digits));
