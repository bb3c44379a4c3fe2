import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FileOutcome } from './results-reporter.ts';

export type Outcome = 'passed' | 'failed' | 'timed out';

export const runNode = (root: string, args: readonly string[], seconds: number): Outcome => {
  const { status, error } = spawnSync(process.execPath, args, {
    cwd: root,
    timeout: Math.ceil(seconds * 1000),
    killSignal: 'SIGKILL',
    maxBuffer: 2 ** 30,
  });
  if (error) return 'timed out';
  return status === 0 ? 'passed' : 'failed';
};

/** The time limit of one test, in seconds. */
export const testLimit = 120;

export interface Failure {
  readonly file: string;
  /** Empty when the file cannot be loaded. */
  readonly test: string;
  readonly message: string;
}

export interface JestOutcome {
  readonly outcome: Outcome;
  readonly seconds: number;
  readonly failures: readonly Failure[];
  /** The duration of each test by its full name, in seconds. */
  readonly durations: ReadonlyMap<string, number>;
}

/** Runs test files until the first failure. */
export const runJest = (root: string, files: readonly string[], limit: number): JestOutcome => {
  const output = join(root, 'results.jsonl');
  writeFileSync(output, '');
  const config = join(root, 'jest.results.config.js');
  const reporter = join(import.meta.dirname, 'results-reporter.ts');
  writeFileSync(
    config,
    `import config from './jest.config.js';
export default { ...config, reporters: [[${JSON.stringify(reporter)}, { output: ${JSON.stringify(output)} }]] };\n`,
  );
  const begun = Date.now();
  const outcome = runNode(
    root,
    [
      '--experimental-vm-modules',
      '--disable-warning=ExperimentalWarning',
      'node_modules/jest/bin/jest.js',
      '--bail',
      '--forceExit',
      `--testTimeout=${testLimit * 1000}`,
      `--maxWorkers=${files.length > 4 ? 3 : 1}`,
      '--config',
      config,
      '--runTestsByPath',
      ...files,
    ],
    limit,
  );
  const seconds = (Date.now() - begun) / 1000;
  return { outcome, seconds, ...readReport(output) };
};

const readReport = (output: string): Pick<JestOutcome, 'failures' | 'durations'> => {
  const lines = readFileSync(output, 'utf8').split('\n').filter(Boolean);
  const outcomes = lines.map((line) => JSON.parse(line) as FileOutcome);
  const failures = outcomes.flatMap(({ testFilePath: file, failureMessage, testResults }) => {
    const failed = testResults.filter(({ status }) => status === 'failed');
    if (failed.length === 0) return failureMessage ? [{ file, test: '', message: failureMessage }] : [];
    return failed.map(({ fullName, failureMessages }) => ({
      file,
      test: fullName,
      message: failureMessages.join('\n'),
    }));
  });
  const durations = outcomes.flatMap(({ testResults }) =>
    testResults.map(({ fullName, duration }) => [fullName, (duration ?? 0) / 1000] as const),
  );
  return { failures, durations: new Map(durations) };
};
