import type { ConnectionEvent } from '../../ports/bus.ts';
import type { Probe } from '../../ports/probe.ts';
import type { Store } from '../../ports/store.ts';
import { Problem } from '../../problem.ts';
import { countDestinationDial, countQueuedDial, type DialLimits } from './dial-quota.ts';
import { runEventTest } from '../events/connection-events.ts';
import { listDestinations } from './list-destinations.ts';
import { isLoginPaused } from './lock-out.ts';
import { findConnection } from '../connections/connection-repository.ts';

interface QueuedTestDependencies {
  readonly store: Store;
  readonly probe: Pick<Probe, 'test'>;
  readonly limits: DialLimits;
  readonly now: number;
}

/** Runs the test that an event requests, and counts it against the quotas. Throws `quota-exceeded` if the test must wait. */
export const runQueuedTest = async (
  { store, probe, limits, now }: QueuedTestDependencies,
  event: ConnectionEvent,
): Promise<void> => {
  const { org_id: org, environment_id: environment, connection_id, version } = event;
  try {
    const stored = await findConnection(store, { org, environment }, connection_id.replace(/^conn_/, ''));
    // A test that will not dial the source is not counted.
    if (stored.awaits_test === version && !isLoginPaused(stored)) {
      await countDestinationDial(store, limits, { org, now, destinations: listDestinations(stored) });
      await countQueuedDial(store, limits, { org, now });
    }
  } catch (error) {
    if (error instanceof Problem && error.code === 'not-found') return;
    throw error;
  }
  await runEventTest(probe, event);
};

/** How many seconds a test must wait. `undefined` for errors that waiting does not resolve. */
export const toPostponementSeconds = (error: unknown): number | undefined =>
  error instanceof Problem && error.code === 'quota-exceeded'
    ? Number(error.extras.headers?.['retry-after'] ?? 60)
    : undefined;
