import { appendFileSync } from 'node:fs';

/** One test of a file, as Jest reports it. */
export interface TestOutcome {
  readonly fullName: string;
  readonly status: string;
  /** In milliseconds. */
  readonly duration?: number | null;
  readonly failureMessages: readonly string[];
}

export interface FileOutcome {
  readonly testFilePath: string;
  /** The failure of the whole file, also when it cannot be loaded. */
  readonly failureMessage?: string | null;
  readonly testResults: readonly TestOutcome[];
}

/**
 * Appends a line of JSON for each test file, because Jest writes no report when it stops at the first
 * failure.
 */
// oxlint-disable-next-line import/no-default-export -- Jest takes no other
export default class ResultsReporter {
  readonly #output: string;

  constructor(_config: unknown, { output }: { readonly output: string }) {
    this.#output = output;
  }

  onTestFileResult(_test: unknown, { testFilePath, failureMessage, testResults }: FileOutcome) {
    const outcome: FileOutcome = {
      testFilePath,
      failureMessage: failureMessage ?? null,
      testResults: testResults.map(({ fullName, status, duration, failureMessages }) => ({
        fullName,
        status,
        duration: duration ?? null,
        failureMessages,
      })),
    };
    appendFileSync(this.#output, `${JSON.stringify(outcome)}\n`);
  }
}
