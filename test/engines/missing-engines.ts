/** The title of the tests that need a missing engine. `describeMissingEngines` reads it back. */
export const nameMissingEngine = (name: string, settings: Readonly<Record<string, string>>): string =>
  `[needs ${[name, ...Object.entries(settings).map(([key, value]) => `${key}=${value}`)].join(' ')}]`;

interface TestedFile {
  readonly testResults: readonly {
    readonly status: string;
    readonly ancestorTitles: readonly string[];
  }[];
}

/** One line for each engine that did not run: how many tests it cost, and how to start it. */
export const describeMissingEngines = (files: readonly TestedFile[]): readonly string[] => {
  const counts = new Map<string, number>();
  for (const { ancestorTitles } of files.flatMap(({ testResults }) => testResults)) {
    const titles = ancestorTitles.join(' ');
    const names = new Set([...titles.matchAll(/\[needs ([\w-]+)[^\]]*\]/g)].map(([, name = '']) => name));
    for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts]
    .toSorted()
    .map(
      ([name, count]) =>
        `${name} does not run: ${count} ${count === 1 ? 'test was' : 'tests were'} skipped; start it with: npm run engines -- start ${name}`,
    );
};

/** Ends the report of a run with a line for each missing engine. */
// oxlint-disable-next-line import/no-default-export -- Jest takes no other
export default class MissingEnginesReporter {
  onRunComplete(_contexts: unknown, { testResults }: { readonly testResults: readonly TestedFile[] }) {
    const lines = describeMissingEngines(testResults);
    // Jest prints its summary after every reporter.
    if (lines.length > 0) process.once('exit', () => void process.stderr.write(`\n${lines.join('\n')}\n`));
  }
}
