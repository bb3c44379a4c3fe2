import * as v from 'valibot';
import type { ReadStore } from '../../ports/store.ts';
import { type ProblemCode, problemCodes } from '../../problem.ts';
import type { Tenant } from '../access/tenant.ts';
import { connectionStatuses } from '../connections/connection.ts';
import { toPublicId } from '../id.ts';
import { upgradeItem } from '../stored-item.ts';
import { tableKeys } from '../table-keys.ts';
import { decodeCell, readSummaryCounters, SUMMARY_SHARDS } from './summary-entry.ts';

const StatusCounts = v.object({
  pending: v.number(),
  testing: v.number(),
  connected: v.number(),
  degraded: v.number(),
  failed: v.number(),
});
type StatusCounts = v.InferOutput<typeof StatusCounts>;

const FailingConnection = v.object({
  id: v.string(),
  name: v.string(),
  type: v.string(),
  code: v.nullable(v.picklist(problemCodes)),
  since: v.string(),
});

/** The health of all connections of a tenant. Deleted ones are not counted. */
export const HealthSummary = v.object({
  total: v.number(),
  by_status: StatusCounts,
  by_connector: v.record(v.string(), StatusCounts),
  /** The problem codes of connections that are `failed` or `degraded`. */
  by_code: v.record(v.string(), v.number()),
  /** The `failed` connections, the longest failing first. */
  longest_failing: v.array(FailingConnection),
});
export type HealthSummary = v.InferOutput<typeof HealthSummary>;

/** Reads the summary: two range queries, of at most `SUMMARY_SHARDS` and `limit` items. */
export const readHealthSummary = async (
  store: ReadStore,
  tenant: Tenant,
  limit: number,
): Promise<HealthSummary> => {
  const { pk } = tableKeys.summaryCounters(tenant, 0);
  const [counters, failing] = await Promise.all([
    store.query({ pk, from: 'COUNT#', to: 'COUNT#~', limit: SUMMARY_SHARDS }),
    store.query({ pk, from: 'FAIL#', to: 'FAIL#~', limit }),
  ]);
  const cells = counters.items.flatMap((item) => Object.entries(readSummaryCounters(item).cells));
  return { ...sumCells(cells), longest_failing: failing.items.map(readFailing) };
};

const StoredFailing = v.object({
  sk: v.string(),
  name: v.string(),
  type: v.string(),
  code: v.nullable(v.picklist(problemCodes)),
});

const readFailing = (item: Parameters<typeof upgradeItem>[1]) => {
  const { sk, name, type, code } = v.parse(StoredFailing, upgradeItem('summary', item));
  const [, since = '', id = ''] = sk.split('#');
  return { id: toPublicId(id), name, type, code, since };
};

const createZeroCounts = () =>
  Object.fromEntries(connectionStatuses.map((status) => [status, 0])) as StatusCounts; // an entry per status

const sumCells = (cells: readonly (readonly [string, number])[]): Omit<HealthSummary, 'longest_failing'> => {
  const byStatus = createZeroCounts();
  const byConnector = new Map<string, StatusCounts>();
  const byCode = new Map<ProblemCode, number>();
  let total = 0;
  for (const [cell, count] of cells) {
    const { status, type, code } = decodeCell(cell);
    const connector = byConnector.get(type) ?? createZeroCounts();
    byConnector.set(type, connector);
    total += count;
    byStatus[status] += count;
    connector[status] += count;
    if (code !== null && (status === 'failed' || status === 'degraded'))
      byCode.set(code, (byCode.get(code) ?? 0) + count);
  }
  return {
    total,
    by_status: byStatus,
    by_connector: Object.fromEntries([...byConnector].toSorted(([a], [b]) => (a < b ? -1 : 1))),
    by_code: Object.fromEntries([...byCode].toSorted(([, a], [, b]) => b - a)),
  };
};
