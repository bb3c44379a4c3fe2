import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Asked, Counted } from './rss.ts';

/** Counts in a child process, because the memory of this one also holds the tests and their servers. */
export const measureInChildProcess = async (asked: Asked): Promise<Counted> => {
  const program = fileURLToPath(new URL('rss.ts', import.meta.url));
  const running = promisify(execFile)(process.execPath, [program], { timeout: 600_000 });
  running.child.stdin?.end(JSON.stringify(asked));
  const { stdout } = await running;
  const counted: Counted = JSON.parse(stdout);
  return counted;
};

/** The memory that an introspection may use, however much there is to read. */
export const MAX_INTROSPECTION_MB = 512;
