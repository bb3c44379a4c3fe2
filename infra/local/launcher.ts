import { execFile } from 'node:child_process';
import { setInterval } from 'node:timers/promises';
import { promisify } from 'node:util';

/** Resolves when the npm process that started this one is gone. Killing npm ends neither its shell nor this process. */
export const waitForLauncherExit = async (
  environment: Readonly<Record<string, string | undefined>>,
): Promise<void> => {
  const launcher =
    environment['npm_lifecycle_event'] === undefined ? undefined : await findLauncher(process.ppid);
  for await (const _ of setInterval(500, undefined, { ref: false })) {
    if (launcher !== undefined && !isProcessAlive(launcher)) return;
  }
};

/** npm runs a script in a shell, and some shells replace themselves with the script. */
const findLauncher = async (parent: number): Promise<number | undefined> => {
  try {
    const { stdout } = await promisify(execFile)('ps', ['-o', 'ppid=', '-o', 'args=', '-p', String(parent)]);
    const [, grandparent, command = ''] = /^\s*(\d+)\s+(.*)/.exec(stdout) ?? [];
    return /^(\S*\/)?(ba|da|z)?sh -c /.test(command) ? Number(grandparent) : parent;
  } catch {
    return undefined; // no usable ps, so the launcher is unknown
  }
};

const isProcessAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return typeof error === 'object' && error !== null && 'code' in error && error.code === 'EPERM';
  }
};
