import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from '@jest/globals';
import type { Asked, Counted } from '../connectors/rss.ts';

/** Counts in a child process, because the memory of this one also holds the tests and their servers. */
export const measureInChildProcess = async (asked: Asked): Promise<Counted> => {
  const program = fileURLToPath(new URL('../connectors/rss.ts', import.meta.url));
  const running = promisify(execFile)(process.execPath, [program], { timeout: 600_000 });
  running.child.stdin?.end(JSON.stringify(asked));
  const { stdout } = await running;
  const counted: Counted = JSON.parse(stdout);
  return counted;
};

/** The memory that an introspection may use, however much there is to read. */
export const MAX_INTROSPECTION_MB = 512;

/** The contract of every connector with a catalog of ten thousand tables, most often of twenty columns each. */
export const expectBoundedMemory = async (asked: Asked, columns = 200_000): Promise<void> => {
  const { peakMb, ...counted } = await measureInChildProcess(asked);
  expect(counted).toEqual({ tables: 10_000, columns, ordered: true, missing: [] });
  expect(peakMb).toBeLessThan(MAX_INTROSPECTION_MB);
};
