import { readStorageFault } from '../../shared/adapters/storage-fault.ts';
import { Problem, problems } from '../../shared/problem.ts';
import { banner } from './banner.ts';
import { launcherEnded } from './launcher.ts';
import { type Running, startLocal } from './run.ts';
import { settingsFrom } from './settings.ts';

/** `npm start`: runs the whole API on this machine until Ctrl-C. */
const main = async (): Promise<void> => {
  const told = toldToStop();
  let running: Running;
  try {
    running = await startLocal(settingsFrom(process.env));
  } catch (error) {
    process.stderr.write(`Mooring cannot start. ${sentence(error)}\n`);
    process.exit(1);
  }
  process.stdout.write(`${banner(running)}\n`);
  await told;
  await running[Symbol.asyncDispose]();
  process.exit(0);
};

/**
 * A second Ctrl-C exits at once. Within a second it is ignored, because npm forwards the first one again. The next start cleans up what is
 * left behind.
 */
const toldToStop = (): Promise<void> => {
  const { promise, resolve } = Promise.withResolvers<void>();
  let first: number | undefined;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (first !== undefined && performance.now() - first > 1000) process.exit(130);
      first ??= performance.now();
      resolve();
    });
  }
  // A closed terminal accepts no more output; a log file on a full disk may accept it again later.
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error) => {
      if (!lastsAWhile.has(codeOf(error))) resolve();
    });
  void launcherEnded(process.env).then(resolve);
  return promise;
};

const lastsAWhile = new Set(['ENOSPC', 'EDQUOT']);

const codeOf = (error: Error): string => ('code' in error ? String(error.code) : '');

/** An error that we throw on purpose is a sentence. Any other error is a bug, and its stack says more. */
const sentence = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof Problem)
    return `${error.message}. ${error.extras.remediation ?? problems[error.code].cure}`;
  const fault = 'code' in error ? readStorageFault(error) : undefined;
  if (fault) return `The state folder cannot be used: ${fault.reason}. ${fault.remediation}`;
  return error.constructor === Error && !('code' in error) ? error.message : (error.stack ?? error.message);
};

await main();
