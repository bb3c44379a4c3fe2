import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Bomb, Effect } from './bomb.ts';

/** Reads a bomb as a connector does, in a process that has little memory and is killed in the end. */
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
/** Milliseconds. Says nothing of speed: what never ends is killed. */
const longest = 90_000;
