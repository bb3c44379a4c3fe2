import { describeError } from './describe-error.ts';
import type { Log } from './log.ts';

type Listening = Pick<Log, 'error' | 'clean'>;

const active = new Set<Listening>();

/**
 * Until disposed, logs uncaught errors and exits the process before any other listener runs: Lambda's own listener would log all fields of
 * the error, and drivers put requests with passwords there.
 */
export const endAtUncaught = (log: Listening): Disposable => {
  if (active.size === 0)
    process.prependListener('uncaughtException', end).prependListener('unhandledRejection', end);
  active.add(log);
  return {
    [Symbol.dispose]: () => {
      active.delete(log);
      if (active.size === 0)
        process.removeListener('uncaughtException', end).removeListener('unhandledRejection', end);
    },
  };
};

/** With several calls at once the failed one is unknown, so the error is cleaned with the secrets of all of them. */
const end = (error: unknown): void => {
  const logs = [...active];
  const clean = (text: string) => logs.reduce((cleaned, log) => log.clean(cleaned), text);
  logs[0]?.error('failed', describeError(error, clean));
  process.exit(1);
};
