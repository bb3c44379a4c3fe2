import { expect, test } from '@jest/globals';
import { createQuoter } from '../../shared/connectors/sql/create-quoter.ts';
import { reportSchemasNotFound } from '../../shared/connectors/sql/missing.ts';

test('schemas that do not exist are reported with each name that differs only in case', () => {
  const { quotePath } = createQuoter({ mark: '"', bare: /^$/ });
  const [report] = reportSchemasNotFound(['sales', 'crm'], ['SALES', 'Crm', 'other'], quotePath);
  expect(report).toMatchObject({ reason: 'schemas-not-found', count: 2 });
  expect(report?.remediation).toContain('"SALES", "Crm"');
  expect(report?.remediation).not.toContain('other');
});
