import { join } from 'node:path';
import { fileVault } from '../../shared/adapters/file-vault.ts';
import { localBus } from '../../shared/adapters/local-bus.ts';
import type { DialLimits } from '../../shared/domain/dial-quota.ts';
import { failUndeliveredTest } from '../../shared/domain/undelivered-test.ts';
import type { Log } from '../../shared/log.ts';
import type { Probe } from '../../shared/ports/probe.ts';
import type { Store } from '../../shared/ports/store.ts';
import type { Vault } from '../../shared/ports/vault.ts';
import { followOutbox } from './loop.ts';
import { openStore } from './state.ts';
import { testsInTurn, waitForQuota } from './tests-in-turn.ts';

/** The store and the vault behind the functions, and the path of an event from a change to its test. */
export interface Backing extends AsyncDisposable {
  readonly store: Store;
  readonly vault: Vault;
  /** Starts with the events that an earlier run did not deliver. */
  follow(probe: Pick<Probe, 'test'>, limits: DialLimits, log: Log): Promise<Disposable | AsyncDisposable>;
}

/** Keeps everything in the state folder. */
export const folderBacking = async (folder: string): Promise<Backing> => {
  const store = openStore(folder);
  try {
    const vault = await fileVault({ folder: join(folder, 'vault'), clock: Date.now });
    return {
      store,
      vault,
      follow: (probe, limits, log) =>
        Promise.resolve(followEvents(store, waitForQuota(testsInTurn(store, probe, limits)), log)),
      [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
    };
  } catch (error) {
    store.close();
    throw error;
  }
};

const followEvents = (
  store: ReturnType<typeof openStore>,
  test: ReturnType<typeof testsInTurn>,
  log: Log,
) => {
  let isStopped = false;
  const bus = localBus({
    deliver: (event) => (event.test ? test(event) : Promise.resolve()),
    undeliverable: async (event, error) => {
      // An interrupted event is delivered again at the next start.
      if (isStopped) return;
      log.error('an event could not be delivered', error, { event_id: event.event_id });
      if (event.test) await failUndeliveredTest(store, event, Date.now());
    },
  });
  const failed = (error: unknown) => log.error('the event loop failed', error);
  const loop = followOutbox({ outbox: store, bus, failed });
  return {
    [Symbol.dispose]: () => {
      isStopped = true;
      loop[Symbol.dispose]();
    },
  };
};
