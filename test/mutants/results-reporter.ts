import { appendFileSync } from 'node:fs';

/** One test of a file, as Jest reports it. */
export interface TestOutcome {
  readonly fullName: string;
  readonly status: string;
  /** Milliseconds. */
  readonly duration?: number | null;
  readonly failureMessages: readonly string[];
}

export interface FileOutcome {
  readonly testFilePath: string;
  /** Of the whole file, also where it does not load. */
  readonly failureMessage?: string | null;
  readonly testResults: readonly TestOutcome[];
}

/** Appends a line of JSON for each test file: Jest writes no report of its own where it ends at the first failure. */
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
