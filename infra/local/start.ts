import { classifyStorageError } from '../../shared/storage-fault.ts';
import { Problem, problems } from '../../shared/problem.ts';
import { renderBanner } from './banner.ts';
import { waitForLauncherExit } from './launcher.ts';
import { type LocalDeployment, startLocalDeployment } from './local-deployment.ts';
import { readLocalSettings } from './local-settings.ts';

/** `npm start`: runs the whole API on this machine until Ctrl-C. */
const runStart = async (): Promise<void> => {
  const stopRequested = waitForStop();
  let running: LocalDeployment;
  try {
    running = await startLocalDeployment(readLocalSettings(process.env));
  } catch (error) {
    process.stderr.write(`Mooring cannot start. ${describeStartError(error)}\n`);
    process.exit(1);
  }
  process.stdout.write(`${renderBanner(running)}\n`);
  await stopRequested;
  await running[Symbol.asyncDispose]();
  process.exit(0);
};

/**
 * A second Ctrl-C exits at once. Within a second it is ignored, because npm forwards the first one again. The next start cleans up what is
 * left behind.
 */
const waitForStop = (): Promise<void> => {
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
      if (!transientWriteErrors.has(readStreamErrorCode(error))) resolve();
    });
  void waitForLauncherExit(process.env).then(resolve);
  return promise;
};

const transientWriteErrors = new Set(['ENOSPC', 'EDQUOT']);

const readStreamErrorCode = (error: Error): string => ('code' in error ? String(error.code) : '');

/** An error that we throw on purpose is a sentence. Any other error is a bug, and its stack says more. */
const describeStartError = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof Problem)
    return `${error.message}. ${error.extras.remediation ?? problems[error.code].remediation}`;
  const fault = 'code' in error ? classifyStorageError(error) : undefined;
  if (fault) return `The state folder cannot be used: ${fault.reason}. ${fault.remediation}`;
  return error.constructor === Error && !('code' in error) ? error.message : (error.stack ?? error.message);
};

await runStart();
