import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';

const parent = (...parameters: string[]) => {
  const child = spawn(
    process.execPath,
    [fileURLToPath(new URL('misbehaving-parent.ts', import.meta.url)), ...parameters],
    { stdio: ['ignore', 'pipe', 'inherit'], detached: true },
  );
  const says = async () => Number(String((await once(child.stdout, 'data'))[0]).split(' ')[0]);
  return { child, says };
};

/** One that is dead and only waits to be counted does not live. */
const isAlive = (pid: number) =>
  /^[^Z]/.test(spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).stdout.trim());

/** Resolves when there is no such process any more. */
const gone = async (pid: number) => {
  while (isAlive(pid)) await wait(50);
};

describe('a process of the probe', () => {
  test.each([
    ['that waits', []],
    ['that computes without an end', ['spin']],
  ])('%s ends when its parent is killed', async (_, parameters) => {
    const { child, says } = parent(...parameters);
    const probe = await says();
    expect(isAlive(probe)).toBe(true);
    child.kill('SIGKILL');
    await gone(probe);
  });

  test('outlives a Ctrl-C, which is for its parent to answer', async () => {
    const { child, says } = parent();
    const probe = await says();
    // As a terminal sends it: to every process of the group. The parent then asks its probe again.
    process.kill(-(child.pid ?? 0), 'SIGINT');
    expect(await says()).toBe(probe);
    child.kill('SIGKILL');
    await gone(probe);
  });
});
