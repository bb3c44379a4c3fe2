import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, globSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { findMutations, type Mutation } from './find-mutations.ts';
import { createJudge, type Verdict } from './judge.ts';
import { listTests, readCoverage } from './read-coverage.ts';

const help = `npm run mutants -- [--sample N] [--seed S] [--only PATH[:LINE]] [--minutes M] [--budget SECONDS] [--prepare MINUTES]

Makes small wrong changes in a copy of the tree, one at a time, and runs the tests that could notice each, the likeliest
first, until one fails or the budget is spent (in seconds that the tests take without the change). Before that, each
test runs unchanged once, for at most --prepare minutes; the lines that it runs are kept for the next time. Prints a
table as Markdown. Changes that do not compile or do not pass the linter are not counted. See docs/mutants.md.`;

const { values } = parseArgs({
  options: {
    sample: { type: 'string', default: '40' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
    minutes: { type: 'string', default: '90' },
    budget: { type: 'string', default: '900' },
    prepare: { type: 'string', default: '60' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(help);
  process.exit();
}

interface Candidate extends Mutation {
  readonly file: string;
  readonly text: string;
  readonly line: number;
}

const folders = ['domain', 'apis', 'http', 'network', 'adapters', 'runtime'].map((name) => `shared/${name}`);
folders.push('functions');
const repository = join(import.meta.dirname, '../..');
const copy = mkdtempSync(join(tmpdir(), 'mooring-mutants-'));
const until = Date.now() + Number(values.minutes) * 60_000;

/** Generates numbers below 1 that depend only on the seed (mulberry32). */
const random = (seed: number) => () => {
  seed = (seed + 0x6d2b79f5) | 0;
  let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
};

const copyTree = () => {
  const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], { cwd: repository });
  for (const file of new Set(listed.toString().split('\0')))
    if (file !== '' && file !== 'node_modules' && existsSync(join(repository, file)))
      cpSync(join(repository, file), join(copy, file), { recursive: true });
  symlinkSync(join(repository, 'node_modules'), join(copy, 'node_modules'));
};

const listCandidates = (): Candidate[] => {
  const [only = '', wanted] = values.only.split(':');
  return folders
    .flatMap((folder) => globSync(`${folder}/**/*.ts`, { cwd: copy }))
    .filter((file) => file.startsWith(only))
    .toSorted()
    .flatMap((file) => {
      const text = readFileSync(join(copy, file), 'utf8');
      return findMutations(text).map((mutation) => {
        const line = text.slice(0, mutation.start).split('\n').length;
        return { ...mutation, file, text, line };
      });
    })
    .filter(({ line }) => wanted === undefined || line === Number(wanted));
};

/** Renders the lines of the change before and after. Long lines are cut to the text around it. */
const describeChange = ({ text, start, end, replacement }: Candidate) => {
  const from = text.lastIndexOf('\n', start - 1) + 1;
  const to = text.indexOf('\n', end) < 0 ? text.length : text.indexOf('\n', end);
  const squeeze = (code: string) => code.replaceAll(/\s+/g, ' ').replaceAll('|', '\\|');
  const [head, tail] = [squeeze(text.slice(from, start)).trimStart(), squeeze(text.slice(end, to)).trimEnd()];
  const before = head.length > 50 ? `…${head.slice(-49)}` : head;
  const after = tail.length > 40 ? `${tail.slice(0, 39)}…` : tail;
  const show = (code: string) => {
    const short = squeeze(code);
    return `\`${before}${short.length > 90 ? `${short.slice(0, 89)}…` : short}${after}\``;
  };
  return `${show(text.slice(start, end))} → ${show(replacement)}`;
};

try {
  copyTree();
  const tests = listTests(copy);
  const coverage = readCoverage(copy, tests, Number(values.prepare) * 60);
  for (const { test, passed } of coverage) if (!passed) console.error(`Fails unchanged: ${test}`);
  const judge = createJudge({ root: copy, coverage, budget: Number(values.budget) });
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
    const begun = Date.now();
    const { verdict, note } = judge({ ...candidate, change });
    counts[verdict] = (counts[verdict] ?? 0) + 1;
    const place = `${candidate.file}:${candidate.line}`;
    const spent = Math.round((Date.now() - begun) / 1000);
    console.error(`${verdict} (${spent} s): ${place} ${change} ${note}`);
    if (verdict === 'not valid') continue;
    judged += 1;
    lines.push(`| ${verdict} | ${place} | ${change} |`);
  }
  const noticed = (counts.noticed ?? 0) + (counts['timed out'] ?? 0);
  const measured = noticed + (counts.survived ?? 0);
  const share = measured === 0 ? 0 : (100 * noticed) / measured;
  console.log(`Seed ${values.seed}, ${judged} of ${all} possible changes; ${JSON.stringify(counts)}.`);
  console.log(`Noticed: ${noticed} of ${measured} (${share.toFixed(1)} %).\n`);
  console.log(['| | Place | Change |', '|---|---|---|', ...lines].join('\n'));
} finally {
  rmSync(copy, { recursive: true, force: true });
}
