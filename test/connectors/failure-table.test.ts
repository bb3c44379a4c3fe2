import { globSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { connectors } from '../../shared/connectors/registry.ts';
import {
  toSourceFailure,
  createFailureTable,
  readErrorFields,
  toTextOrEmpty,
  createTextClassifier,
} from '../../shared/connectors/failure-table.ts';

/** Every connector's source that holds such a table. */
const files = globSync('shared/connectors/*/*.ts').filter((file) =>
  readFileSync(file, 'utf8').includes('createFailureTable({\n'),
);

test('each connector but Redshift, which has the table of PostgreSQL, has a table of failures', () => {
  const withTable = files.filter((file) => file.endsWith('/failures.ts'));
  expect(withTable.length).toBe(Object.keys(connectors).length - 1);
});

test('a failure table finds an entry by each of its codes, and by nothing else', () => {
  const table = createFailureTable({
    '1040 1203': ['too-many-connections', 'Close some.'],
    '7': ['timeout'],
  });
  expect(table.get('1203')).toEqual(['too-many-connections', 'Close some.']);
  expect(table.get('7')).toEqual(['timeout']);
  for (const code of ['1040 1203', '104', '', 'constructor']) expect(table.get(code)).toBeUndefined();
});

test('a text classifier uses the first expression that matches', () => {
  const table = createTextClassifier([
    [/^no such user/, 'authentication-failed', 'Check the name.'],
    [/^no such/, 'database-not-found'],
  ]);
  expect(table('no such user: x')).toEqual(['authentication-failed', 'Check the name.']);
  expect(table('no such database: x')?.[0]).toBe('database-not-found');
  expect(table('nothing')).toBeUndefined();
});

test('a source failure has only the fields that are known', () => {
  expect(toSourceFailure(['timeout'])).toEqual({ code: 'timeout' });
  expect(Object.keys(toSourceFailure(['timeout', undefined], undefined))).toEqual(['code']);
  expect(toSourceFailure(['timeout', 'Wait.'], '7')).toEqual({
    code: 'timeout',
    native: '7',
    remediation: 'Wait.',
  });
});

test.each([undefined, null, 'text', 7, [], Object.create(null)])(
  'an error of %p has no text fields',
  (thrown) => {
    const { code, message } = readErrorFields(thrown);
    expect([toTextOrEmpty(code), toTextOrEmpty(message)]).toEqual(['', '']);
  },
);

// With two entries for one code, the later one would win silently.
test.each(files)('%s lists each code once', (file) => {
  const tables = [...readFileSync(file, 'utf8').matchAll(/createFailureTable\(\{\n(.*?)\n\}\);/gs)];
  expect(tables.length).toBeGreaterThan(0);
  for (const [, lines = ''] of tables) {
    const codes = [...lines.matchAll(/^ {2}(?:'([^']+)'|(\w+)):/gm)].flatMap(([, several, one]) =>
      (several ?? one ?? '').split(' '),
    );
    expect(codes.length).toBeGreaterThan(0);
    expect(codes).toEqual([...new Set(codes)]);
  }
});

// A bare `server-error` tells users to look up a code that is known here.
test.each(files)('%s has a remediation for each server error', (file) => {
  const tables = [...readFileSync(file, 'utf8').matchAll(/createFailureTable\(\{\n(.*?)\n\}\);/gs)];
  expect(tables.length).toBeGreaterThan(0);
  const shrugs = tables.flatMap(([, lines = '']) => lines.match(/^.*\['server-error'\].*$/gm) ?? []);
  expect(shrugs).toEqual([]);
});
