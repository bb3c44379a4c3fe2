import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { equivalents } from './equivalents.ts';
import { findMutations, type Mutation } from './find-mutations.ts';
import { findTests } from './find-tests.ts';

const help = `npm run mutants -- [--sample N] [--seed S] [--only PATH] [--minutes M]

Makes small wrong changes in a copy of the tree, one at a time, and runs the tests that should notice them.
Prints a table as Markdown. A change that does not compile or lint is not counted.`;

const { values } = parseArgs({
  options: {
    sample: { type: 'string', default: '40' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
    minutes: { type: 'string', default: '60' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(help);
  process.exit();
}

type Verdict = 'noticed' | 'survived' | 'equivalent' | 'not valid' | 'timed out' | 'not measured';
interface Candidate extends Mutation {
  readonly file: string;
  readonly text: string;
}

const folders = ['shared/domain', 'shared/http', 'shared/network', 'shared/adapters', 'functions'];
const repository = join(import.meta.dirname, '../..');
const copy = mkdtempSync(join(tmpdir(), 'mooring-mutants-'));
const until = Date.now() + Number(values.minutes) * 60_000;

/** A generator of numbers below 1 that is the same for a seed everywhere (mulberry32). */
const random = (seed: number) => () => {
  seed = (seed + 0x6d2b79f5) | 0;
  let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
};

const copyTree = () => {
  const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], { cwd: repository });
  for (const file of listed
    .toString()
    .split('\0')
    .filter((path) => path !== '' && path !== 'node_modules'))
    cpSync(join(repository, file), join(copy, file), { recursive: true });
  symlinkSync(join(repository, 'node_modules'), join(copy, 'node_modules'));
};

const listCandidates = (): Candidate[] =>
  folders
    .flatMap((folder) => globSync(`${folder}/**/*.ts`, { cwd: copy }))
    .filter((file) => file.startsWith(values.only))
    .toSorted()
    .flatMap((file) => {
      const text = readFileSync(join(copy, file), 'utf8');
      return findMutations(text).map((mutation) => ({ ...mutation, file, text }));
    });

const runNode = (args: readonly string[], seconds: number): 'passed' | 'failed' | 'timed out' => {
  const timeout = Math.max(1000, Math.min(seconds * 1000, until - Date.now()));
  const { status, error } = spawnSync(process.execPath, args, { cwd: copy, timeout, killSignal: 'SIGKILL' });
  if (error) return 'timed out';
  return status === 0 ? 'passed' : 'failed';
};

const runTests = (files: readonly string[]) =>
  runNode(
    [
      '--experimental-vm-modules',
      '--disable-warning=ExperimentalWarning',
      'node_modules/jest/bin/jest.js',
      '--bail',
      '--runInBand',
      '--forceExit',
      '--runTestsByPath',
      ...files,
    ],
    1800,
  );

/** Whether tests pass as long as nothing is wrong; where they do not, they tell nothing. */
const passing = new Map<string, boolean>();
const passUnchanged = (files: readonly string[]) => {
  const key = files.join();
  const known = passing.get(key) ?? runTests(files) === 'passed';
  passing.set(key, known);
  return known;
};

const judge = ({ file, text, start, end, replacement }: Candidate, change: string): Verdict => {
  if (equivalents.some((one) => one.file === file && one.change === change)) return 'equivalent';
  const { near, far } = findTests(copy, file);
  const sets = [near, far].filter((files) => files.length > 0);
  const path = join(copy, file);
  try {
    writeFileSync(path, text.slice(0, start) + replacement + text.slice(end));
    for (const check of [
      ['node_modules/oxlint/bin/oxlint', '--deny-warnings', file],
      ['node_modules/typescript/bin/tsc'],
    ]) {
      const outcome = runNode(check, 600);
      if (outcome !== 'passed') return outcome === 'failed' ? 'not valid' : 'not measured';
    }
    for (const files of sets) {
      writeFileSync(path, text);
      if (!passUnchanged(files)) return 'not measured';
      writeFileSync(path, text.slice(0, start) + replacement + text.slice(end));
      const outcome = runTests(files);
      if (outcome !== 'passed') return outcome === 'failed' ? 'noticed' : 'timed out';
    }
    return 'survived';
  } finally {
    writeFileSync(path, text);
  }
};

const describeChange = ({ text, start, end, replacement }: Mutation & { readonly text: string }) => {
  const from = text.lastIndexOf('\n', start - 1) + 1;
  const to = text.indexOf('\n', end) < 0 ? text.length : text.indexOf('\n', end);
  const short = (code: string) => {
    const line = code.replaceAll(/\s+/g, ' ').replaceAll('|', '\\|').trim();
    return line.length > 90 ? `${line.slice(0, 89)}…` : line;
  };
  return `\`${short(text.slice(from, to))}\` → \`${short(text.slice(from, start) + replacement + text.slice(end, to))}\``;
};

try {
  copyTree();
  const next = random(Number(values.seed));
  const left = listCandidates();
  const all = left.length;
  const counts: Partial<Record<Verdict, number>> = {};
  const lines: string[] = [];
  let judged = 0;
  while (judged < Number(values.sample) && left.length > 0 && Date.now() < until) {
    const [candidate] = left.splice(Math.floor(next() * left.length), 1);
    if (!candidate) break;
    const change = describeChange(candidate);
    const verdict = judge(candidate, change);
    counts[verdict] = (counts[verdict] ?? 0) + 1;
    console.error(`${verdict}: ${candidate.file} ${change}`);
    if (verdict === 'not valid') continue;
    judged += 1;
    const line = candidate.text.slice(0, candidate.start).split('\n').length;
    lines.push(`| ${verdict} | ${candidate.file}:${line} | ${change} |`);
  }
  const { noticed = 0, survived = 0 } = counts;
  const share = noticed + survived === 0 ? 0 : Math.round((100 * noticed) / (noticed + survived));
  console.log(`Seed ${values.seed}, ${judged} of ${all} possible changes; ${JSON.stringify(counts)}.`);
  console.log(`Noticed: ${noticed} of ${noticed + survived} (${share} %).\n`);
  console.log(['| | Place | Change |', '|---|---|---|', ...lines].join('\n'));
} finally {
  rmSync(copy, { recursive: true, force: true });
}
