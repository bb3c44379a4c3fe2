import type { ProblemCode } from '../../problem.ts';
import { addToHour, HOUR_MS, type HourCount, MAX_LATENCIES } from './health-counters.ts';
import { CLOCK_TOLERANCE_MS, type Health, NO_HEALTH } from './health-item.ts';
import { addRecentResult, locateResult, toResultMark, type ResultPosition } from './recent-results.ts';

/** The result of a test, as far as health is concerned. */
export interface HealthResult {
  /** The id of the test, 32 hex digits. */
  readonly test: string;
  /** When the test began and ended, in milliseconds. */
  readonly began: number;
  readonly ended: number;
  /** `null` if it connected. */
  readonly code: ProblemCode | null;
  readonly latency_ms: number | null;
}

/** The health of a connection whose settings have the derivation hash `of`: counters of other settings read as zero. */
export const selectCurrentHealth = (health: Health, of: string): Health =>
  health.of === of
    ? health
    : {
        ...NO_HEALTH,
        of,
        seq: health.seq,
        last_due: health.last_due,
        recorded_at: health.recorded_at,
        run: health.run,
      };

/** Forgets times that are in the future because the clock was wrong when they were written. Otherwise they would outrank all results until then. */
export const forgetFutureTimes = (health: Health, now: number): Health => {
  const isPast = (time: number | null | undefined) =>
    time === null || time === undefined || time <= now + CLOCK_TOLERANCE_MS;
  const isPastHour = ({ hour }: HourCount) => isPast(hour * HOUR_MS);
  return {
    ...health,
    last_due: isPast(health.last_due) ? health.last_due : null,
    recent: health.recent.filter(({ began }) => isPast(began)),
    hours: health.hours.filter(isPastHour),
    last: isPast(health.last?.at) ? health.last : null,
    recorded_at: isPast(health.recorded_at) ? health.recorded_at : null,
  };
};

export interface FoldedHealth {
  readonly health: Health;
  readonly position: ResultPosition;
}

/**
 * Adds a result to the counters, once. Results may arrive in any order: the newest one by the start of its test sets the last result and the
 * consecutive failures; an older one only counts.
 */
export const foldTestResult = (health: Health, result: HealthResult): FoldedHealth => {
  const seen = { began: result.began, mark: toResultMark(result.test) };
  const position = locateResult(health.recent, seen);
  if (position === 'known' || position === 'too-old') return { health, position };
  const connected = result.code === null;
  const counted: Health = {
    ...health,
    recent: addRecentResult(health.recent, seen),
    hours: addToHour(health.hours, result.ended, connected),
    latencies: connected ? addLatency(health.latencies, result.latency_ms, position) : health.latencies,
  };
  if (position === 'late') return { health: counted, position };
  return {
    position,
    health: {
      ...counted,
      consecutive_failures: connected ? 0 : health.consecutive_failures + 1,
      last: { at: result.ended, code: result.code },
      ...(result.code !== null && { error: { at: result.ended, code: result.code } }),
    },
  };
};

const addLatency = (
  latencies: readonly number[],
  latency: number | null,
  position: ResultPosition,
): readonly number[] => {
  if (latency === null) return latencies;
  // The last latency is that of the newest success.
  const added =
    position === 'newest'
      ? [...latencies, latency]
      : [...latencies.slice(0, -1), latency, ...latencies.slice(-1)];
  return added.slice(-MAX_LATENCIES);
};
