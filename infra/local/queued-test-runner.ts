import { createFairQueue } from '../../shared/adapters/local/fair-queue.ts';
import { parseTestMessage } from '../../shared/domain/events/parse-test-message.ts';
import { type QueuedTestOutcome, runQueuedTest } from '../../shared/domain/testing/queued-tests.ts';
import type { Clock } from '../../shared/ports/clock.ts';
import type { Probe } from '../../shared/ports/probe.ts';
import type { Store } from '../../shared/ports/store.ts';
import type { DeploymentSettings } from '../../shared/settings.ts';

interface QueuedTestRunner {
  readonly store: Store;
  readonly probe: Pick<Probe, 'test'>;
  readonly settings: DeploymentSettings;
  readonly clock: Clock;
}

/**
 * Runs the tests of the queue; callers' own tests do not come here. A silent server delays only the tests of its own destination, and a
 * tenant only its own. Throws `quota-exceeded` for a test that has to wait.
 */
export const createQueuedTestRunner = ({ store, probe, settings, clock }: QueuedTestRunner) => {
  // A test that waits for a silent server needs a socket and little else.
  const turns = createFairQueue({
    atOnce: 512,
    perTenant: 256,
    perDestination: settings.destination_tests_at_once,
  });
  return (body: string): Promise<QueuedTestOutcome> => {
    const message = parseTestMessage(body);
    const tenant = JSON.stringify([message.org_id, message.environment_id]);
    return runQueuedTest(
      {
        store,
        probe,
        limits: settings,
        now: clock(),
        takeTurn: ({ destination }, work) => turns.run({ tenant, destination }, work),
      },
      message,
    );
  };
};
