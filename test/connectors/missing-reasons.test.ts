import { globSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import * as v from 'valibot';
import { buildOpenapiDocument } from '../../infra/build/openapi.ts';
import { missingReasons } from '../../shared/connectors/missing-reasons.ts';
import { reportMissing } from '../../shared/connectors/reading/report-missing.ts';
import { MissingPart } from '../../shared/domain/catalog/catalog-summary.ts';

const reasons = Object.entries(missingReasons);

test('each reason is a code with a meaning in one or more sentences', () => {
  for (const [reason, meaning] of reasons) {
    expect(reason).toMatch(/^[a-z]+(-[a-z]+)*$/);
    expect(meaning).toMatch(/^[A-Z].*\.$/);
  }
});

test('docs/catalog.md lists the reasons in alphabetical order, each with its meaning', () => {
  const [, section = ''] = readFileSync('docs/catalog.md', 'utf8').split('## What is missing\n');
  const rows = [...(section.split('\n## ')[0] ?? '').matchAll(/^\| `([a-z-]+)` \| (.*) \|$/gm)];
  expect(rows.map(([, reason, meaning]) => [reason, meaning])).toEqual(reasons);
  expect(Object.keys(missingReasons)).toEqual(Object.keys(missingReasons).toSorted());
});

test('the OpenAPI document describes each reason, and any other stored value is valid', async () => {
  const { components } = (await buildOpenapiDocument()) as {
    components: { schemas: Record<string, { properties: Record<string, Record<string, unknown>> }> };
  };
  const reason = components.schemas['Missing']?.properties['reason'];
  expect(reason).toEqual({ type: 'string', description: expect.any(String) });
  for (const [value, meaning] of reasons)
    expect(reason?.['description']).toContain(`- \`${value}\`: ${meaning}`);
  expect(components.schemas['CatalogSummary']?.properties['missing']).toMatchObject({
    items: { $ref: '#/components/schemas/Missing' },
  });
});

test('a reason that an earlier release stored can be read', () => {
  const stored = { reason: 'the account may not list the bucket', remediation: 'Grant s3:ListBucket' };
  expect(v.parse(MissingPart, stored)).toEqual(stored);
});

test('no reason is unused', () => {
  const code = globSync('shared/**/*.ts')
    .filter((file) => !file.endsWith('missing-reasons.ts'))
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n');
  expect(Object.keys(missingReasons).filter((reason) => !code.includes(`'${reason}'`))).toEqual([]);
});

test('nothing is reported for a count of 0, and a count that is not known is absent', () => {
  expect(reportMissing('tables-denied', 'GRANT', 0)).toEqual([]);
  expect(reportMissing('tables-denied', 'GRANT', 2)).toEqual([
    { reason: 'tables-denied', count: 2, remediation: 'GRANT' },
  ]);
  expect(reportMissing('tables-hidden', 'GRANT')).toEqual([
    { reason: 'tables-hidden', remediation: 'GRANT' },
  ]);
});
