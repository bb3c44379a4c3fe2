import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { projectRoot } from '../../infra/build/bundle.ts';
import { toSlotMinute } from '../../shared/domain/schedule/slots.ts';
import { createSender, type Send, startFlags } from '../bench/local-server.ts';
import { summarizeLateness, toPercentile } from './lateness.ts';

const { values } = parseArgs({
  options: {
    connections: { type: 'string', default: '5000' },
    minutes: { type: 'string', default: '30' },
    help: { type: 'boolean', default: false },
  },
});

const help = `npm run load -- [--connections 5000] [--minutes 30]

Saves connections to the PostgreSQL engine of the tests at an npm start of its own, has each tested every 5 minutes, and prints how late the
tests were, how long requests waited and how much memory the server used. Needs: npm run engines -- start postgres`;

const INTERVAL_MINUTES = 5;

const main = async (): Promise<void> => {
  if (values.help) return void process.stdout.write(`${help}\n`);
  const [count, minutes] = [Number(values.connections), Number(values.minutes)];
  const database = readEngine();
  const folder = await mkdtemp(join(tmpdir(), 'mooring-load-'));
  const port = 18_988;
  const server = spawn(process.execPath, [...startFlags, 'infra/local/start.ts'], {
    cwd: projectRoot,
    env: {
      PATH: process.env['PATH'],
      PORT: String(port),
      MOORING_STATE: folder,
      MOORING_API_KEY: 'sk_of_the_load_test',
      MOORING_DEMO: 'off',
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  try {
    const send = createSender(`http://127.0.0.1:${port}`, 'sk_of_the_load_test');
    while ((await send('GET', '/v1/health').catch(() => undefined))?.status !== 200) await wait(50);
    const ids = await createConnections(send, count, database);
    print(`${count} connections saved`);
    const began = Math.ceil(Date.now() / 60_000) * 60_000; // tests that are due from here on are counted
    const ends = began + minutes * 60_000;
    const waits: number[] = [];
    const memory: { readonly at: number; readonly mb: number }[] = [];
    const tests = new Map(ids.map((id) => [id, new Set<number>()]));
    let failures = 0;
    // Every test is seen, because a connection is tested less often than all are read.
    for (let next = began; Date.now() < ends + 2 * 60_000; next += 120_000) {
      while (Date.now() < Math.min(next, ends + 2 * 60_000)) {
        const id = ids[Math.floor(Math.random() * ids.length)] ?? '';
        const sentAt = performance.now();
        await send('GET', `/v1/connections/${id}`);
        waits.push(performance.now() - sentAt);
        memory.push({ at: Date.now(), mb: await readMemory(server.pid ?? 0) });
        await wait(250);
      }
      failures += await readTests(send, tests);
      print(`${Math.round((Date.now() - began) / 60_000)} min: ${memory.at(-1)?.mb} MB`);
    }
    const late = [...tests].flatMap(([id, seen]) =>
      summarizeLateness([...seen], toSlotMinute(id.slice(5), INTERVAL_MINUTES), {
        began,
        ends,
        interval: INTERVAL_MINUTES,
      }),
    );
    const missed = late.filter((ms) => ms === undefined).length;
    const lateness = late.filter((ms) => ms !== undefined);
    const half = memory.slice(Math.floor(memory.length / 2));
    print(
      JSON.stringify(
        {
          connections: count,
          minutes,
          tests: lateness.length,
          missed,
          failures,
          // From the beginning of the minute in which the test is due; a minute is spread over 50 s.
          late_ms: {
            p50: toPercentile(lateness, 50),
            p99: toPercentile(lateness, 99),
            max: Math.max(...lateness),
          },
          request_ms: { p50: toPercentile(waits, 50), p99: toPercentile(waits, 99), max: Math.max(...waits) },
          memory_mb: {
            first: memory[0]?.mb,
            middle: half[0]?.mb,
            last: memory.at(-1)?.mb,
            max: Math.max(...memory.map(({ mb }) => mb)),
          },
        },
        undefined,
        2,
      ),
    );
  } finally {
    server.kill('SIGTERM');
    if (server.exitCode === null) await once(server, 'exit');
    await rm(folder, { recursive: true });
  }
};

const readEngine = (): Readonly<Record<string, string>> => {
  const text = execFileSync(join(projectRoot, 'test/engines/postgres'), ['env'], { encoding: 'utf8' });
  return Object.fromEntries(text.split('\n').flatMap((line) => [line.split(/=(.*)/s).slice(0, 2)]));
};

const createConnections = async (
  send: Send,
  count: number,
  database: Readonly<Record<string, string>>,
): Promise<readonly string[]> => {
  const ids: string[] = [];
  const createOne = async (n: number) => {
    const { status, text } = await send('POST', '/v1/connections?test=false', {
      name: `load ${n}`,
      type: 'postgresql',
      config: {
        host: database['POSTGRES_HOST'],
        port: Number(database['POSTGRES_PORT']),
        database: database['POSTGRES_DATABASE'] ?? 'postgres',
        username: database['POSTGRES_USER'],
      },
      credentials: { password: database['POSTGRES_PASSWORD'] },
      options: { ssl_mode: 'prefer', test_interval_minutes: INTERVAL_MINUTES },
    });
    if (status !== 201) throw new Error(`A create answered ${status}: ${text.slice(0, 300)}`);
    ids.push((JSON.parse(text) as { readonly id: string }).id); // the API's own schema
  };
  for (let n = 0; n < count; n += 10)
    await Promise.all(Array.from({ length: Math.min(10, count - n) }, (_, at) => createOne(n + at)));
  return ids;
};

interface TestedConnection {
  readonly id: string;
  readonly status: string;
  readonly last_tested_at: string | null;
}

/** Adds the time of the last test of each connection. Returns how many connections are not connected. */
const readTests = async (send: Send, tests: ReadonlyMap<string, Set<number>>): Promise<number> => {
  let failures = 0;
  for (let cursor = ''; ;) {
    const { text } = await send('GET', `/v1/connections?limit=200${cursor}`);
    const page = JSON.parse(text) as {
      readonly data: readonly TestedConnection[];
      readonly next_cursor: string | null;
    }; // the API's own schema
    for (const { id, status, last_tested_at: at } of page.data) {
      if (at !== null) tests.get(id)?.add(Date.parse(at));
      if (at !== null && status !== 'connected') failures += 1;
    }
    if (page.next_cursor === null) return failures;
    cursor = `&cursor=${encodeURIComponent(page.next_cursor)}`;
  }
};

/** The memory of a process and of those that it started, in MB. */
const readMemory = async (pid: number): Promise<number> => {
  const children = execFileSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' })
    .split('\n')
    .map((line) => Number(line))
    .filter((child) => child > 0);
  const sizes = await Promise.all(
    [pid, ...children].map(async (each) => {
      const status = await readFile(`/proc/${each}/status`, 'utf8').catch(() => '');
      return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1024;
    }),
  );
  return Math.round(sizes.reduce((sum, mb) => sum + mb, 0));
};

const wait = (ms: number) => new Promise((resolve) => void setTimeout(resolve, ms));
const print = (line: string) => process.stdout.write(`${line}\n`);

await main();
