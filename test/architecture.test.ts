import { describe, expect, test } from '@jest/globals';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { connectors } from '../shared/connectors/registry.ts';
import { countSource, isContractSample, readModules } from './counts/count-source.ts';

/** The places whose values each place may import, besides its own. Types may be imported from anywhere. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  functions: [
    'shared/apis',
    'shared/http',
    'shared/runtime',
    'shared/adapters',
    'shared/domain',
    'shared/connectors',
    'shared/ports',
    'shared/*',
  ],
  'shared/apis': ['shared/http', 'shared/domain', 'shared/connectors', 'shared/ports', 'shared/*'],
  'shared/http': ['shared/domain', 'shared/ports', 'shared/*'],
  'shared/runtime': ['shared/adapters', 'shared/domain', 'shared/network', 'shared/ports', 'shared/*'],
  'shared/domain': ['shared/connectors', 'shared/network', 'shared/ports', 'shared/*'],
  'shared/adapters': ['shared/domain/table-keys.ts', 'shared/ports', 'shared/*'],
  'shared/connectors': ['shared/network', 'shared/*'],
  'shared/network': ['shared/*'],
  'shared/ports': ['shared/*'],
};

/** The value imports of a file, as paths relative to the repository root. */
const listImports = (file: string): string[] => {
  const code = readFileSync(file, 'utf8').replaceAll(/(import|export) type [^;]*;/g, '');
  const found = [...code.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)];
  return found.map(([, path = '']) => normalize(join(dirname(file), path)));
};

const isWithin = (path: string, place: string) => {
  if (place === 'shared/*') return /^shared\/[^/]+\.ts$/.test(path);
  return place.endsWith('.ts') ? path === place : path.startsWith(`${place}/`);
};

describe.each(Object.entries(mayImport))('%s', (place, allowed) => {
  const files = globSync(`${place}/**/*.ts`);

  test('has files', () => expect(files.length).toBeGreaterThan(0));

  test.each(files)('%s imports values only from the places that its folder may import', (file) => {
    const wrong = listImports(file).filter(
      (path) => ![place, ...allowed].some((other) => isWithin(path, other)),
    );
    expect(wrong).toEqual([]);
  });
});

test('every folder of shared/ has an import rule', () => {
  const folders = globSync('shared/*/').map((folder) => folder.replace(/\/$/, ''));
  expect(Object.keys(mayImport)).toEqual(expect.arrayContaining(folders));
});

/** Redshift is a dialect of PostgreSQL. What other connectors share is in a folder that belongs to none of them. */
const baseConnectors: Readonly<Record<string, readonly string[]>> = { redshift: ['postgresql'] };

test.each(Object.keys(connectors))('%s imports nothing from the folder of another connector', (name) => {
  const others = Object.keys(connectors).filter(
    (other) => other !== name && !baseConnectors[name]?.includes(other),
  );
  const code = globSync(`shared/connectors/${name}/*.ts`)
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n');
  const imported = [...code.matchAll(/from '\.\.\/(\w+)\//g)].map(([, folder = '']) => folder);
  expect(others.filter((other) => imported.includes(other))).toEqual([]);
});

const modules = readModules();
const counts = countSource(modules);
const ours = modules.map(({ file }) => file);

test('no file has more than 250 lines', () => {
  expect(counts.largestFiles).toEqual([]);
});

test('no files import one another in a circle, not even types', () => {
  expect(counts.circles).toEqual([]);
});

test('each folder of shared/ says what belongs in it, and none has more than 15 files', () => {
  expect(counts.foldersWithoutReadme).toEqual([]);
  expect([...counts.crowdedFolders]).toEqual([]);
});

test.each(ours.filter((file) => !file.startsWith('infra/')))(
  '%s has no side effects when it is imported',
  (file) => {
    const code = readFileSync(file, 'utf8');
    // Statements without indentation run on import.
    expect(code).not.toMatch(/^(await |void |if |for |[a-z]\w*\()/m);
    if (file !== 'shared/env.ts') expect(code).not.toContain('process.env');
  },
);

/** The packages that speak the protocols of sources. A function loads one only when it opens a session. */
const drivers = new Set(
  Object.values(connectors).flatMap(({ driver }) => (driver === undefined ? [] : [driver])),
);
test('importing any function or the registry of connectors loads no driver and no token library', () => {
  const byFile = new Map(modules.map((module) => [module.file, module]));
  const loaded = new Set<string>();
  const pending = ours.filter(
    (file) => file.startsWith('functions/') || file === 'shared/connectors/registry.ts',
  );
  for (let file = pending.pop(); file !== undefined; file = pending.pop()) {
    if (loaded.has(file)) continue;
    loaded.add(file);
    const links = byFile.get(file)?.staticImports ?? [];
    pending.push(...links.map((link) => normalize(join(dirname(file), link))));
  }
  expect(loaded.size).toBeGreaterThan(100);
  const heavy = [...drivers, 'jose'];
  const loading = [...loaded].filter((file) =>
    byFile
      .get(file)
      ?.staticPackages.some((name) =>
        heavy.some((driver) => name === driver || name.startsWith(`${driver}/`)),
      ),
  );
  expect(loading).toEqual([]);
});

test('no code that runs imports a contract sample, and a contract sample loads nothing', () => {
  const samples = modules.filter(({ file }) => isContractSample(file));
  const loading = modules.filter(({ imports }) => imports.some(isContractSample));
  expect(loading.filter((module) => !samples.includes(module)).map(({ file }) => file)).toEqual([]);
  const loaded = samples.flatMap(({ staticImports, staticPackages }) => [
    ...staticImports,
    ...staticPackages,
  ]);
  expect(loaded).toEqual([]);
});

test('only the file that decides where secrets may be sent reads them', () => {
  const reading = ours.filter((file) => !file.startsWith('shared/adapters/'));
  const readers = reading.filter((file) =>
    /\bvault\b[^;\n]{0,20}\.(read|readShared)\(/.test(readFileSync(file, 'utf8')),
  );
  expect(readers).toEqual(['shared/domain/credentials/release-credentials.ts']);
  // Sessions are opened to resolved targets, so only these files may create one.
  const resolving = reading.filter((file) => listImports(file).some((path) => path === readers[0]));
  expect(resolving.toSorted()).toEqual([
    'shared/domain/credentials/resolve-target.ts',
    'shared/domain/credentials/update-credentials.ts',
  ]);
});

test('no function is named …Of, and no name is declared in three files', () => {
  const { functionsNamedOf, repeatedNames } = counts;
  expect(functionsNamedOf).toEqual([]);
  expect([...repeatedNames]).toEqual([]);
});

test('no conditional expression is nested in another', () => {
  expect(modules.filter(({ nestedTernaries }) => nestedTernaries > 0).map(({ file }) => file)).toEqual([]);
});

test.each(ours)('%s has no generic name such as utils or helpers', (file) => {
  expect(file).not.toMatch(/(^|\/)(utils?|helpers?|common|index|misc)(\.ts|\/)/);
});

test('no test sets its own time limit, so that a slow machine fails no test', () => {
  const limited = globSync('test/**/*.ts').filter(
    (file) => !file.startsWith('test/bench/') && /^\s*\}, [\d_]{3,}\);$/m.test(readFileSync(file, 'utf8')),
  );
  expect(limited).toEqual([]);
});

/** The files of `test/` that may wait for a time, and why no event or clock can replace it. */
const timedWaits: Readonly<Record<string, string>> = {
  'test/poll-until.ts': 'another process or service sends no event when its state changes',
  'test/adapters/process-probe-ends.test.ts':
    'the adapter does not say when a process that it killed is gone',
  'test/contracts/probe.ts': 'an introspection that continues in the background sends no event',
  'test/engines/lib.test.ts': 'the processes of an engine are no children of the test',
  'test/infra/local/fair-start.test.ts': 'the API sends no event when a test is completed',
  'test/infra/local/crash-loop.test.ts': 'a killed process sends no event',
  'test/infra/local/start-process.ts': 'the API sends no event when a test is completed',
  'test/infra/local/start-aws.test.ts': 'a queue sends no event when a message is deleted',
  'test/e2e/api.ts': 'the API of a real deployment sends no event',
  'test/load/run.ts': 'a measurement, not a test: it asks a running server now and then',
  'test/network/servers.ts':
    'a port that drops packets is known by its silence; a closed handle sends no event',
  'test/network/endless-writes.ts': 'a hostile server that is slow on purpose',
  'test/connectors/postgresql-session-state.test.ts': 'a query that is longer than the limit of its account',
  'test/adapters/misbehaving-parent.ts': 'a process that runs until it is killed',
  'test/adapters/misbehaving-probe.ts': 'a process that fills its memory, slowly enough to be caught',
};

test('only the listed test files wait for a time', () => {
  const waits =
    /\bset(Timeout|Interval)\b|sleep\(|\bwait for delay\b|poll-until|AbortSignal\.timeout|scheduler\.wait/i;
  const waiting = globSync('test/**/*.ts').filter(
    (file) =>
      !file.startsWith('test/bench/') &&
      file !== 'test/architecture.test.ts' &&
      waits.test(readFileSync(file, 'utf8')),
  );
  expect(waiting.toSorted()).toEqual(Object.keys(timedWaits).toSorted());
});
