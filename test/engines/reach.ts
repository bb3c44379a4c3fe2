import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/**
 * Returns the variables that are needed to reach a running engine. Otherwise it prints a warning and returns
 * `undefined`. `REQUIRE_ENGINES` (comma-separated names, or `all`) makes a missing engine an error, because a
 * build must not pass when nothing was tested.
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

/**
 * Adds a skipped test, so that a file without tests does not fail. It does nothing inside a test or outside
 * Jest.
 */
const countAsSkipped = (name: string) => {
  const jest = globalThis as {
    test?: { skip: (name: string, work: () => void) => void };
    expect?: { getState: () => { currentTestName?: string } };
  }; // Jest's globals
  if (jest.expect?.getState().currentTestName === undefined) jest.test?.skip(name, () => {});
};

/** A value is unquoted and extends to the end of the line: a # begins no comment. */
const parsed = (text: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    text
      .split('\n')
      .filter((line) => line.includes('='))
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
