import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { projectRoot } from '../../../infra/build/bundle.ts';
import {
  launchStart,
  runCurlLines,
  type Started,
  waitForTestStatus,
  waitUntilReady,
} from './start-process.ts';

let folder: string;
let started: Started;
let environment: Readonly<Record<string, string>>;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mooring-tour-'));
  await chmod(folder, 0o711); // as root, the database runs under another account
  const state = { TMPDIR: folder, MOORING_STATE: join(folder, 'state') };
  started = await waitUntilReady(launchStart(state));
  const path = process.env['PATH'] ?? '';
  environment = { ...state, PATH: path, PORT: new URL(started.address).port };
});
afterAll(async () => {
  started.child.kill('SIGTERM');
  await started.ended;
  await rm(folder, { recursive: true, force: true });
});

const tourFile = join(projectRoot, 'infra/local/tour.ts');
const runTour = async (...steps: string[]) => {
  const { stdout } = await promisify(execFile)(process.execPath, [tourFile, ...steps], { env: environment });
  return stdout.trim();
};

test('the tour breaks the demo connection, receives the webhooks and repairs it', async () => {
  await runCurlLines({ lines: started.lines.slice(0, 1) });
  expect(await waitForTestStatus(started)).toBe('connected');
  const watch = spawn(process.execPath, [tourFile, 'watch'], {
    env: environment,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(watch, 'exit');
  const lines = createInterface(watch.stdout)[Symbol.asyncIterator]();
  const readLine = async () => String((await lines.next()).value);
  expect(await readLine()).toContain('Waiting for webhooks');
  expect(await runTour('break')).toMatch(/^demo: failed \(authentication-failed\): ./);
  expect(await readLine()).toMatch(
    /^\d\d:\d\d:\d\d connection\.status_changed demo connected → failed \(authentication-failed\)$/,
  );
  expect(await runTour('repair')).toBe('demo: connected');
  expect(await readLine()).toMatch(/^\d\d:\d\d:\d\d connection\.status_changed demo failed → connected$/);
  watch.kill('SIGINT');
  expect(await ended).toEqual([0, null]);
  const answer = await fetch(`${started.address}/v1/webhooks`, {
    headers: { authorization: `Bearer ${started.key}` },
  });
  expect(await answer.json()).toMatchObject({ data: [] });
});

test('the tour without a step prints how it is used', async () => {
  expect(await runTour()).toContain('watch | break | repair');
});
