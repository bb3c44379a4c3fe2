import { expect, test } from '@jest/globals';
import { describeMissingEngines, nameMissingEngine } from './missing-engines.ts';

const skipped = (...ancestorTitles: readonly string[]) => ({ status: 'pending', ancestorTitles });

test('the report has one line for each missing engine, with the number of tests that it cost', () => {
  const old = nameMissingEngine('postgres', { POSTGRES_VERSION: '11' });
  const recent = nameMissingEngine('postgres', { POSTGRES_VERSION: '18', POSTGRES_TLS: 'off' });
  const registry = nameMissingEngine('schema-registry', {});
  const files = [
    { testResults: [skipped(old, 'PostgreSQL'), skipped('PostgreSQL', recent), skipped('PostgreSQL')] },
    { testResults: [skipped(`${old}${registry}`)] },
  ];
  expect(describeMissingEngines(files)).toEqual([
    'postgres does not run: 3 tests were skipped; start it with: npm run engines -- start postgres',
    'schema-registry does not run: 1 test was skipped; start it with: npm run engines -- start schema-registry',
  ]);
});

test('the report is empty when every engine runs', () => {
  expect(describeMissingEngines([{ testResults: [skipped('PostgreSQL')] }])).toEqual([]);
});
