import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/**
 * What it takes to reach an engine that runs, or nothing, said loudly and once. `REQUIRE_ENGINES` (names with commas between, or `all`)
 * makes its absence an error: a build must not be green because nothing was tried.
 */
export const reach = (name: string, settings: Readonly<Record<string, string>> = {}) => {
  const ask = (what: 'status' | 'env') =>
    execFileSync(fileURLToPath(new URL(name, import.meta.url)), [what], {
      env: { ...process.env, ...settings },
      encoding: 'utf8',
    });
  if (ask('status').trim() === 'running') return parsed(ask('env'));

  const said = Object.entries(settings).map(([key, value]) => `${key}=${value} `);
  const how = `start it with: ${said.join('')}npm run engines -- start ${name}`;
  const required = (process.env['REQUIRE_ENGINES'] ?? '').split(',');
  if (required.includes(name) || required.includes('all'))
    throw new Error(`${name} is required and does not run; ${how}`);
  console.warn(`SKIPPED: tests against ${said.join('')}${name}, which does not run; ${how}`);
  countAsSkipped(`against ${said.join('')}${name}`);
  return undefined;
};

/** One skipped test more, so that no file is empty for it; inside of a test nothing is counted, and outside of Jest neither. */
const countAsSkipped = (name: string) => {
  const jest = globalThis as {
    test?: { skip: (name: string, work: () => void) => void };
    expect?: { getState: () => { currentTestName?: string } };
  }; // what Jest puts there
  if (jest.expect?.getState().currentTestName === undefined) jest.test?.skip(name, () => {});
};

/** Values stand as they are, to the end of the line: a # begins no comment. */
const parsed = (text: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    text
      .split('\n')
      .filter((line) => line.includes('='))
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
