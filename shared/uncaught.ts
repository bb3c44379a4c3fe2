import { describeError } from './describe-error.ts';
import type { Log } from './log.ts';

type Listening = Pick<Log, 'error' | 'clean'>;

const active = new Set<Listening>();

/**
 * Until it is disposed of, logs what nobody caught and ends the process, before any other listener hears of it: Lambda's own would write
 * the error with all of its fields, and drivers put requests there, passwords and all.
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

/** Of several calls at once nobody knows which failed: what any of them hides is hidden. */
const end = (error: unknown): void => {
  const logs = [...active];
  const clean = (text: string) => logs.reduce((cleaned, log) => log.clean(cleaned), text);
  logs[0]?.error('failed', describeError(error, clean));
  process.exit(1);
};
