import { sweepSnapshots } from '../../shared/domain/catalog/snapshot/sweep-snapshots.ts';
import { sweepSecrets } from '../../shared/domain/credentials/sweep-secrets.ts';
import { renewMark } from '../../shared/domain/credentials/store-mark.ts';
import type { Log } from '../../shared/log.ts';
import type { Store } from '../../shared/ports/store.ts';
import type { SweepVault } from '../../shared/ports/vault.ts';

interface DailySweepPorts {
  readonly store: Store;
  readonly vault: SweepVault;
}

/** Runs the work after `first` milliseconds and then every `every` milliseconds, until it is disposed of. */
export type RepeatWork = (
  work: () => void,
  times: { readonly first: number; readonly every: number },
) => Disposable;

export const repeatByTimer: RepeatWork = (work, { first, every }) => {
  const timers = [setTimeout(work, first).unref(), setInterval(work, every).unref()];
  return { [Symbol.dispose]: () => timers.forEach(clearTimeout) };
};

/**
 * Does the work of the daily schedule: one second after the start, so that it does not delay it, and then every day. Disposing waits for a
 * running sweep.
 */
export const sweepDaily = (
  { store, vault }: DailySweepPorts,
  log: Log,
  repeat: RepeatWork = repeatByTimer,
): AsyncDisposable => {
  let running: Promise<unknown> = Promise.resolve();
  let isRecognised = false;
  const work = async () => {
    await sweepSnapshots({ store, clock: Date.now, log });
    const { refused } = await sweepSecrets({ store, vault, clock: Date.now, log });
    isRecognised = refused === undefined;
  };
  const sweep = () => {
    running = work().catch((error: unknown) => log.error('sweep failed', error));
  };
  const repeating = repeat(sweep, { first: 1000, every: 86_400_000 });
  return {
    [Symbol.asyncDispose]: async () => {
      repeating[Symbol.dispose]();
      await running;
      // Renew the mark, so that a copy of the store made during this run is not taken for the current store.
      if (isRecognised)
        await renewMark({ store, vault }).catch((error: unknown) =>
          log.error('store mark renewal failed', error),
        );
    },
  };
};
