import { once } from 'node:events';
import { chmod, mkdtemp, open, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import {
  launchStart,
  list,
  runCurlLines,
  waitUntilReady,
  type Started,
  waitForTestStatus,
} from './start-process.ts';

describe('npm start', () => {
  let folder: string;
  let state: string;
  let running: Started | undefined;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mooring-start-'));
    await chmod(folder, 0o711); // as root, the database runs under another account
    state = join(folder, 'state');
  });
  afterEach(async () => {
    running?.child.kill('SIGTERM');
    await running?.ended;
    running = undefined;
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const launch = (environment: Record<string, string> = {}) =>
    launchStart({ TMPDIR: folder, MOORING_STATE: state, ...environment });
  const start = async (environment: Record<string, string> = {}): Promise<Started> =>
    (running = await waitUntilReady(launch(environment)));

  const fails = async (environment: Record<string, string>) => {
    const { child, ended, err } = launch(environment);
    await ended;
    return { code: child.exitCode, said: err() };
  };

  const asExpected = [
    expect.objectContaining({ name: 'demo', status: 'testing', type: 'postgresql' }),
    expect.objectContaining({ status: 'connected' }),
    expect.objectContaining({ catalog: expect.objectContaining({ complete: true, missing: [] }) }),
    expect.objectContaining({
      suggestions: expect.arrayContaining([expect.objectContaining({ value: 'shop.orders' })]),
    }),
  ];

  test('answers the four lines that it prints, again after a restart and after a kill', async () => {
    const first = await start();
    const answers = await runCurlLines(first);
    expect(answers).toEqual(asExpected);
    expect(await runCurlLines(first)).toEqual(asExpected);
    first.child.kill('SIGKILL');
    await first.ended;

    const second = await start();
    expect(second.key).toBe(first.key);
    const again = await runCurlLines(second);
    expect(again).toEqual(asExpected);
    expect(again[0]).toEqual(answers[0]);
    expect((await list(second)).data).toHaveLength(1);
    second.child.kill('SIGINT');
    await second.ended;
    expect(second.child.exitCode).toBe(0);

    expect(await runCurlLines(await start())).toEqual(asExpected);
  });

  test('tests a new connection automatically', async () => {
    const started = await start();
    await runCurlLines({ ...started, lines: started.lines.slice(0, 1) });
    expect(await waitForTestStatus(started)).toBe('connected');
  });

  test('tests a connection after a kill that came before its first test', async () => {
    const first = await start({ MOORING_STATE: join(folder, 'killed') });
    const [created] = await runCurlLines({ lines: first.lines.slice(0, 1) });
    first.child.kill('SIGKILL');
    await first.ended;
    expect(created).toMatchObject({ status: 'testing' });
    expect(await waitForTestStatus(await start({ MOORING_STATE: join(folder, 'killed') }))).toBe('connected');
  });

  test('reports no problem with the account of its demo database', async () => {
    const [, result] = await runCurlLines(await start());
    const { steps } = result as { steps: { step: string; status: string }[] }; // in the API's own schema
    expect(steps.filter(({ status }) => status !== 'passed').map(({ step }) => step)).toEqual(['tls']);
  });

  test('accepts only the API key from the environment', async () => {
    const own = await start({ MOORING_DEMO: 'off' });
    own.child.kill('SIGTERM');
    await own.ended;
    const started = await start({ MOORING_DEMO: 'off', MOORING_API_KEY: 'sk_of_a_test' });
    expect(started.key).toBe('sk_of_a_test');
    expect(await list(started)).toHaveProperty('data');
    expect(await list({ ...started, key: own.key })).toMatchObject({ code: 'unauthenticated' });
  });

  test('starts no database when MOORING_DEMO is off', async () => {
    const started = await start({ MOORING_DEMO: 'off', MOORING_STATE: join(folder, 'other') });
    expect(await readdir(join(folder, 'other'))).not.toContain('demo.json');
    expect(started.lines[0]).toContain('db.example.com');
  });

  test('stops its demo database when it is stopped', async () => {
    const started = await start();
    const { config } = (await runCurlLines({ ...started, lines: started.lines.slice(0, 1) }))[0] as {
      config: { port: number };
    };
    started.child.kill('SIGTERM');
    await started.ended;
    expect(started.child.exitCode).toBe(0);
    const free = createServer().listen(config.port, '127.0.0.1');
    await once(free, 'listening');
    free.close();
  });

  test('fails with a clear message when its port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const address = other.address();
    const port = typeof address === 'object' && address ? String(address.port) : '';
    const { code, said } = await fails({ PORT: port });
    other.close();
    expect(code).toBe(1);
    expect(said).toBe(
      `Mooring cannot start. The port ${port} is taken: stop the process that listens there, or choose another port with PORT=…\n`,
    );
  });

  test('fails with a clear message when another process uses its state folder', async () => {
    await start({ MOORING_DEMO: 'off' });
    expect(await fails({})).toEqual({
      code: 1,
      said: expect.stringMatching(
        /^Mooring cannot start\. Another npm start runs on this state folder: .*\n$/,
      ),
    });
  });

  test.each([
    ['store.db', 'The store '],
    ['vault/vault.key', 'The vault’s key is damaged'],
    ['api-key', 'The file '],
    ['lock', 'The file '],
  ])('fails with a clear message when %s is damaged', async (file, beginning) => {
    const own = await mkdtemp(join(folder, 'damaged-'));
    const environment = { MOORING_STATE: own, MOORING_DEMO: 'off' };
    const { child, ended } = await start(environment);
    child.kill('SIGTERM');
    await ended;
    const damaged = await open(join(own, file), 'r+');
    await damaged.truncate(0);
    await damaged.writeFile('damaged '.repeat(100));
    await damaged.close();
    const { code, said } = await fails(environment);
    expect(code).toBe(1);
    expect(said.replaceAll("'", '’')).toMatch(new RegExp(`^Mooring cannot start\\. ${beginning}[^\n]*\n$`));
  });
});
