import { join } from 'node:path';
import { openFileVault } from '../../shared/adapters/local/file-vault.ts';
import { openFileSigningKeys } from '../../shared/adapters/local/file-signing-keys.ts';
import { createLocalBus } from '../../shared/adapters/local/local-bus.ts';
import type { DialLimits } from '../../shared/domain/testing/dial-quota.ts';
import { failUndeliveredTest } from '../../shared/domain/testing/undelivered-test.ts';
import type { Log } from '../../shared/log.ts';
import type { Probe } from '../../shared/ports/probe.ts';
import type { SigningKeys } from '../../shared/ports/signing.ts';
import type { Store } from '../../shared/ports/store.ts';
import type { Vault } from '../../shared/ports/vault.ts';
import { followOutbox } from './follow-outbox.ts';
import { openFolderStore } from './state-folder.ts';
import { createQueuedTestRunner, withQuotaWait } from './queued-test-runner.ts';

/** The store and the vault behind the functions, and the path of an event from a change to its test. */
export interface Backing extends AsyncDisposable {
  readonly store: Store;
  readonly vault: Vault;
  readonly signing: SigningKeys;
  /** Starts with the events that an earlier run did not deliver. */
  follow(probe: Pick<Probe, 'test'>, limits: DialLimits, log: Log): Promise<Disposable | AsyncDisposable>;
}

/** Keeps everything in the state folder. */
export const openFolderBacking = async (folder: string): Promise<Backing> => {
  const store = openFolderStore(folder);
  try {
    const vault = await openFileVault({ folder: join(folder, 'vault'), clock: Date.now });
    return {
      store,
      vault,
      signing: await openFileSigningKeys(join(folder, 'webhook-keys')),
      follow: (probe, limits, log) =>
        Promise.resolve(
          followFolderEvents(store, withQuotaWait(createQueuedTestRunner(store, probe, limits)), log),
        ),
      [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
    };
  } catch (error) {
    store.close();
    throw error;
  }
};

const followFolderEvents = (
  store: ReturnType<typeof openFolderStore>,
  test: ReturnType<typeof createQueuedTestRunner>,
  log: Log,
) => {
  let isStopped = false;
  const bus = createLocalBus({
    deliver: (event) => (event.test ? test(event) : Promise.resolve()),
    undeliverable: async (event, error) => {
      // An interrupted event is delivered again at the next start.
      if (isStopped) return;
      log.error('event delivery failed', error, { event_id: event.event_id });
      if (event.test) await failUndeliveredTest(store, event, Date.now());
    },
  });
  const reportFailure = (error: unknown) => log.error('outbox delivery failed', error);
  const loop = followOutbox({ outbox: store, bus, failed: reportFailure });
  return {
    [Symbol.dispose]: () => {
      isStopped = true;
      loop[Symbol.dispose]();
    },
  };
};
