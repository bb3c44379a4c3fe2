import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

export type Outcome = 'passed' | 'failed' | 'timed out';

export const runNode = (root: string, args: readonly string[], seconds: number): Outcome => {
  const { status, error } = spawnSync(process.execPath, args, {
    cwd: root,
    timeout: seconds * 1000,
    killSignal: 'SIGKILL',
    maxBuffer: 2 ** 30,
  });
  if (error) return 'timed out';
  return status === 0 ? 'passed' : 'failed';
};

/** Of one test, in seconds. */
export const testLimit = 30;

export interface Failure {
  readonly file: string;
  /** Empty where the file could not be loaded. */
  readonly test: string;
  readonly message: string;
}

export interface JestOutcome {
  readonly outcome: Outcome;
  readonly seconds: number;
  readonly failures: readonly Failure[];
  /** In seconds, of each test by its full name. */
  readonly durations: ReadonlyMap<string, number>;
}

interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly message: string;
    readonly status: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly duration?: number | null;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

/** Runs test files until the first failure. */
export const runJest = (root: string, files: readonly string[], limit: number): JestOutcome => {
  const output = join(root, 'jest-report.json');
  rmSync(output, { force: true });
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
      `--maxWorkers=${files.length > 4 ? 2 : 1}`,
      '--json',
      `--outputFile=${output}`,
      '--runTestsByPath',
      ...files,
    ],
    limit,
  );
  const seconds = (Date.now() - begun) / 1000;
  return { outcome, seconds, ...readReport(output) };
};

const readReport = (output: string): Pick<JestOutcome, 'failures' | 'durations'> => {
  let report: Report;
  try {
    report = JSON.parse(readFileSync(output, 'utf8')) as Report;
  } catch {
    return { failures: [], durations: new Map() };
  }
  const failures = report.testResults.flatMap(({ name, message, status, assertionResults }) => {
    const failed = assertionResults.filter((one) => one.status === 'failed');
    if (failed.length === 0) return status === 'failed' ? [{ file: name, test: '', message }] : [];
    return failed.map(({ fullName, failureMessages }) => ({
      file: name,
      test: fullName,
      message: failureMessages.join('\n'),
    }));
  });
  const durations = report.testResults.flatMap(({ assertionResults }) =>
    assertionResults.map(({ fullName, duration }) => [fullName, (duration ?? 0) / 1000] as const),
  );
  return { failures, durations: new Map(durations) };
};
