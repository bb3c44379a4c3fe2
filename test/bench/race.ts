import { build } from 'esbuild';
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Row } from './bench.ts';

/** A script of this folder, or a bundle, that reads a whole catalog `runs` times. */
export interface Reader {
  readonly who: string;
  readonly script: string;
  readonly args: (runs: number) => readonly string[];
}

interface Race {
  /** The first columns of its rows. */
  readonly about: Row;
  readonly turns: number;
  /** How often each reader reads in a turn. */
  readonly runs: number;
  readonly limit: Reader;
  readonly ours: readonly [Reader, ...Reader[]];
  /** These readers have one turn, after the others. */
  readonly apart: readonly (Reader & { readonly runs?: number })[];
  /** The time limit in ms for one reader in `apart`. The row of a slower reader says `> ` and this limit. */
  readonly patience?: number;
}

const here = import.meta.dirname;

export const run = promisify(execFile);

/**
 * Measures the hand-tuned baseline, our readers and other tools, each in a process of its own. The baseline
 * and our readers take turns, so that a busy machine slows both; a ratio is the median over the turns. MB are
 * those of a process that read once.
 */
export const race = async ({ about, turns, runs, limit, ours, apart, patience }: Race): Promise<Row[]> => {
  const together = [limit, ...ours].map((reader) => ({ reader, found: [] as Measured[] }));
  for (let turn = 0; turn < turns; turn++)
    for (const { reader, found } of together) found.push(await measured(reader, runs));
  const [baseline = [], mine = []] = together.map(({ found }) => found);
  if (mine[0]?.columns !== baseline[0]?.columns)
    throw new Error('Expected as many columns as the limit finds');

  const row = async (reader: Reader, found: readonly Measured[], once?: Measured): Promise<Row> => ({
    ...about,
    who: reader.who,
    ms: rounded(median(found.map(({ median_ms }) => median_ms))),
    'best ms': rounded(Math.min(...found.map(({ min_ms }) => min_ms))),
    '× limit': rounded(
      median(found.map((one, turn) => one.median_ms / (baseline[turn] ?? one).median_ms)),
      2,
    ),
    MB: (once ?? (await measured(reader, 1))).rss_mb,
  });
  const rows: Row[] = [];
  for (const { reader, found } of together) rows.push(await row(reader, found));
  for (const reader of apart) {
    const found = await measured(reader, reader.runs ?? runs, patience).catch(onlyTooLong);
    rows.push(
      found
        ? await row(reader, [found], reader.runs === 1 ? found : undefined)
        : { ...about, who: reader.who, ms: `> ${patience}`, 'best ms': '', '× limit': '', MB: '' },
    );
  }
  return rows;
};

interface Measured {
  readonly columns: number;
  readonly median_ms: number;
  readonly min_ms: number;
  readonly rss_mb: number;
}

/** The last line is the result, because some tools log before it. */
const measured = async ({ script, args }: Reader, runs: number, timeout = 600_000): Promise<Measured> => {
  const options = { cwd: here, timeout, maxBuffer: 1 << 26 };
  const { stdout } = await run(process.execPath, [script, ...args(runs)], options);
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
};

/** Any other failure is not slowness, and would compare with nothing. */
const onlyTooLong = (error: unknown): undefined => {
  if (!(error instanceof Error && 'killed' in error && error.killed)) throw error;
};

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN;

const rounded = (value: number, digits = value < 100 ? 1 : 0) => Number(value.toFixed(digits));

/** Bundles our reader as it is shipped, into a folder that is removed on disposal. */
export const bundleReader = async (entry: string) => {
  const folder = await mkdtemp(join(tmpdir(), 'mooring-bench-'));
  const file = join(folder, 'ours.cjs');
  await build({
    entryPoints: [join(here, entry)],
    outfile: file,
    bundle: true,
    platform: 'node',
    external: ['pg-native'],
    logLevel: 'error',
  });
  return { file, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
};

/** Returns the SQL that a script of this folder generates. */
export const generateSql = async (script: string, ...args: readonly string[]): Promise<string> =>
  (await run(process.execPath, [script, ...args], { cwd: here, maxBuffer: 1 << 30 })).stdout;

/** Starts a server for the benches only. It is stopped on disposal. */
export const startEngine = async (engine: string, variables: Readonly<Record<string, string>>) => {
  const tell = (what: 'start' | 'stop') =>
    run(join(here, '../engines', engine), [what], {
      env: { ...process.env, ...variables, INSTANCE: 'bench' },
      maxBuffer: 1 << 26,
    });
  await tell('start');
  return { [Symbol.asyncDispose]: async () => void (await tell('stop')) };
};

/**
 * Installs nested dependencies, so that the tools use their own drivers and the benches those of the project.
 */
export const installPeers = async (): Promise<void> => {
  const { devDependencies }: { readonly devDependencies: object } = JSON.parse(
    readFileSync(join(here, 'package.json'), 'utf8'),
  );
  if (Object.keys(devDependencies).every((name) => existsSync(join(here, 'node_modules', name)))) return;
  const flags = '--no-audit --no-fund --ignore-scripts --no-package-lock --install-strategy=nested';
  await run('npm', ['install', ...flags.split(' ')], { cwd: here });
};
