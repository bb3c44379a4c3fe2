import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { type LocalDeployment, startLocalDeployment } from '../../../infra/local/local-deployment.ts';
import { readLocalSettings } from '../../../infra/local/local-settings.ts';
import { repeatByTimer, type RepeatWork } from '../../../infra/local/sweep-daily.ts';
import { returnForCode } from '../../../shared/adapters/local/atomic-file.ts';
import { createConnectionBody } from '../../samples.ts';

let state: string;
beforeEach(async () => {
  state = await mkdtemp(join(tmpdir(), 'mooring-swept-'));
});
afterEach(() => rm(state, { recursive: true, force: true }));

const secrets = async () => (await readdir(join(state, 'vault/secrets'))).length;

/**
 * Kills a process whose clock is `hoursAgo` hours behind, after a create has stored the secret and before it
 * writes the transaction.
 */
const killedCreate = async (hoursAgo: number) => {
  const module = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);
  const script = `
    const { openFolderBacking } = await import(${module('../../../infra/local/backing.ts')});
    const { openFileVault } = await import(${module('../../../shared/adapters/local/file-vault.ts')});
    const { createConnection } = await import(${module('../../../shared/domain/connections/create-connection.ts')});
    const now = Date.now() - ${hoursAgo * 3_600_000};
    const { store } = await openFolderBacking(${JSON.stringify(state)});
    const vault = await openFileVault({ folder: ${JSON.stringify(join(state, 'vault'))}, clock: () => now });
    const write = () => {
      process.stdout.write('about to write');
      return new Promise(() => process.stdin.resume());
    };
    await createConnection(
      { store: { get: (key) => store.get(key), write }, vault },
      { tenant: { org: 'org_local', environment: 'default' }, actor: 'key', request_id: 'request', now },
      {
        draft: {
          name: 'Killed', type: 'postgresql', flavor: null, role: 'source', mode: 'managed', product: null,
          config: { host: 'db.example.com', port: 5432, database: 'shop', username: 'reader' },
          options: { ssl_mode: 'prefer' }, ssl: { ca: null, cert: null }, tags: [], metadata: {},
          credentials: { auth_method: 'password', password: 'not-a-real-password' }, secret_arn: null,
        },
        test: false,
      },
    );`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['pipe', 'pipe', 'inherit'], // the open input keeps the process alive until it is killed
  });
  const ended = once(child, 'exit');
  await Promise.race([once(child.stdout, 'data'), ended]);
  child.kill('SIGKILL');
  await ended;
  expect(child.signalCode).toBe('SIGKILL');
};

const settings = (more: Record<string, string> = {}) =>
  readLocalSettings({ PORT: '0', MOORING_STATE: state, MOORING_DEMO: 'off', ...more });

/** Runs a deployment and then its sweep. */
const run = async (work: (running: LocalDeployment) => Promise<void> = async () => undefined) => {
  const logged: string[] = [];
  const timers = collectTimers();
  const running = await startLocalDeployment(settings(), (line) => void logged.push(line), {
    repeat: timers.repeat,
  });
  await work(running);
  for (const sweep of timers.works) sweep();
  await running[Symbol.asyncDispose]();
  return { logged: logged.filter((line) => line.includes('"sweep"')), notes: running.notes };
};

/** Replaces the timers of this process until it is disposed of. */
const driveTimers = () => {
  jest.useFakeTimers();
  return {
    advance: (ms: number) => {
      jest.advanceTimersByTime(ms);
    },
    [Symbol.dispose]: () => {
      jest.useRealTimers();
    },
  };
};

/** Collects timers, so that the test runs their work itself. */
const collectTimers = () => {
  const works = new Set<() => void>();
  const times: object[] = [];
  const repeat: RepeatWork = (work, time) => {
    works.add(work);
    times.push(time);
    return { [Symbol.dispose]: () => void works.delete(work) };
  };
  return {
    repeat,
    times,
    works,
    get running() {
      return works.size;
    },
  };
};

const call = async ({ address, apiKey }: LocalDeployment, request: string, body?: object) => {
  const [method = 'GET', path = '/'] = request.split(' ');
  const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' };
  const answer = await fetch(`${address}${path}`, {
    method,
    headers,
    ...(body && { body: JSON.stringify(body) }),
  });
  return { status: answer.status, body: (await answer.json()) as { data: { id: string }[]; code?: string } };
};

const create = (running: LocalDeployment, name: string) =>
  call(running, 'POST /v1/connections?test=false', { ...createConnectionBody(), name });

/** The files of the store. */
const storeFiles = ['store.db', 'store.db-wal', 'store.db-shm'];
const moveStore = async (from: string, to: string) => {
  await mkdir(to, { recursive: true });
  for (const file of storeFiles)
    await rename(join(from, file), join(to, file)).catch((error: unknown) =>
      returnForCode(error, 'ENOENT', undefined),
    );
};

test('a timer repeats work after the first delay and then at its interval, until it is disposed of', () => {
  using clock = driveTimers();
  let runs = 0;
  const repeating = repeatByTimer(() => void (runs += 1), { first: 1000, every: 60_000 });
  const runsAfter = (ms: number) => {
    clock.advance(ms);
    return runs;
  };
  expect([runsAfter(999), runsAfter(1), runsAfter(58_999), runsAfter(1), runsAfter(60_000)]).toEqual([
    0, 1, 1, 2, 3,
  ]);
  repeating[Symbol.dispose]();
  expect(runsAfter(600_000)).toBe(3);
});

describe('npm start', () => {
  test('quarantines the secret of a create that was killed more than an hour ago, and logs it', async () => {
    await run(async (running) => void (await create(running, 'kept')));
    await killedCreate(2);
    await killedCreate(0);
    expect(await secrets()).toBe(3);
    const { logged } = await run();
    expect(await secrets()).toBe(2);
    expect(logged.filter((line) => line.includes('secret quarantine started'))).toHaveLength(1);
    expect(logged.join()).not.toContain('not-a-real-password');
  });

  test('sweeps one second after the start and then daily, until it is stopped', async () => {
    await run(async (running) => void (await create(running, 'kept')));
    await killedCreate(2);
    const logged: string[] = [];
    const timers = collectTimers();
    const running = await startLocalDeployment(settings(), (line) => void logged.push(line), {
      repeat: timers.repeat,
    });
    expect(timers.times).toEqual([{ first: 1000, every: 86_400_000 }]);
    expect(timers.running).toBe(1);
    await running[Symbol.asyncDispose]();
    expect(timers.running).toBe(0);
    expect(await secrets()).toBe(2);
    expect(logged.filter((line) => line.includes('"sweep"'))).toEqual([]);
  });

  test('waits for a running sweep when it is stopped', async () => {
    await run(async (running) => void (await create(running, 'kept')));
    await killedCreate(2);
    const timers = collectTimers();
    const running = await startLocalDeployment(settings(), () => undefined, { repeat: timers.repeat });
    for (const work of timers.works) work();
    await running[Symbol.asyncDispose]();
    expect(await secrets()).toBe(1);
  });

  test('sweeps nothing when MOORING_SWEEP is off', async () => {
    const timers = collectTimers();
    await using _ = await startLocalDeployment(settings({ MOORING_SWEEP: 'off' }), () => undefined, {
      repeat: timers.repeat,
    });
    expect(timers.times).toEqual([]);
  });

  test('keeps every secret while the store is missing, and uses all of them when it is back', async () => {
    const aside = join(state, 'aside');
    await run(async (running) => {
      for (const name of ['one', 'two', 'three']) await create(running, name);
    });
    await moveStore(state, aside);
    const without = await run();
    expect(await secrets()).toBe(3);
    expect(without.logged).toEqual([expect.stringContaining('sweep refused')]);
    expect(without.notes.join()).toMatch(/no connection in it names 3 of 3 secrets.*npm run vault/s);
    // The next start keeps them too, although the store is no longer new.
    await run();
    expect(await secrets()).toBe(3);

    for (const file of storeFiles) await rm(join(state, file), { force: true });
    await moveStore(aside, state);
    const again = await run(async (running) => {
      for (const { id } of (await call(running, 'GET /v1/connections')).body.data) {
        const tested = await call(running, `POST /v1/connections/${id}/test`);
        expect(JSON.stringify(tested.body)).not.toContain('credentials-required');
        expect(tested.status).toBe(200);
      }
    });
    expect(again.notes.join()).not.toContain('secrets');
    expect(again.logged).toEqual([]);
    expect(await secrets()).toBe(3);
  });

  test('refuses an empty store file beside a vault that holds secrets', async () => {
    await run(async (running) => void (await create(running, 'kept')));
    for (const file of storeFiles) await rm(join(state, file), { force: true });
    await writeFile(join(state, 'store.db'), '');
    await expect(startLocalDeployment(settings(), () => undefined)).rejects.toThrow(
      /^The store .*store\.db is empty, but the vault beside it holds secrets: restore a copy of the store/,
    );
    expect(await secrets()).toBe(1);
    await rm(join(state, 'vault'), { recursive: true });
    await (await startLocalDeployment(settings(), () => undefined))[Symbol.asyncDispose]();
  });
});
