import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Bomb, Effect } from './bomb.ts';

/** Reads a bomb with its connector, in a process that has little memory and is killed after a time limit. */
export const detonate = async ({ serve }: Bomb): Promise<Effect> => {
  await using served = await serve();
  const program = fileURLToPath(new URL('read-apart.ts', import.meta.url));
  const running = promisify(execFile)(
    process.execPath,
    [`--max-old-space-size=${heapMb}`, '--disable-warning=ExperimentalWarning', program],
    { timeout: longest, killSignal: 'SIGKILL' },
  );
  running.child.stdin?.end(JSON.stringify(served.asked));
  const { stdout } = await running;
  const effect: Effect = JSON.parse(stdout);
  return effect;
};

const heapMb = 256;
/** In milliseconds. This is no speed requirement: it only stops a process that never ends. */
const longest = 90_000;
