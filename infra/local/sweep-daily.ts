import { sweepSnapshots } from '../../shared/domain/sweep-snapshots.ts';
import { sweepSecrets } from '../../shared/domain/sweep.ts';
import { renewMark } from '../../shared/domain/store-mark.ts';
import type { Log } from '../../shared/log.ts';
import type { Store } from '../../shared/ports/store.ts';
import type { SweepVault } from '../../shared/ports/vault.ts';

interface SweepPlaces {
  readonly store: Store;
  readonly vault: SweepVault;
}

/** Does what the schedule does on AWS: a second from now, out of the way of the start, and daily. Disposing waits for what runs. */
export const sweepDaily = ({ store, vault }: SweepPlaces, log: Log): AsyncDisposable => {
  let running: Promise<unknown> = Promise.resolve();
  let recognised = false;
  const work = async () => {
    await sweepSnapshots({ store, clock: Date.now, log });
    const { refused } = await sweepSecrets({ store, vault, clock: Date.now, log });
    recognised = refused === undefined;
  };
  const sweep = () => {
    running = work().catch((error: unknown) => log.error('the sweep failed', error));
  };
  const first = setTimeout(sweep, 1000).unref();
  const daily = setInterval(sweep, 86_400_000).unref();
  return {
    [Symbol.asyncDispose]: async () => {
      clearTimeout(first);
      clearInterval(daily);
      await running;
      // A copy of the store that was made during this run is not the store as it is now.
      if (recognised)
        await renewMark({ store, vault }).catch((error: unknown) =>
          log.error('the mark of the store was not renewed', error),
        );
    },
  };
};
