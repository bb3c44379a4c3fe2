import type { ConnectionEvent } from '../ports/bus.ts';
import type { Probe } from '../ports/probe.ts';
import type { Store } from '../ports/store.ts';
import { Problem } from '../problem.ts';
import { countDestinationDial, countQueuedDial, type DialLimits } from './dial-quota.ts';
import { testOnEvent } from './events.ts';
import { listDestinations } from './list-destinations.ts';
import { isLoginPaused } from './lock-out.ts';
import { findConnection } from './write.ts';

interface Where {
  readonly store: Store;
  readonly probe: Pick<Probe, 'test'>;
  readonly limits: DialLimits;
  readonly now: number;
}

/** Makes the test that an event asks for, counted against the quotas. Throws `quota-exceeded` where it has to wait. */
export const makeQueuedTest = async (
  { store, probe, limits, now }: Where,
  event: ConnectionEvent,
): Promise<void> => {
  const { org_id: org, environment_id: environment, connection_id, version } = event;
  try {
    const stored = await findConnection(store, { org, environment }, connection_id.replace(/^conn_/, ''));
    // What nothing will be dialled for is not counted.
    if (stored.awaits_test === version && !isLoginPaused(stored)) {
      await countDestinationDial(store, limits, { org, now, destinations: listDestinations(stored) });
      await countQueuedDial(store, limits, { org, now });
    }
  } catch (error) {
    if (error instanceof Problem && error.code === 'not-found') return;
    throw error;
  }
  await testOnEvent(probe, event);
};

/** Seconds that a test has to wait for its turn; `undefined` for a failure that waiting does not cure. */
export const readPostponement = (error: unknown): number | undefined =>
  error instanceof Problem && error.code === 'quota-exceeded'
    ? Number(error.extras.headers?.['retry-after'] ?? 60)
    : undefined;
