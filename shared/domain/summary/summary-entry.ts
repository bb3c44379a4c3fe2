import { createHash } from 'node:crypto';
import * as v from 'valibot';
import type { Item } from '../../ports/store.ts';
import { problemCodes } from '../../problem.ts';
import type { Tenant } from '../access/tenant.ts';
import { connectionStatuses, type StoredConnection } from '../connections/connection.ts';
import { resolveCurrentLayout, upgradeItem } from '../stored-item.ts';
import { tableKeys } from '../table-keys.ts';

/** What the summary counts of one connection. */
export interface SummaryEntry {
  readonly id: string;
  /** The revision of the connection that was counted. An image of an earlier one is ignored. */
  readonly revision: number;
  /** What is counted: status, connector and problem code. `null` if the connection is deleted. */
  readonly cell: string | null;
  /** Since when a failing connection fails, and its name for the list of the longest failing. */
  readonly failing: { readonly since: string; readonly name: string } | null;
}

/** What the summary counts of a connection, `null` of a deleted one. */
export const toSummaryEntry = (connection: StoredConnection, deleted: boolean): SummaryEntry => {
  const { id, revision, status, type, status_reason: code, name } = connection;
  if (deleted) return { id, revision, cell: null, failing: null };
  const isFailing = status === 'failed';
  return {
    id,
    revision,
    cell: encodeCell({ status, type, code }),
    failing: isFailing ? { since: findFailureTime(connection), name } : null,
  };
};

/** Releases that did not store since when a connection has its status stored the last test. */
const findFailureTime = ({ decided_at: at, last_test: last, updated_at }: StoredConnection): string =>
  at ?? last?.tested_at ?? updated_at;

/** A status or code of a later release, which a rollback leaves behind, reads as the one that is closest. */
const SummaryCell = v.tuple([
  v.fallback(v.picklist(connectionStatuses), 'failed'),
  v.string(),
  v.nullable(v.fallback(v.picklist(problemCodes), 'server-error')),
]);

interface SummaryCounted {
  readonly status: StoredConnection['status'];
  readonly type: string;
  readonly code: StoredConnection['status_reason'];
}

const encodeCell = ({ status, type, code }: SummaryCounted): string => JSON.stringify([status, type, code]);

export const decodeCell = (cell: string): SummaryCounted => {
  const [status, type, code] = v.parse(SummaryCell, JSON.parse(cell));
  return { status, type, code };
};

/** Each shard has counters and a lock of its own, so that several publishers rarely wait for each other. */
export const SUMMARY_SHARDS = 8;

export const toSummaryShard = (id: string): number =>
  createHash('sha256').update(id).digest().readUInt8(5) % SUMMARY_SHARDS;

const StoredEntry = v.object({
  revision: v.number(),
  cell: v.nullable(v.string()),
  since: v.nullable(v.string()),
  name: v.nullable(v.string()),
});

export const readSummaryEntry = (id: string, item: Item): SummaryEntry => {
  const { revision, cell, since, name } = v.parse(StoredEntry, upgradeItem('summary', item));
  return { id, revision, cell, failing: since === null || name === null ? null : { since, name } };
};

/**
 * Longer than the stream keeps a change and parked changes are kept (14 days), so that no late image of a deleted connection is counted.
 */
const DELETED_ENTRY_SECONDS = 16 * 86_400;

export const toSummaryEntryItem = (
  tenant: Tenant,
  { id, revision, cell, failing }: SummaryEntry,
  now: number,
): Item => ({
  ...tableKeys.summaryEntry(tenant, id),
  layout: resolveCurrentLayout('summary'),
  revision,
  cell,
  since: failing?.since ?? null,
  name: failing?.name ?? null,
  ...(cell === null && { expires: Math.floor(now / 1000) + DELETED_ENTRY_SECONDS }),
});

/** The item of a failing connection in the list that is sorted by time. `undefined` if it does not fail. */
export const toFailingItem = (tenant: Tenant, { id, cell, failing }: SummaryEntry): Item | undefined => {
  if (failing === null || cell === null) return undefined;
  const { type, code } = decodeCell(cell);
  return {
    ...tableKeys.summaryFailing(tenant, failing.since, id),
    layout: resolveCurrentLayout('summary'),
    name: failing.name,
    type,
    code,
  };
};

const StoredCounters = v.object({ seq: v.number(), cells: v.record(v.string(), v.number()) });

/** The counters of one shard. `seq` is incremented by each write and is the lock of the shard. */
export interface SummaryCounters {
  readonly seq: number;
  readonly cells: Readonly<Record<string, number>>;
}

export const readSummaryCounters = (item: Item | undefined): SummaryCounters =>
  item ? v.parse(StoredCounters, upgradeItem('summary', item)) : { seq: 0, cells: {} };

/** Adds to counters. A counter that is 0 is removed. */
export const addToCells = (
  cells: SummaryCounters['cells'],
  changes: readonly (readonly [cell: string | null, by: number])[],
): SummaryCounters['cells'] => {
  const sums = new Map(Object.entries(cells));
  for (const [cell, by] of changes) if (cell !== null) sums.set(cell, (sums.get(cell) ?? 0) + by);
  return Object.fromEntries([...sums].filter(([, sum]) => sum !== 0));
};
