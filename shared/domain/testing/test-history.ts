import * as v from 'valibot';
import type { Item, StoreChange, ReadStore } from '../../ports/store.ts';
import { readRun, type RepeatedTests } from '../health/health-item.ts';
import { tableKeys } from '../table-keys.ts';
import { resolveCurrentLayout, upgradeItem } from '../stored-item.ts';
import type { Tenant } from '../access/tenant.ts';
import { findTestedConnection } from '../health/find-tested-connection.ts';
import { type TestEntry, TestRecord, type TestResult, type TestTrigger } from './test-result.ts';

const TEST_RETENTION_DAYS = 30;

/** Lists tests and the runs between them, newest first. `after` is the `next` of the previous page. */
export const listTests = async (
  store: ReadStore,
  tenant: Tenant,
  id: string,
  { limit, after }: { readonly limit: number; readonly after?: string | undefined },
): Promise<{ data: TestEntry[]; next: string | null }> => {
  const [{ health }, { items }] = await Promise.all([
    findTestedConnection(store, tenant, id),
    store.query({
      pk: tableKeys.connectionPartition(tenant, id),
      from: 'TEST#',
      to: after?.replace(RUN_MARK, '') ?? 'TEST#~',
      limit: limit + 2,
      backwards: true,
    }),
  ]);
  const entries = items.flatMap((item) => toEntries(item));
  // The run since the last record has no record yet.
  const all = after === undefined && health.run ? [toCurrentRun(health.run), ...entries] : entries;
  const rest = after === undefined ? all : all.filter(({ position }) => isAfter(position, after));
  const page = rest.slice(0, limit);
  return {
    data: page.map(({ entry }) => entry),
    next: rest.length > limit ? (page.at(-1)?.position ?? null) : null,
  };
};

/** A line of the list, and the position of the page that follows it. */
interface PositionedEntry {
  readonly position: string;
  readonly entry: TestEntry;
}

/** Ends the position of a run; the position of the record that keeps the run has none. */
const RUN_MARK = '#run';

const toEntries = (item: Item): PositionedEntry[] => {
  const record = upgradeItem('test', item);
  const run = readRun(record['run']);
  return [
    { position: item.sk, entry: v.parse(TestRecord, record) },
    ...(run ? [{ position: `${item.sk}${RUN_MARK}`, entry: presentRun(run) }] : []),
  ];
};

/** Its position sorts after all records that were made before its end, and before later ones. */
const toCurrentRun = (run: RepeatedTests): PositionedEntry => ({
  position: `TEST#${new Date(run.to).toISOString()}#~`,
  entry: presentRun(run),
});

const presentRun = ({ repeated, from, to }: RepeatedTests) => ({
  repeated,
  from: new Date(from).toISOString(),
  to: new Date(to).toISOString(),
});

/** Whether a line follows a position. The run that a record keeps is older than the record. */
const isAfter = (position: string, after: string): boolean => {
  const [record, afterRecord] = [position, after].map((text) => text.replace(RUN_MARK, '')) as [
    string,
    string,
  ];
  return record === afterRecord
    ? position !== record && after === afterRecord
    : Buffer.compare(Buffer.from(record), Buffer.from(afterRecord)) < 0;
};

/** Whether a text has the form of a position that `listTests` returns as `next`. */
export const isTestPosition = (text: string): boolean =>
  /^TEST#\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z#([0-9a-f]{32}(#run)?|~)$/.test(text);

/** A test for the history. */
interface RecordedTest {
  /** The id of the test, 32 hex digits. */
  readonly test: string;
  readonly result: TestResult;
  /** The tests with the same outcome before this one that have no record of their own. */
  readonly run: RepeatedTests | null;
}

/** The write that adds a test to the history. It also keeps the run that the test ends, which then costs no write of its own. */
export const buildTestRecordPut = (
  { tenant, id }: { readonly tenant: Tenant; readonly id: string },
  trigger: TestTrigger,
  { test, result, run }: RecordedTest,
  now: number,
): StoreChange => ({
  put: {
    ...tableKeys.test(tenant, id, result.tested_at, test),
    layout: resolveCurrentLayout('test'),
    id: `test_${test}`,
    trigger,
    ...result,
    ...(run && { run: [run.repeated, run.from, run.to] }),
    expires: Math.floor(now / 1000) + TEST_RETENTION_DAYS * 86_400,
  },
});
