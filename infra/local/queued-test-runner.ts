import { setTimeout as wait } from 'node:timers/promises';
import { createFairQueue } from '../../shared/adapters/local/fair-queue.ts';
import { resolveConnector } from '../../shared/domain/connections/parse-connection-input.ts';
import type { DialLimits } from '../../shared/domain/testing/dial-quota.ts';
import { runQueuedTest, toPostponementSeconds } from '../../shared/domain/testing/queued-tests.ts';
import { findConnection } from '../../shared/domain/connections/connection-repository.ts';
import type { ConnectionEvent } from '../../shared/ports/bus.ts';
import type { Probe } from '../../shared/ports/probe.ts';
import type { ReadStore, Store } from '../../shared/ports/store.ts';
import { Problem } from '../../shared/problem.ts';

/**
 * Runs the tests that events request; callers' own tests do not come here. A silent server delays only the tests of its own destination,
 * and a tenant only its own. Throws `quota-exceeded` for a test that has to wait.
 */
export const createQueuedTestRunner = (store: Store, probe: Pick<Probe, 'test'>, limits: DialLimits) => {
  // A test that waits for a silent server needs a socket and little else.
  const queue = createFairQueue({ atOnce: 512, perTenant: 256, perDestination: 16 });
  return async (event: ConnectionEvent): Promise<void> => {
    const destination = await findTestDestination(store, event);
    if (destination === undefined) return;
    const tenant = `${event.org_id}#${event.environment_id}`;
    await queue.run({ tenant, destination }, () =>
      runQueuedTest({ store, probe, limits, now: Date.now() }, event),
    );
  };
};

/** Like `test`, but a test that exceeds its quota waits outside the queue, takes no other test's place, and runs later. */
export const withQuotaWait =
  (test: (event: ConnectionEvent) => Promise<void>) =>
  async (event: ConnectionEvent): Promise<void> => {
    for (;;) {
      try {
        return await test(event);
      } catch (error) {
        const seconds = toPostponementSeconds(error);
        if (seconds === undefined) throw error;
        await wait(seconds * 1000, undefined, { ref: false });
      }
    }
  };

/** The destination of a test; `undefined` if the connection is gone, because then the test is not needed. */
const findTestDestination = async (store: ReadStore, event: ConnectionEvent): Promise<string | undefined> => {
  const tenant = { org: event.org_id, environment: event.environment_id };
  try {
    const stored = await findConnection(store, tenant, event.connection_id.replace(/^conn_/, ''));
    const { destination } = resolveConnector(stored.type);
    return JSON.stringify([stored.type, ...destination.map((field) => stored.config[field] ?? null)]);
  } catch (error) {
    if (error instanceof Problem && error.code === 'not-found') return undefined;
    throw error;
  }
};
