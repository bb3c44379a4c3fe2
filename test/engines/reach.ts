import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe } from '@jest/globals';
import { nameMissingEngine } from './missing-engines.ts';

/** What it takes to reach an engine: addresses, accounts, files. */
export type EngineVariables = Readonly<Record<string, string>>;

/** What to say about each engine that does not run. */
const missing = new WeakMap<EngineVariables, string>();

/**
 * Returns the variables that are needed to reach an engine, whether it runs or not: tests that need it are defined by
 * `onEngine`. `REQUIRE_ENGINES` (comma-separated names, or `all`) makes a missing engine an error, because a build must
 * not pass when nothing was tested.
 */
export const reach = (name: string, settings: Readonly<Record<string, string>> = {}): EngineVariables => {
  const ask = (what: 'status' | 'env') =>
    execFileSync(fileURLToPath(new URL(name, import.meta.url)), [what], {
      env: { ...process.env, ...settings },
      encoding: 'utf8',
    });
  const variables = parsed(ask('env'));
  if (isRunning(ask)) return variables;
  const required = (process.env['REQUIRE_ENGINES'] ?? '').split(',');
  if (required.includes(name) || required.includes('all'))
    throw new Error(`${name} is required and does not run; ${describeStart(name, settings)}`);
  missing.set(variables, nameMissingEngine(name, settings));
  return variables;
};

const isRunning = (ask: (what: 'status') => string) => ask('status').trim() === 'running';

const describeStart = (name: string, settings: Readonly<Record<string, string>>) => {
  const prefix = Object.entries(settings).map(([key, value]) => `${key}=${value} `);
  return `start it with: ${prefix.join('')}npm run engines -- start ${name}`;
};

/**
 * Defines tests that need these engines. If one does not run, the tests are defined as skipped, so that every one of
 * them is counted, and `missing-engines.ts` reports the number by engine.
 */
export const onEngine = (
  engines: EngineVariables | readonly EngineVariables[],
  defineTests: () => void,
): void => {
  const absent = [engines].flat().flatMap((engine) => missing.get(engine) ?? []);
  if (absent.length === 0) defineTests();
  else describe.skip(absent.join(''), defineTests);
};

/** Returns the text of a file that an engine writes when it starts; the empty string before that. */
export const readEngineFile = (file = ''): string => (existsSync(file) ? readFileSync(file, 'utf8') : '');

/** Whether the engine runs, for programs that are no tests. */
export const isReachable = (engine: EngineVariables): boolean => !missing.has(engine);

/** A value is unquoted and extends to the end of the line: a # begins no comment. */
const parsed = (text: string): EngineVariables =>
  Object.fromEntries(
    text
      .split('\n')
      .filter((line) => line.includes('='))
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
