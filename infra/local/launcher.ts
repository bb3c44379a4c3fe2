import { execFile } from 'node:child_process';
import { setInterval } from 'node:timers/promises';
import { promisify } from 'node:util';

/** Resolves when the npm that started this is gone: killed, it takes along neither its shell nor us. */
export const launcherEnded = async (
  environment: Readonly<Record<string, string | undefined>>,
): Promise<void> => {
  const launcher =
    environment['npm_lifecycle_event'] === undefined ? undefined : await launcherOf(process.ppid);
  for await (const _ of setInterval(500, undefined, { ref: false })) {
    if (launcher !== undefined && !isAlive(launcher)) return;
  }
};

/** npm runs a script by a shell, which some shells then replace by the script. */
const launcherOf = async (parent: number): Promise<number | undefined> => {
  try {
    const { stdout } = await promisify(execFile)('ps', ['-o', 'ppid=', '-o', 'args=', '-p', String(parent)]);
    const [, above, command = ''] = /^\s*(\d+)\s+(.*)/.exec(stdout) ?? [];
    return /^(\S*\/)?(ba|da|z)?sh -c /.test(command) ? Number(above) : parent;
  } catch {
    return undefined; // no such ps: then it is not known
  }
};

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return typeof error === 'object' && error !== null && 'code' in error && error.code === 'EPERM';
  }
};
