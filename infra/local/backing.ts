import { join } from 'node:path';
import { openFileVault } from '../../shared/adapters/local/file-vault.ts';
import { openFileSigningKeys } from '../../shared/adapters/local/file-signing-keys.ts';
import type { SigningKeys } from '../../shared/ports/signing.ts';
import { createFolderParking } from '../../shared/adapters/local/folder-parking.ts';
import { openSqliteQueue, type SqliteQueue } from '../../shared/adapters/local/sqlite-queue.ts';
import { parseTestMessage } from '../../shared/domain/events/parse-test-message.ts';
import { publishChanges } from '../../shared/domain/events/publish-changes.ts';
import { toPostponementSeconds } from '../../shared/domain/testing/queued-tests.ts';
import { failUndeliveredTest } from '../../shared/domain/testing/undelivered-test.ts';
import type { Log } from '../../shared/log.ts';
import type { Probe } from '../../shared/ports/probe.ts';
import type { Queue } from '../../shared/ports/queue.ts';
import type { Store, StoreEvent } from '../../shared/ports/store.ts';
import type { Vault } from '../../shared/ports/vault.ts';
import type { DeploymentSettings } from '../../shared/settings.ts';
import { consumeQueue } from './consume-queue.ts';
import { toDeliveryPostponement } from './deliver-locally.ts';
import { followOutbox } from './follow-outbox.ts';
import { createQueuedTestRunner } from './queued-test-runner.ts';
import { openFolderStore } from './state-folder.ts';

export interface FollowOptions {
  readonly probe: Pick<Probe, 'test'>;
  readonly settings: DeploymentSettings;
  /** Makes an attempt to deliver an event to a webhook (`deliver-locally.ts`). */
  readonly deliver: (body: string) => Promise<void>;
  readonly log: Log;
  /** Called with every change of a connection. */
  readonly onChange: (change: StoreEvent) => void;
}

/** What is behind the functions: store, vault and queues, and the path of a change to its test. */
export interface Backing extends AsyncDisposable {
  readonly store: Store;
  readonly vault: Vault;
  readonly signing: SigningKeys;
  readonly queue: Queue;
  /** Starts with the changes and messages that an earlier run did not handle. */
  follow(options: FollowOptions): Promise<Disposable | AsyncDisposable>;
}

/** Keeps everything in the state folder. */
export const openFolderBacking = async (folder: string): Promise<Backing> => {
  const store = openFolderStore(folder);
  try {
    const vault = await openFileVault({ folder: join(folder, 'vault'), clock: Date.now });
    const queue = openSqliteQueue({ path: join(folder, 'store.db') });
    return {
      store,
      vault,
      signing: await openFileSigningKeys(join(folder, 'webhook-keys')),
      queue,
      follow: (options) => Promise.resolve(followFolder(folder, store, queue, options)),
      [Symbol.asyncDispose]: () => {
        queue[Symbol.dispose]();
        return store[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    store.close();
    throw error;
  }
};

const followFolder = (
  folder: string,
  store: ReturnType<typeof openFolderStore>,
  queue: SqliteQueue,
  { probe, settings, deliver, log, onChange }: FollowOptions,
): Disposable => {
  const stack = new DisposableStack();
  const runTest = createQueuedTestRunner({ store, probe, settings, clock: Date.now });
  stack.use(
    consumeQueue({
      queue,
      name: 'tests',
      dead: 'dead-tests',
      handle: async (body) => void (await runTest(body)),
      postponement: toPostponementSeconds,
      failed: (error) => log.error('queued test failed', error),
    }),
  );
  stack.use(
    consumeQueue({
      queue,
      name: 'dead-tests',
      dead: 'dead-letters',
      handle: (body) => failUndeliveredTest(store, parseTestMessage(body), Date.now()),
      failed: (error) => log.error('dead letter handling failed', error),
    }),
  );
  for (const name of ['deliveries', 'later-deliveries'] as const) {
    stack.use(
      consumeQueue({
        queue,
        name,
        dead: 'dead-deliveries',
        handle: deliver,
        postponement: toDeliveryPostponement,
        failed: (error) => log.error('queued delivery failed', error),
      }),
    );
  }
  const reportFailure = (error: unknown) => log.error('outbox delivery failed', error);
  const ports = {
    store,
    queue,
    // Nothing listens to a local bus: GET /v1/events and webhooks have the events.
    bus: { put: () => Promise.resolve() },
    parking: createFolderParking(join(folder, 'parked'), Date.now),
    log,
  };
  const publish = (changes: readonly StoreEvent[]) => publishChanges({ ...ports, now: Date.now() }, changes);
  stack.use(followOutbox({ outbox: store, publish, failed: reportFailure, onChange }));
  return stack;
};
