import { build } from 'esbuild';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import mysql2 from 'mysql2';
import type { Bench, Row } from './bench.ts';

/**
 * Whole catalogs of MySQL and MariaDB: the hand-tuned limit, ours and others', each in a process of its own, on one server, in one run.
 * Ours is bundled, as it is shipped. The limit and ours take turns, so that a busy machine is busy for both; a ratio is the median of
 * the turns'. MB are those of a process that read once.
 */
export const bench: Bench = {
  name: 'mysql',
  run: async ({ peers }) => {
    if (peers) await installPeers();
    const folder = await mkdtemp(join(tmpdir(), 'mooring-bench-'));
    try {
      const ours = await bundleOurs(folder);
      const rows: Row[] = [];
      for (const server of servers) {
        await engine(server, 'start');
        try {
          for (const size of [100, 1_000, 10_000]) {
            await load(server, size);
            rows.push(...(await measure(server, size, ours, peers)));
          }
        } finally {
          await engine(server, 'stop');
        }
      }
      return rows;
    } finally {
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

interface Server {
  readonly script: 'mysql' | 'mariadb';
  readonly port: number;
}

const servers: readonly Server[] = [
  { script: 'mysql', port: 23891 },
  { script: 'mariadb', port: 23892 },
];

const here = import.meta.dirname;
const run = promisify(execFile);

const measure = async (server: Server, size: number, ours: string, peers: boolean): Promise<Row[]> => {
  const url = `mysql://mooring_bench:bench@127.0.0.1:${server.port}/bench_${size}`;
  const [limits, our, more]: Measured[][] = [[], [], []];
  for (let turn = 0; turn < 7; turn++) {
    limits?.push(await timed('mysql-limit.mjs', url, '5'));
    our?.push(await timed(ours, url, '5', 'hold', '2'));
    more?.push(await timed(ours, url, '5', 'hold', '3'));
  }
  const baseline = limits ?? [];
  if (our?.[0]?.columns !== baseline[0]?.columns)
    throw new Error('Expected as many columns as the limit finds');
  const row = (who: string, found: readonly Measured[], rss: number): Row => ({
    server: server.script,
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
  const once = async (script: string, ...args: string[]) => (await timed(script, ...args)).rss_mb;
  const rows = [
    row('the limit, 2 or 3 connections', baseline, await once('mysql-limit.mjs', url, '1')),
    row('ours, 2 connections', our ?? [], await once(ours, url, '1')),
    row('ours, 3 connections', more ?? [], await once(ours, url, '1', 'hold', '3')),
    row('ours, streaming', [await timed(ours, url, '5', 'stream')], await once(ours, url, '1', 'stream')),
  ];
  if (!peers) return rows;
  for (const peer of ['kysely', 'dbgate', 'mikro-orm']) {
    // Some take minutes: who needs more than one is told so.
    const found = await timed('mysql-peers.mjs', peer, url, size > 1_000 ? '1' : '3').catch(onlyTooLong);
    rows.push(
      found
        ? row(peer, [found], found.rss_mb)
        : { ...tooLong, server: server.script, tables: size, who: peer },
    );
  }
  return rows;
};

/** One that fails for another reason is not slow, and would be a comparison with nothing. */
const onlyTooLong = (error: unknown): undefined => {
  if (!(error instanceof Error && 'killed' in error && error.killed)) throw error;
};

const longest = 60_000;
const tooLong = { server: '', tables: 0, who: '', ms: `> ${longest}`, 'best ms': '', '× limit': '', MB: '' };

/** The last line is the result; some tools log before it. */
const timed = async (script: string, ...args: readonly string[]): Promise<Measured> => {
  const { stdout } = await run(process.execPath, [script, ...args], {
    cwd: here,
    timeout: script.endsWith('peers.mjs') ? longest : 600_000,
    maxBuffer: 1 << 26,
  });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
};

const bundleOurs = async (folder: string): Promise<string> => {
  const outfile = join(folder, 'ours.cjs');
  await build({
    entryPoints: [join(here, 'mysql-ours.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    logLevel: 'error',
  });
  return outfile;
};

const engine = async ({ script, port }: Server, command: string) => {
  const prefix = script.toUpperCase();
  const variables = { [`${prefix}_TLS`]: 'off', [`${prefix}_PORT`]: String(port), INSTANCE: 'bench' };
  await run(join(here, '../engines', script), [command], {
    env: { ...process.env, ...variables },
    maxBuffer: 1 << 26,
  });
};

const load = async ({ port }: Server, size: number) => {
  const database = `bench_${size}`;
  const { stdout } = await run(process.execPath, ['mysql-schema.mjs', `${size}`, '1', database], {
    cwd: here,
    maxBuffer: 1 << 30,
  });
  const client = mysql2.createConnection({
    host: '127.0.0.1',
    port,
    user: 'mooring_admin',
    password: 'admin',
  });
  const say = promisify<string, unknown>((sql, done) => void client.query(sql, done));
  try {
    await say('set global innodb_flush_log_at_trx_commit = 0');
    for (const line of stdout.split('\n')) if (line) await say(line);
    await say(`create user if not exists mooring_bench identified by 'bench'`);
    // Some peers read the text of views.
    await say(`grant select, show view on \`bench\\_${size}\`.* to mooring_bench`);
  } finally {
    client.destroy();
  }
};

/** Nested, so that what they bring is theirs alone: `mysql2` here is the project's. */
const installPeers = async () => {
  if (existsSync(join(here, 'node_modules/dbgate-plugin-mysql'))) return;
  const flags = '--no-audit --no-fund --ignore-scripts --no-package-lock --install-strategy=nested';
  await run('npm', ['install', ...flags.split(' ')], { cwd: here });
};

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN;

const rounded = (value: number, digits = value < 100 ? 1 : 0) => Number(value.toFixed(digits));
