import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, normalize } from 'node:path';
import { runNode } from './run-jest.ts';

/** The results of a test file without a change. */
export interface TestCoverage {
  readonly test: string;
  readonly passed: boolean;
  readonly seconds: number;
  /** For each source file, the lines that ran. */
  readonly lines: Readonly<Record<string, readonly number[]>>;
}

const folders = ['adapters', 'domain', 'functions', 'http', 'network', 'properties', 'upgrade'];

/** The test files that may notice a change. Tests of single connectors and of the bundles are excluded. */
export const listTests = (root: string): readonly string[] =>
  [
    ...folders.flatMap((folder) => globSync(`test/${folder}/**/*.test.ts`, { cwd: root })),
    ...globSync(
      [
        'test/*.test.ts',
        'test/infra/{openapi,answers,apis,functions}.test.ts',
        'test/connectors/{run-source-test,tls-stripped,unreachable,with-timeout,failure-table}.test.ts',
      ],
      { cwd: root },
    ),
  ].toSorted();

export const listImports = (root: string, file: string): readonly string[] =>
  [...readFileSync(join(root, file), 'utf8').matchAll(/from '(\.[^']+\.ts)'/g)].map(([, path = '']) =>
    normalize(join(dirname(file), path)),
  );

/**
 * Runs the tests once on the unchanged tree, for at most `seconds`. Tests without a result count for the
 * files that they import or are named after. Earlier results of a test are reused until the test changes. If
 * a source has changed since, the lines of it that the test runs are unknown.
 */
export const readCoverage = (
  root: string,
  tests: readonly string[],
  seconds: number,
): readonly TestCoverage[] => {
  const cacheFile = join(tmpdir(), 'mooring-mutants-coverage.jsonl');
  const hashFile = memoize((file: string) => hash(join(root, file)));
  const readCache = () => {
    const known = existsSync(cacheFile) ? readFileSync(cacheFile, 'utf8').split('\n').filter(Boolean) : [];
    const all = known.map((line) => JSON.parse(line) as TestCoverage & { readonly hashes: Hashes });
    return new Map(
      all.filter(({ test, hashes }) => hashes[test] === hashFile(test)).map((one) => [one.test, one]),
    );
  };
  const known = readCache();
  const unknown = tests.filter((test) => !known.get(test)?.passed);
  if (unknown.length > 0 && seconds > 0) {
    console.error(`Running ${unknown.length} test files unchanged, to see which lines they run.`);
    const config = join(root, 'jest.mutants.config.js');
    const reporter = join(import.meta.dirname, 'coverage-reporter.ts');
    writeFileSync(
      config,
      `import config from './jest.config.js';
export default { ...config, collectCoverage: true, coverageProvider: 'v8', coverageReporters: ['none'],
  reporters: [[${JSON.stringify(reporter)}, { output: ${JSON.stringify(cacheFile)} }]] };\n`,
    );
    runNode(root, [...jest, '--config', config, '--maxWorkers=3', '--runTestsByPath', ...unknown], seconds);
    rmSync(config);
  }
  const found = readCache();
  return tests.map((test) => {
    const one = found.get(test);
    if (!one) return { test, passed: true, seconds: 30, lines: {} };
    const lines = Object.entries(one.lines).map(
      ([file, ran]) => [file, one.hashes[file] === hashFile(file) ? ran : []] as const,
    );
    return { test, passed: one.passed, seconds: one.seconds, lines: Object.fromEntries(lines) };
  });
};

const jest = [
  '--experimental-vm-modules',
  '--disable-warning=ExperimentalWarning',
  'node_modules/jest/bin/jest.js',
  '--forceExit',
];

/** The hashes of the test and of the sources that it loads. */
export type Hashes = Readonly<Record<string, string>>;

export const hash = (path: string): string =>
  existsSync(path) ? createHash('sha256').update(readFileSync(path)).digest('hex') : '';

const memoize = (work: (key: string) => string) => {
  const known = new Map<string, string>();
  return (key: string) => {
    const found = known.get(key) ?? work(key);
    known.set(key, found);
    return found;
  };
};

export interface TestChoice {
  /** Best first. */
  readonly tests: readonly TestCoverage[];
  /** Tests that run the line but also fail without the change, so they prove nothing. */
  readonly failing: readonly TestCoverage[];
}

/**
 * Chooses the tests that may fail because of a change: first those that are named like the file or import it,
 * then those that run the line.
 */
export const chooseTests = (
  root: string,
  all: readonly TestCoverage[],
  { file, line }: { readonly file: string; readonly line: number },
): TestChoice => {
  const names = [basename(file, '.ts'), basename(dirname(file))];
  // Code that runs in a process of its own has no coverage data.
  const isNear = ({ test }: TestCoverage) =>
    names[0] === basename(test, '.test.ts') ||
    (/^(functions|shared\/apis)\//.test(file) &&
      dirname(test) === join('test/functions', basename(dirname(file)))) ||
    listImports(root, test).includes(file);
  const isNamed = ({ test }: TestCoverage) => names.some((name) => basename(test).startsWith(`${name}`));
  const known = all.some(({ lines }) => lines[file]?.includes(line));
  const runs = ({ lines }: TestCoverage) => {
    const ran = lines[file];
    return ran !== undefined && (!known || ran.length === 0 || ran.includes(line));
  };
  const share = ({ lines, seconds }: TestCoverage) => (lines[file]?.length ?? 0) / (seconds + 2);
  const chosen = all
    .filter((one) => isNear(one) || isNamed(one) || runs(one))
    .toSorted((a, b) => Number(isNear(b)) - Number(isNear(a)) || share(b) - share(a));
  return {
    tests: chosen.filter(({ passed }) => passed),
    failing: chosen.filter(({ passed }) => !passed),
  };
};
