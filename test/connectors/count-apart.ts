import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Asked, Counted } from './rss.ts';

/** In a process of its own: the memory of this one says nothing, with the tests and their servers in it. */
export const countApart = async (asked: Asked): Promise<Counted> => {
  const program = fileURLToPath(new URL('rss.ts', import.meta.url));
  const running = promisify(execFile)(process.execPath, [program], { timeout: 120_000 });
  running.child.stdin?.end(JSON.stringify(asked));
  const { stdout } = await running;
  const counted: Counted = JSON.parse(stdout);
  return counted;
};

/** What introspection may take, whatever there is to read. */
export const mostMb = 512;
