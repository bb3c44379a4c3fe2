import { execFile, spawn } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { pollUntil } from '../poll-until.ts';

/** An engine of two processes. Its start fails between them when a file `broken` exists. */
const script = `#!/usr/bin/env bash
source "$(dirname "$0")/lib.sh"
engine_install() { :; }
engine_start() {
  spawn one sleep 600
  [ ! -e "$HERE/broken" ] || die "broken"
  spawn other sleep 600
}
engine_env() { printf 'ONE=%s\\nOTHER=%s\\n' "$(cut -d' ' -f1 "$RUN/one.pid")" "$(cut -d' ' -f1 "$RUN/other.pid")"; }
engine "$@"
`;

describe('engine with several processes', () => {
  let folder = '';
  const say = async (what: 'start' | 'stop' | 'status') => {
    const env = { ...process.env, ENGINES_HOME: folder, ENGINES_RUN: join(folder, 'run') };
    const { stdout } = await promisify(execFile)(join(folder, 'engine'), [what], { env });
    return stdout.trim();
  };
  const start = async () => (await say('start')).split('\n').map((line) => Number(line.split('=')[1]));

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mooring-engine-'));
    await copyFile(new URL('lib.sh', import.meta.url), join(folder, 'lib.sh'));
    await writeFile(join(folder, 'certs'), '#!/bin/sh\n', { mode: 0o755 });
    await writeFile(join(folder, 'engine'), script, { mode: 0o755 });
  });
  afterEach(async () => {
    await say('stop');
    await rm(folder, { recursive: true });
  });

  test('runs from start to stop, and a second start changes nothing', async () => {
    expect(await say('status')).toBe('stopped');
    const processes = await start();
    expect(processes.map(lives)).toEqual([true, true]);
    expect(await say('status')).toBe('running');
    expect(await start()).toEqual(processes);
    await say('stop');
    await Promise.all(processes.map(gone));
    expect(await say('status')).toBe('stopped');
  });

  test('counts as stopped when one process has died, and starts completely again', async () => {
    const [one = 0, other = 0] = await start();
    process.kill(other, 'SIGKILL');
    await pollUntil(
      () => say('status'),
      (status) => status === 'stopped',
    );
    const again = await start();
    await gone(one);
    expect(again.map(lives)).toEqual([true, true]);
    expect(await say('status')).toBe('running');
  });

  test('counts as stopped after a failed start, and starts completely again', async () => {
    await writeFile(join(folder, 'broken'), '');
    await expect(say('start')).rejects.toThrow('broken');
    expect(await say('status')).toBe('stopped');
    await rm(join(folder, 'broken'));
    expect((await start()).map(lives)).toEqual([true, true]);
  });

  test('ignores the process id of another process: it counts as stopped and does not end that process', async () => {
    await using stranger = strangerToIt();
    const run = join(folder, 'run', 'engine');
    await mkdir(run, { recursive: true });
    for (const name of ['started', 'one.pid']) await writeFile(join(run, name), `${stranger.pid} 1\n`);
    expect(await say('status')).toBe('stopped');
    await start();
    expect(lives(stranger.pid)).toBe(true);
  });

  test('starts once when two starts run at the same time', async () => {
    const [mine = [], yours] = await Promise.all([start(), start()]);
    expect(mine).toEqual(yours);
    expect(mine.map(lives)).toEqual([true, true]);
  });
});

/** Runs in a process group of its own, as the processes of engines do. */
const strangerToIt = () => {
  const child = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' });
  const { pid = 0 } = child;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  return {
    pid,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
};

const lives = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

const gone = (pid: number) =>
  pollUntil(
    () => lives(pid),
    (isAlive) => !isAlive,
  );
