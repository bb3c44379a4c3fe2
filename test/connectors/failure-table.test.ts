import { globSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import {
  toSourceFailure,
  createFailureTable,
  readErrorFields,
  toTextOrEmpty,
  createTextClassifier,
} from '../../shared/connectors/failure-table.ts';

test('a line is found by each code that stands in front of it, and by nothing else', () => {
  const table = createFailureTable({
    '1040 1203': ['too-many-connections', 'Close some.'],
    '7': ['timeout'],
  });
  expect(table.get('1203')).toEqual(['too-many-connections', 'Close some.']);
  expect(table.get('7')).toEqual(['timeout']);
  for (const code of ['1040 1203', '104', '', 'constructor']) expect(table.get(code)).toBeUndefined();
});

test('of several expressions that fit, the first decides', () => {
  const table = createTextClassifier([
    [/^no such user/, 'authentication-failed', 'Check the name.'],
    [/^no such/, 'database-not-found'],
  ]);
  expect(table('no such user: x')).toEqual(['authentication-failed', 'Check the name.']);
  expect(table('no such database: x')?.[0]).toBe('database-not-found');
  expect(table('nothing')).toBeUndefined();
});

test('a failure has no fields but those that are known', () => {
  expect(toSourceFailure(['timeout'])).toEqual({ code: 'timeout' });
  expect(Object.keys(toSourceFailure(['timeout', undefined], undefined))).toEqual(['code']);
  expect(toSourceFailure(['timeout', 'Wait.'], '7')).toEqual({
    code: 'timeout',
    native: '7',
    remediation: 'Wait.',
  });
});

test.each([undefined, null, 'text', 7, [], Object.create(null)])(
  '%p has no fields that are texts',
  (thrown) => {
    const { code, message } = readErrorFields(thrown);
    expect([toTextOrEmpty(code), toTextOrEmpty(message)]).toEqual(['', '']);
  },
);

// Of two lines for one code the later would win, and nobody would be told.
test.each(globSync('shared/connectors/*/{failures,refusals}.ts'))('%s tells of each code once', (file) => {
  const tables = [...readFileSync(file, 'utf8').matchAll(/failureTable\(\{\n(.*?)\n\}\);/gs)];
  expect(tables.length).toBeGreaterThan(0);
  for (const [, lines = ''] of tables) {
    const codes = [...lines.matchAll(/^ {2}(?:'([^']+)'|(\w+)):/gm)].flatMap(([, several, one]) =>
      (several ?? one ?? '').split(' '),
    );
    expect(codes.length).toBeGreaterThan(0);
    expect(codes).toEqual([...new Set(codes)]);
  }
});

// Whoever is told to look up what is known here is told nothing.
test.each(globSync('shared/connectors/*/{failures,refusals}.ts'))(
  '%s says of each server error what to do',
  (file) => {
    const tables = [...readFileSync(file, 'utf8').matchAll(/failureTable\(\{\n(.*?)\n\}\);/gs)];
    const shrugs = tables.flatMap(([, lines = '']) => lines.match(/^.*\['server-error'\].*$/gm) ?? []);
    expect(shrugs).toEqual([]);
  },
);
