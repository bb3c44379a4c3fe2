import type { TestMessage } from '../../ports/queue.ts';
import type { StoredConnection } from '../connections/connection.ts';
import { type HealthState, isDueTested, isRetryPending } from '../health/health-item.ts';
import { resolveTestInterval } from './intervals.ts';
import { MINUTE_MS } from './slots.ts';

/** `remove` means that the slot which requested the test is of no use any more. */
export type ScheduledTestVerdict = 'run' | 'skip' | 'remove';

/**
 * Decides about a scheduled test from what is stored now. A message may come twice, late or out of order, and the connection may have
 * changed since.
 */
export const judgeScheduledTest = (
  { due = 0, interval, seq }: Pick<TestMessage, 'due' | 'interval' | 'seq'>,
  stored: StoredConnection | undefined,
  health: HealthState,
  now: number,
): ScheduledTestVerdict => {
  const current = resolveTestInterval(stored?.options.test_interval_minutes ?? 0);
  if (interval !== undefined && (!stored || interval !== current)) return 'remove';
  if (!stored || current === 0 || isDueTested(health, due, now)) return 'skip';
  if (now - due > current * MINUTE_MS) return 'skip';
  if (interval === undefined) return seq === undefined || seq === health.seq ? 'run' : 'skip';
  return isRetryPending(health, now, current * MINUTE_MS) ? 'skip' : 'run';
};
