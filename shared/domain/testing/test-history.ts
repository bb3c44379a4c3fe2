import * as v from 'valibot';
import type { StoreChange, ReadStore } from '../../ports/store.ts';
import { createId } from '../id.ts';
import { tableKeys } from '../table-keys.ts';
import { resolveCurrentLayout, upgradeItem } from '../stored-item.ts';
import type { Tenant } from '../access/tenant.ts';
import { TestRecord, type TestResult, type TestTrigger } from './test-result.ts';
import { findConnection } from '../connections/connection-repository.ts';

const TEST_RETENTION_DAYS = 30;

/** Lists tests, newest first. `after` is the `next` of the previous page. */
export const listTests = async (
  store: ReadStore,
  tenant: Tenant,
  id: string,
  { limit, after }: { readonly limit: number; readonly after?: string | undefined },
): Promise<{ data: TestRecord[]; next: string | null }> => {
  await findConnection(store, tenant, id);
  const { items } = await store.query({
    pk: tableKeys.connectionPartition(tenant, id),
    from: 'TEST#',
    to: after ?? 'TEST#~',
    limit: limit + 2,
    backwards: true,
  });
  const rest = items.filter(({ sk }) => sk !== after);
  const page = rest.slice(0, limit);
  return {
    data: page.map((item) => v.parse(TestRecord, upgradeItem('test', item))),
    next: rest.length > limit ? (page.at(-1)?.sk ?? null) : null,
  };
};

/** Whether a text has the form of the sort key that `listTests` returns as `next`. */
export const isTestPosition = (text: string): boolean =>
  /^TEST#\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z#[0-9a-f]{32}$/.test(text);

/** The write that adds a test to the history. */
export const buildTestRecordPut = (
  tenant: Tenant,
  id: string,
  trigger: TestTrigger,
  result: TestResult,
  now: number,
): StoreChange => {
  const test = createId(now);
  return {
    put: {
      ...tableKeys.test(tenant, id, result.tested_at, test),
      layout: resolveCurrentLayout('test'),
      id: `test_${test}`,
      trigger,
      ...result,
      expires: Math.floor(now / 1000) + TEST_RETENTION_DAYS * 86_400,
    },
  };
};
