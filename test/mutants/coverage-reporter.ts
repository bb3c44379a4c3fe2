import { appendFileSync, readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { join, relative } from 'node:path';
import { hash, type Hashes, type TestCoverage } from './read-coverage.ts';

interface Result {
  readonly testFilePath: string;
  readonly numFailingTests: number;
  readonly failureMessage?: string | null;
  readonly perfStats: { readonly runtime: number };
  readonly v8Coverage?: readonly {
    readonly codeTransformResult?: { readonly code: string; readonly sourceMapPath: string | null };
    readonly result: {
      readonly url: string;
      readonly functions: readonly {
        readonly ranges: readonly {
          readonly startOffset: number;
          readonly endOffset: number;
          readonly count: number;
        }[];
      }[];
    };
  }[];
}

/** The position of source lines in the text that ran: the offset and line of each token. */
const tokens = new Map<string, readonly (readonly [offset: number, line: number])[]>();

const findTokens = (path: string, code: string, mapPath: string) => {
  const known = tokens.get(path);
  if (known) return known;
  const map = new SourceMap(JSON.parse(readFileSync(mapPath, 'utf8')));
  const found: [number, number][] = [];
  let start = 0;
  for (const [row, text] of code.split('\n').entries()) {
    for (const { index } of text.startsWith('//#') ? [] : text.matchAll(/[\w$]+|[^\w\s$]/g)) {
      const entry = map.findEntry(row, index);
      if ('originalLine' in entry) found.push([start + index, entry.originalLine + 1]);
    }
    start += text.length + 1;
  }
  tokens.set(path, found);
  return found;
};

/** Appends a line of JSON for each test file: the source lines that it ran. */
// oxlint-disable-next-line import/no-default-export -- Jest takes no other
export default class CoverageReporter {
  readonly #root: string;
  readonly #output: string;

  constructor({ rootDir }: { readonly rootDir: string }, { output }: { readonly output: string }) {
    this.#root = rootDir;
    this.#output = output;
  }

  onTestFileResult(_test: unknown, result: Result) {
    const lines: Record<string, number[]> = {};
    for (const { codeTransformResult, result: script } of result.v8Coverage ?? []) {
      const file = relative(this.#root, script.url);
      if (!/^(shared|functions)\//.test(file) || !codeTransformResult?.sourceMapPath) continue;
      const { code, sourceMapPath } = codeTransformResult;
      // Inner ranges follow the range that contains them.
      const ran = new Uint8Array(code.length);
      for (const { ranges } of script.functions)
        for (const { startOffset, endOffset, count } of ranges)
          ran.fill(count > 0 ? 1 : 0, startOffset, endOffset);
      const covered = findTokens(file, code, sourceMapPath).flatMap(([at, line]) =>
        ran[at] === 1 ? line : [],
      );
      lines[file] = [...new Set(covered)];
    }
    const test = relative(this.#root, result.testFilePath);
    const names = [test, ...Object.keys(lines)];
    const coverage: TestCoverage & { readonly hashes: Hashes } = {
      test,
      passed: result.numFailingTests === 0 && !result.failureMessage,
      seconds: result.perfStats.runtime / 1000,
      lines,
      hashes: Object.fromEntries(names.map((file) => [file, hash(join(this.#root, file))])),
    };
    appendFileSync(this.#output, `${JSON.stringify(coverage)}\n`);
  }
}
