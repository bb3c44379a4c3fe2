import type { Item, StoreChange } from '../../ports/store.ts';
import { type ProblemCode, problems } from '../../problem.ts';
import type { Tenant } from '../access/tenant.ts';
import { resolveCurrentLayout, upgradeItem } from '../stored-item.ts';
import { tableKeys } from '../table-keys.ts';
import {
  decodeHourCounts,
  decodeLatencies,
  encodeHourCounts,
  encodeLatencies,
  type HourCount,
} from './health-counters.ts';
import { decodeRecentResults, encodeRecentResults, type RecentResult } from './recent-results.ts';

/** What the scheduler and the probe need of a connection's health item. */
export interface HealthState {
  /** Incremented by each write; used for optimistic locking. 0 if the connection has no health item yet. */
  readonly seq: number;
  /** The due time of the last scheduled test, in milliseconds. */
  readonly last_due: number | null;
  /** When the pending retry is due, in milliseconds. While it is in the future, the regular slot is skipped. */
  readonly retry_at: number | null;
}

/** Consecutive tests with the same outcome that have no record of their own. Times are in milliseconds. */
export interface RepeatedTests {
  readonly repeated: number;
  readonly from: number;
  readonly to: number;
}

/** What is known about a connection over time. All times are in milliseconds. */
export interface Health extends HealthState {
  /** `hashDerivation('login')` of the tested connection. Counters of other settings read as zero. */
  readonly of: string | null;
  /** Of the last successful tests, the newest last. */
  readonly latencies: readonly number[];
  /** Hours with at least one test, the oldest first. */
  readonly hours: readonly HourCount[];
  /** The last results, ordered by the start of the test. */
  readonly recent: readonly RecentResult[];
  readonly consecutive_failures: number;
  /** The number of failed tests since the connection is `failed`. It determines the pause before the next test. */
  readonly failed_tests: number;
  /** The newest result: when its test ended, and its problem code if it failed. */
  readonly last: { readonly at: number; readonly code: ProblemCode | null } | null;
  /** The last failure, of the source or of Mooring itself. */
  readonly error: { readonly at: number; readonly code: ProblemCode } | null;
  /** When the last full record of a test was written. */
  readonly recorded_at: number | null;
  /** The tests since the last full record. */
  readonly run: RepeatedTests | null;
}

export const NO_HEALTH: Health = {
  seq: 0,
  last_due: null,
  retry_at: null,
  of: null,
  latencies: [],
  hours: [],
  recent: [],
  consecutive_failures: 0,
  failed_tests: 0,
  last: null,
  error: null,
  recorded_at: null,
  run: null,
};

/** A clock of another machine may be ahead by this much. A remembered time later than that is of a clock that was wrong. */
export const CLOCK_TOLERANCE_MS = 60_000;

/** Whether the test that is due at this time was made already. */
export const isDueTested = ({ last_due: last }: HealthState, due: number, now: number): boolean =>
  last !== null && due <= last && last <= now + CLOCK_TOLERANCE_MS;

/** Whether a retry is planned. The regular slot is skipped until then. No retry is planned later than one interval ahead. */
export const isRetryPending = ({ retry_at: at }: HealthState, now: number, intervalMs: number): boolean =>
  at !== null && at > now && at <= now + intervalMs + CLOCK_TOLERANCE_MS;

/** The part of a health item that the scheduler needs. `undefined` means that the connection was never tested. */
export const readHealthState = (item: Item | undefined): HealthState => {
  const stored: Partial<Item> = item ? upgradeItem('health', item) : {};
  return {
    seq: readNumber(stored['seq']) ?? 0,
    last_due: readNumber(stored['last_due']),
    retry_at: readNumber(stored['retry_at']),
  };
};

/** Reads the health item of any release. `undefined` means that the connection was never tested. */
export const readHealth = (item: Item | undefined): Health => {
  if (!item) return NO_HEALTH;
  const stored: Partial<Item> = upgradeItem('health', item);
  const lastAt = readNumber(stored['last_at']);
  const [errorAt, errorCode] = [readNumber(stored['error_at']), readCode(stored['error'])];
  return {
    ...readHealthState(item),
    of: typeof stored['of'] === 'string' ? stored['of'] : null,
    latencies: decodeLatencies(readBytes(stored['latencies'])),
    hours: decodeHourCounts(readBytes(stored['hours']), readNumber(stored['hour']) ?? 0),
    recent: decodeRecentResults(readBytes(stored['recent'])),
    consecutive_failures: readNumber(stored['failures']) ?? 0,
    failed_tests: readNumber(stored['failed']) ?? 0,
    last: lastAt === null ? null : { at: lastAt, code: readCode(stored['last']) },
    error: errorAt === null || errorCode === null ? null : { at: errorAt, code: errorCode },
    recorded_at: readNumber(stored['recorded_at']),
    run: readRun(stored['run']),
  };
};

/** The write that stores the health of a connection, on condition that nobody has written it since it was read with `seen`. */
export const buildHealthPut = (tenant: Tenant, id: string, health: Health, seen: number): StoreChange => ({
  put: toHealthItem(tenant, id, health),
  if: seen === 0 ? 'absent' : { seq: seen },
});

/** At most 1 KB, which DynamoDB writes for one unit. Attributes without a value are left out. */
export const toHealthItem = (tenant: Tenant, id: string, health: Health): Item => {
  const { of, last, error, run } = health;
  const attributes = {
    of,
    last_due: health.last_due,
    retry_at: health.retry_at,
    latencies: encodeLatencies(health.latencies),
    hour: health.hours.at(-1)?.hour ?? null,
    hours: encodeHourCounts(health.hours),
    recent: encodeRecentResults(health.recent),
    failures: health.consecutive_failures,
    failed: health.failed_tests,
    last_at: last?.at ?? null,
    last: last?.code ?? null,
    error_at: error?.at ?? null,
    error: error?.code ?? null,
    recorded_at: health.recorded_at,
    run: run && [run.repeated, run.from, run.to],
  };
  return {
    ...tableKeys.health(tenant, id),
    layout: resolveCurrentLayout('health'),
    seq: health.seq,
    ...Object.fromEntries(Object.entries(attributes).filter(([, value]) => hasContent(value))),
  };
};

const hasContent = (value: unknown): boolean =>
  value !== null && value !== 0 && !(value instanceof Uint8Array && value.length === 0);

const readNumber = (value: unknown): number | null => (typeof value === 'number' ? value : null);

const readBytes = (value: unknown): Uint8Array => (value instanceof Uint8Array ? value : new Uint8Array());

/** A code of a later release reads as the code for any error of a server. */
const readCode = (value: unknown): ProblemCode | null => {
  if (typeof value !== 'string') return null;
  return Object.hasOwn(problems, value) ? (value as ProblemCode) : 'server-error';
};

export const readRun = (value: unknown): RepeatedTests | null => {
  const [repeated, from, to]: unknown[] = Array.isArray(value) ? value : [];
  return typeof repeated === 'number' && typeof from === 'number' && typeof to === 'number'
    ? { repeated, from, to }
    : null;
};
