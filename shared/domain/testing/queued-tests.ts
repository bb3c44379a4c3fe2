import type { Probe } from '../../ports/probe.ts';
import type { TestMessage } from '../../ports/queue.ts';
import { Conflict, type Store } from '../../ports/store.ts';
import { Problem } from '../../problem.ts';
import { recordBatchFailure, runForBatch } from '../batches/record-batch-result.ts';
import type { StoredConnection } from '../connections/connection.ts';
import { resolveConnector } from '../connections/parse-connection-input.ts';
import { readConnection } from '../connections/stored-connection.ts';
import { readHealthState } from '../health/health-item.ts';
import { judgeScheduledTest } from '../schedule/judge-scheduled-test.ts';
import { buildStaleSlotRemoval, type SlotOwner } from '../schedule/slots.ts';
import { tableKeys } from '../table-keys.ts';
import { countDestinationDial, countQueuedDial, type DialLimits } from './dial-quota.ts';
import { listDestinations } from './list-destinations.ts';
import { isLoginPaused } from './lock-out.ts';
import { toSavedTest } from './to-saved-test.ts';

interface QueuedTestDependencies {
  readonly store: Store;
  readonly probe: Pick<Probe, 'test'>;
  readonly limits: DialLimits;
  readonly now: number;
  /** Runs the test when it may run. The default is at once. */
  readonly takeTurn?: TakeTurn;
}

export interface TestTurn {
  /** The hosts or accounts, in an order that does not depend on the settings. */
  readonly hosts: string;
  /** What the credentials are bound to: host and port, for example. */
  readonly destination: string;
  readonly isScheduled: boolean;
}

/** Limits how many tests run at the same time to one destination. */
export type TakeTurn = (turn: TestTurn, work: () => Promise<void>) => Promise<void>;

/** What became of a message of the queue. */
export type QueuedTestOutcome = 'tested' | 'skipped' | 'slot removed';

/**
 * Runs the test that a message requests, unless it is not needed any more. A scheduled test counts in no quota; any other one does, and
 * throws `quota-exceeded` if it must wait.
 */
export const runQueuedTest = async (
  { store, probe, limits, now, takeTurn = (_, work) => work() }: QueuedTestDependencies,
  message: TestMessage,
): Promise<QueuedTestOutcome> => {
  const { tenant, id } = toSavedTest(message);
  const [item, healthItem] = await store.getMany([
    tableKeys.connection(tenant, id),
    tableKeys.health(tenant, id),
  ]);
  const stored = item && readConnection(item);
  const isScheduled = message.due !== undefined;
  if (isScheduled) {
    const verdict = judgeScheduledTest(message, stored, readHealthState(healthItem), now);
    if (verdict === 'remove') return removeStaleSlot(store, { tenant, id }, message, stored);
    if (verdict === 'skip') return 'skipped';
  }
  if (!stored) {
    await recordBatchFailure(store, message, 'not-found', now);
    return 'skipped';
  }
  // A test that will not dial the source is not counted.
  if (!isScheduled && isTestAwaited(message, stored) && canLogIn(message, stored)) {
    await countDestinationDial(store, limits, {
      org: tenant.org,
      now,
      destinations: listDestinations(stored),
    });
    await countQueuedDial(store, limits, { org: tenant.org, now });
  }
  const hosts = listDestinations(stored).toSorted().join(' ').toLowerCase();
  await takeTurn({ hosts, destination: renderDestination(stored), isScheduled }, () =>
    runForBatch({ store, now }, message, () => probe.test(toSavedTest(message))),
  );
  return 'tested';
};

const renderDestination = ({ type, config }: StoredConnection): string => {
  const { destination } = resolveConnector(type);
  return JSON.stringify([type, ...destination.map((field) => config[field] ?? null)]);
};

const isTestAwaited = ({ awaited }: TestMessage, stored: StoredConnection): boolean =>
  awaited === undefined || stored.awaits_test === awaited;

/** While tests are paused, only a caller's own request logs in, and a test of a secret that may have another version. */
const canLogIn = ({ trigger }: TestMessage, stored: StoredConnection): boolean =>
  trigger === 'request' || trigger === 'rotation' || !isLoginPaused(stored);

const removeStaleSlot = async (
  store: Store,
  owner: SlotOwner,
  { interval = 0 }: TestMessage,
  stored: StoredConnection | undefined,
): Promise<QueuedTestOutcome> => {
  try {
    await store.write(buildStaleSlotRemoval(owner, interval, stored?.revision));
    return 'slot removed';
  } catch (error) {
    // The connection was changed or restored at this moment, and the slot may be needed again.
    if (error instanceof Conflict) return 'skipped';
    throw error;
  }
};

/** How many seconds a test must wait. `undefined` for errors that waiting does not resolve. */
export const toPostponementSeconds = (error: unknown): number | undefined =>
  error instanceof Problem && error.code === 'quota-exceeded'
    ? Number(error.extras.headers?.['retry-after'] ?? 60)
    : undefined;
