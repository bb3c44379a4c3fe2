import { sweepSecrets } from '../../shared/domain/sweep.ts';
import type { Log } from '../../shared/log.ts';
import type { ReadStore } from '../../shared/ports/store.ts';
import type { SweepVault } from '../../shared/ports/vault.ts';

interface Where {
  readonly store: ReadStore;
  readonly vault: SweepVault;
}

/** Does what the schedule does on AWS: a second from now, out of the way of the start, and daily. Disposing waits for what runs. */
export const sweepDaily = ({ store, vault }: Where, log: Log): AsyncDisposable => {
  let running: Promise<unknown> = Promise.resolve();
  const sweep = () => {
    running = sweepSecrets({ store, vault, clock: Date.now, log }).catch((error: unknown) =>
      log.error('the sweep failed', error),
    );
  };
  const first = setTimeout(sweep, 1000).unref();
  const daily = setInterval(sweep, 86_400_000).unref();
  return {
    [Symbol.asyncDispose]: async () => {
      clearTimeout(first);
      clearInterval(daily);
      await running;
    },
  };
};
