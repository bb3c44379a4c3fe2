import { copyFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { equivalents } from './equivalents.ts';
import type { Mutation } from './find-mutations.ts';
import { chooseTests, type TestCoverage } from './read-coverage.ts';
import { type Failure, type JestOutcome, runJest, runNode, testLimit } from './run-jest.ts';

/** `timed out`: a test did not end that ends early without the change. */
export type Verdict = 'noticed' | 'timed out' | 'survived' | 'equivalent' | 'not valid' | 'not measured';

interface Changed extends Mutation {
  readonly file: string;
  readonly line: number;
  readonly text: string;
  /** The change as the table of results spells it. */
  readonly change: string;
}

interface JudgeSettings {
  readonly root: string;
  readonly coverage: readonly TestCoverage[];
  /** The seconds that the tests of one change may take, measured without the change. */
  readonly budget: number;
}

/** Creates a function that decides whether the tests notice a change. */
export const createJudge = ({ root, coverage, budget }: JudgeSettings) => {
  const buildInfo = join(root, 'unchanged.tsbuildinfo');
  const changedInfo = join(root, 'changed.tsbuildinfo');
  const project = join(root, 'tsconfig.mutants.json');
  writeFileSync(project, JSON.stringify({ extends: './tsconfig.json', include: ['functions', 'shared'] }));
  const compile = (info: string) =>
    runNode(
      root,
      ['node_modules/typescript/bin/tsc', '-p', project, '--incremental', '--tsBuildInfoFile', info],
      900,
    );
  if (compile(buildInfo) !== 'passed') throw new Error('The tree does not compile as it is.');
  const lint = (file: string, more: readonly string[]) =>
    runNode(root, ['node_modules/oxlint/bin/oxlint', ...more, '--deny-warnings', file], 900);

  /**
   * Checks the change as `npm run check` does. The slow type-aware rules concern promises, so they run only
   * for changes of `await` and `void`.
   */
  const check = ({ file, text, start }: Changed) => {
    const isAwait = /^\s*(await|void)\b/.test(text.slice(start));
    const outcome = lint(file, isAwait ? ['--type-aware'] : []);
    if (outcome !== 'passed') return outcome;
    copyFileSync(buildInfo, changedInfo);
    return compile(changedInfo);
  };

  const judge = (path: string, changed: Changed): { verdict: Verdict; note: string } => {
    const { text, start, end, replacement } = changed;
    const apply = () => writeFileSync(path, text.slice(0, start) + replacement + text.slice(end));
    const restore = () => writeFileSync(path, text);
    apply();
    const checked = check(changed);
    if (checked !== 'passed')
      return { verdict: checked === 'failed' ? 'not valid' : 'not measured', note: '' };
    const { tests, failing } = chooseTests(root, coverage, changed);
    const { groups, left } = groupTests(tests, budget);
    for (const group of groups) {
      const files = group.map(({ test }) => test);
      const usual = group.reduce((sum, { seconds }) => sum + seconds, 0);
      const limit = Math.max(90, 4 * usual + 60);
      const outcome = runJest(root, files, limit);
      if (outcome.outcome === 'passed') continue;
      restore();
      const confirmed = confirm(root, { files, outcome, limit });
      if (confirmed.verdict !== 'timed out') return confirmed;
      // A time-out on a busy machine does not repeat, so the tests run again.
      apply();
      return runJest(root, files, limit).outcome === 'passed'
        ? { verdict: 'not measured', note: `slow: ${confirmed.note}` }
        : confirmed;
    }
    if (failing.length > 0)
      return {
        verdict: 'not measured',
        note: `these fail as it is: ${failing.map(({ test }) => test).join(' ')}`,
      };
    return { verdict: 'survived', note: `${tests.length - left} of ${tests.length} tests` };
  };

  return (changed: Changed): { verdict: Verdict; note: string } => {
    if (equivalents.some(({ file, change }) => file === changed.file && change === changed.change))
      return { verdict: 'equivalent', note: '' };
    const path = join(root, changed.file);
    try {
      return judge(path, changed);
    } finally {
      writeFileSync(path, changed.text);
    }
  };
};

/**
 * Groups the tests: the best first and alone, because they notice most changes, then all others that fit the
 * budget, in parallel.
 */
const groupTests = (tests: readonly TestCoverage[], budget: number) => {
  const first: TestCoverage[] = [];
  const others: TestCoverage[] = [];
  let spent = 0;
  for (const test of tests) {
    if (spent > 0 && spent + test.seconds > budget) continue;
    if (others.length === 0 && (spent === 0 || spent + test.seconds <= 30)) first.push(test);
    else others.push(test);
    spent += test.seconds;
  }
  const groups = [first, others].filter((group) => group.length > 0);
  return { groups, left: tests.length - first.length - others.length };
};

interface Failed {
  readonly files: readonly string[];
  readonly outcome: JestOutcome;
  readonly limit: number;
}

/**
 * Confirms a failure by a run without the change. The same test must pass, and after a time-out it must need
 * less than a third of the limit.
 */
const confirm = (root: string, { files, outcome, limit }: Failed): { verdict: Verdict; note: string } => {
  const [failure] = outcome.failures;
  const again = runJest(root, failure ? [relative(root, failure.file)] : files, limit);
  if (again.outcome !== 'passed')
    return { verdict: 'not measured', note: `fails as it is: ${describe(failure)}` };
  if (!failure)
    return again.seconds < limit / 3
      ? { verdict: 'timed out', note: files.join(' ') }
      : { verdict: 'not measured', note: `slow: ${files.join(' ')}` };
  if (failure.message.includes('Exceeded timeout'))
    return (again.durations.get(failure.test) ?? testLimit) < testLimit / 3
      ? { verdict: 'timed out', note: describe(failure) }
      : { verdict: 'not measured', note: `slow: ${describe(failure)}` };
  return { verdict: 'noticed', note: describe(failure) };
};

const describe = (failure: Failure | undefined) => {
  if (!failure) return '';
  // oxlint-disable-next-line no-control-regex -- the colours of a terminal
  const message = failure.message.replaceAll(/\u001b\[\d*m/g, '').trim();
  const short = message.split('\n').filter(Boolean).slice(0, 3).join(' ').slice(0, 200);
  return `[${failure.file.split('/').at(-1)}: ${failure.test || 'does not load'}: ${short}]`;
};
