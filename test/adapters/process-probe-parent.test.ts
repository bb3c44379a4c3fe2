import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';

const parent = (...parameters: string[]) => {
  const child = spawn(
    process.execPath,
    [fileURLToPath(new URL('misbehaving-parent.ts', import.meta.url)), ...parameters],
    { stdio: ['ignore', 'pipe', 'inherit'], detached: true },
  );
  const says = async () => Number(String((await once(child.stdout, 'data'))[0]).split(' ')[0]);
  /** Resolves when the parent and its probes have ended: the probes hold the same standard output. */
  const allEnded = once(child, 'close');
  return { child, says, allEnded };
};

/** A zombie process counts as dead. */
const isAlive = (pid: number) =>
  /^[^Z]/.test(spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).stdout.trim());

describe('probe process', () => {
  test.each([
    ['that waits', []],
    ['that computes without an end', ['spin']],
  ])('%s ends when its parent is killed', async (_, parameters) => {
    const { child, says, allEnded } = parent(...parameters);
    const probe = await says();
    expect(isAlive(probe)).toBe(true);
    child.kill('SIGKILL');
    await allEnded;
  });

  test('survives a Ctrl-C, which its parent handles', async () => {
    const { child, says, allEnded } = parent();
    const probe = await says();
    // A terminal sends the signal to every process of the group. The parent then calls its probe again.
    process.kill(-(child.pid ?? 0), 'SIGINT');
    expect(await says()).toBe(probe);
    child.kill('SIGKILL');
    await allEnded;
  });
});

test('a parent that can open no more files reports unavailable, keeps running and probes again afterwards', () => {
  const module = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);
  const script = `
    const { openSync, closeSync } = await import('node:fs');
    const { fileURLToPath } = await import('node:url');
    const { createProcessProbe } = await import(${module('../../shared/adapters/local/process-probe.ts')});
    await import(${module('../../shared/domain/catalog/introspect.ts')});
    const { createEndedCallHandlers } = await import(${module('../../infra/local/local-probe.ts')});
    const store = { get: async () => undefined };
    const lines = [];
    const probe = createProcessProbe({
      entry: fileURLToPath(${module('misbehaving-probe.ts')}),
      store,
      vault: {},
      policy: {},
      vantage: { region: null, vpc_id: null, egress_ips: [] },
      ...createEndedCallHandlers(store, Date.now),
      environment: { atStart: {}, afterStart: {} },
      writeLog: (line) => lines.push(JSON.parse(line)),
    });
    const call = { tenant: { org: 'o', environment: 'e' }, id: '0'.repeat(32), actor: 'a', draft: {} };
    const answers = async () => {
      probe.warm();
      const all = [
        probe.test({ ...call, request_id: 'describe' }),
        probe.credentials({ ...call, request_id: 'describe' }),
        probe.introspect({ ...call, request_id: 'describe' }, 10_000),
      ];
      return (await Promise.allSettled(all)).map(({ reason }) => reason?.code ?? 'answered');
    };
    const results = [];
    for (const left of [0, 3, 6]) {
      const open = [];
      try { for (;;) open.push(openSync('/dev/null')); } catch {}
      for (const file of open.splice(0, left)) closeSync(file);
      results.push(await answers());
      for (const file of open) closeSync(file);
    }
    const { status } = await probe.test({ ...call, request_id: 'describe' });
    await probe[Symbol.asyncDispose]();
    const failed = lines.filter(({ message }) => message === 'probe process start failed');
    process.stdout.write(JSON.stringify({ results, status, codes: [...new Set(failed.map(({ error }) => error.code))] }));`;
  const { stdout, stderr } = spawnSync(
    'sh',
    ['-c', 'ulimit -n 64; exec "$0" --input-type=module --eval "$1"', process.execPath, script],
    { encoding: 'utf8' },
  );
  expect(stderr).toBe('');
  const { results, status, codes } = JSON.parse(stdout);
  const refused = ['unavailable', 'unavailable', 'unavailable'];
  expect(results).toEqual([refused, refused, refused]);
  expect(status).toBe('connected');
  expect(codes).toEqual(['EMFILE']);
});
