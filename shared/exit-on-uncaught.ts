import { describeError } from './describe-error.ts';
import type { Log } from './log.ts';

type UncaughtLog = Pick<Log, 'error' | 'clean'>;

const activeLogs = new Set<UncaughtLog>();

/**
 * Until disposed, logs uncaught errors and exits the process before any other listener runs: Lambda's own listener would log all fields of
 * the error, and drivers put requests with passwords there.
 */
export const exitOnUncaught = (log: UncaughtLog): Disposable => {
  if (activeLogs.size === 0)
    process
      .prependListener('uncaughtException', logAndExit)
      .prependListener('unhandledRejection', logAndExit);
  activeLogs.add(log);
  return {
    [Symbol.dispose]: () => {
      activeLogs.delete(log);
      if (activeLogs.size === 0)
        process
          .removeListener('uncaughtException', logAndExit)
          .removeListener('unhandledRejection', logAndExit);
    },
  };
};

/** With several calls at once the failed one is unknown, so the error is cleaned with the secrets of all of them. */
const logAndExit = (error: unknown): void => {
  const logs = [...activeLogs];
  const clean = (text: string) => logs.reduce((cleaned, log) => log.clean(cleaned), text);
  logs[0]?.error('process ended by an uncaught error', describeError(error, clean));
  process.exit(1);
};
