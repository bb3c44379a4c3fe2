import { problems } from '../../problem.ts';
import type { StoredConnection } from '../connections/connection.ts';
import { hashDerivation, readLastTest } from '../connections/derived-data.ts';
import { selectCurrentHealth } from './fold-result.ts';
import { measureAvailability, measurePercentile } from './health-counters.ts';
import { type Health, isRetryPending } from './health-item.ts';
import type { ConnectionHealth } from './health-schema.ts';
import { findNextDue, MINUTE_MS } from '../schedule/slots.ts';
import { findLoginPause } from '../testing/lock-out.ts';
import type { TestResult } from '../testing/test-result.ts';

/** The health of a connection as the API returns it; `null` if the connection is deleted. */
export const presentHealth = (
  stored: StoredConnection,
  read: Health,
  now: number,
): ConnectionHealth | null => {
  if (stored.deleted_at !== null) return null;
  const health = selectCurrentHealth(read, hashDerivation('login', stored));
  const paused = findLoginPause(stored);
  const { latencies, error } = health;
  return {
    since: findStatusTime(stored),
    next_test_at: paused ? null : toTimeText(findNextTest(stored, health, now)),
    consecutive_failures: health.consecutive_failures,
    availability_24h: measureAvailability(health.hours, now),
    latency_ms: {
      last: latencies.at(-1) ?? null,
      p50: measurePercentile(latencies, 0.5),
      p95: measurePercentile(latencies, 0.95),
    },
    last_error: error && {
      code: error.code,
      blame: problems[error.code].blame,
      at: new Date(error.at).toISOString(),
    },
    paused,
  };
};

/**
 * The last test as the API returns it. The connection keeps the last full record; a later test with the same outcome has changed only its
 * time and latency.
 */
export const presentLastTest = (stored: StoredConnection, read: Health): TestResult | null => {
  const recorded = readLastTest(stored);
  const { last, latencies } = selectCurrentHealth(read, hashDerivation('login', stored));
  if (!recorded || !last || last.at <= Date.parse(recorded.tested_at)) return recorded;
  if (last.code !== (recorded.details.code ?? null)) return recorded;
  const latency = latencies.at(-1);
  return {
    ...recorded,
    tested_at: new Date(last.at).toISOString(),
    ...(last.code === null &&
      latency !== undefined && { details: { ...recorded.details, latency_ms: latency } }),
  };
};

const findStatusTime = ({ status, decided_at: at, last_test: last }: StoredConnection): string | null =>
  status === 'testing' || status === 'pending' ? null : (at ?? last?.tested_at ?? null);

const findNextTest = ({ id, options }: StoredConnection, health: Health, now: number): number | null => {
  const interval = options.test_interval_minutes;
  const { retry_at: retry } = health;
  const longest = Math.max(interval, RETRY_WITHOUT_INTERVAL) * MINUTE_MS;
  const regular = findNextDue(id, interval, now);
  // A retry is made within the first minute that begins after its time, and is still to come until then.
  const until = { ...health, retry_at: retry === null ? null : retry + 2 * MINUTE_MS };
  if (retry === null || !isRetryPending(until, now, longest + MINUTE_MS)) return regular;
  return Math.ceil(retry / MINUTE_MS) * MINUTE_MS;
};

/** After a fault of Mooring, a connection without scheduled tests is tested again too. */
const RETRY_WITHOUT_INTERVAL = 5;

const toTimeText = (time: number | null): string | null =>
  time === null ? null : new Date(time).toISOString();
