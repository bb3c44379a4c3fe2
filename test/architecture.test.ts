import { describe, expect, test } from '@jest/globals';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

/** Whose values each place may import, itself apart: always to the right, types from anywhere. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  functions: [
    'shared/http',
    'shared/domain',
    'shared/adapters',
    'shared/connectors',
    'shared/ports',
    'shared/*',
  ],
  'shared/http': ['shared/adapters', 'shared/domain', 'shared/ports', 'shared/*'],
  'shared/domain': ['shared/connectors', 'shared/network', 'shared/ports', 'shared/*'],
  'shared/adapters': ['shared/domain', 'shared/connectors', 'shared/network', 'shared/ports', 'shared/*'],
  'shared/connectors': ['shared/network', 'shared/*'],
  'shared/network': ['shared/*'],
  'shared/ports': ['shared/*'],
};

/** The imports of a file's values, as paths from the root. */
const importsOf = (file: string): string[] => {
  const code = readFileSync(file, 'utf8').replaceAll(/(import|export) type [^;]*;/g, '');
  const found = [...code.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)];
  return found.map(([, path = '']) => normalize(join(dirname(file), path)));
};

const within = (path: string, place: string) =>
  place === 'shared/*' ? /^shared\/[^/]+\.ts$/.test(path) : path.startsWith(`${place}/`);

describe.each(Object.entries(mayImport))('%s', (place, allowed) => {
  const files = globSync(`${place}/**/*.ts`);

  test('has files', () => expect(files.length).toBeGreaterThan(0));

  test.each(files)('%s imports values only to the right', (file) => {
    const wrong = importsOf(file).filter((path) => ![place, ...allowed].some((other) => within(path, other)));
    expect(wrong).toEqual([]);
  });
});

const ours = ['functions', 'shared', 'infra'].flatMap((place) => globSync(`${place}/**/*.ts`));

test.each(ours)('%s is of a size to be read', (file) => {
  expect(readFileSync(file, 'utf8').split('\n').length).toBeLessThanOrEqual(300);
});

test.each(ours.filter((file) => !file.startsWith('infra/')))(
  '%s does nothing when it is imported',
  (file) => {
    const code = readFileSync(file, 'utf8');
    // What stands at the left edge runs at once.
    expect(code).not.toMatch(/^(await |void |if |for |[a-z]\w*\()/m);
    if (file !== 'shared/env.ts') expect(code).not.toContain('process.env');
  },
);

test('a driver is imported by nothing deployed at the top of a file', () => {
  for (const file of ours.filter((name) => !name.startsWith('infra/')))
    expect(readFileSync(file, 'utf8')).not.toMatch(/^import (?!type)[^;]*from '(pg|jose)'/m);
});

test('secrets are read in one file, which asks whether they may be sent', () => {
  const reading = ours.filter(
    (file) => !file.startsWith('shared/adapters/') || file.startsWith('shared/adapters/probe/'),
  );
  const readers = reading.filter((file) =>
    /\bvault\b[^;\n]{0,20}\.(read|readShared)\(/.test(readFileSync(file, 'utf8')),
  );
  expect(readers).toEqual(['shared/domain/credentials/release-credentials.ts']);
  // What they are then aimed at is dialled: nobody else makes an aim.
  const aiming = reading.filter(
    (file) =>
      readFileSync(file, 'utf8').includes('probe/release.ts') ||
      /from '\.\/release\.ts'/.test(readFileSync(file, 'utf8')),
  );
  expect(aiming.toSorted()).toEqual(['shared/domain/credentials/resolve-target.ts', 'shared/domain/credentials/update-credentials.ts']);
});

test.each(ours)('%s has no name that says nothing', (file) => {
  expect(file).not.toMatch(/(^|\/)(utils?|helpers?|common|index|misc)(\.ts|\/)/);
});

test('no test has a time limit of its own: a slow machine makes none fail', () => {
  const limited = globSync('test/**/*.ts').filter(
    (file) => !file.startsWith('test/bench/') && /^\s*\}, [\d_]{3,}\);$/m.test(readFileSync(file, 'utf8')),
  );
  expect(limited).toEqual([]);
});
