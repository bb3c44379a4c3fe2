import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { startLocal } from '../../../infra/local/run.ts';
import { settingsFrom } from '../../../infra/local/settings.ts';

let state: string;
beforeEach(async () => {
  state = await mkdtemp(join(tmpdir(), 'mooring-swept-'));
});
afterEach(() => rm(state, { recursive: true, force: true }));

const secrets = async () => (await readdir(join(state, 'vault/secrets'))).length;

/** A process that is killed between the secret and the transaction of a create, so many hours ago. */
const killedCreate = async (hoursAgo: number) => {
  const module = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);
  const script = `
    const { folderBacking } = await import(${module('../../../infra/local/backing.ts')});
    const { fileVault } = await import(${module('../../../shared/adapters/file-vault.ts')});
    const { createConnection } = await import(${module('../../../shared/domain/create.ts')});
    const now = Date.now() - ${hoursAgo * 3_600_000};
    const { store } = await folderBacking(${JSON.stringify(state)});
    const vault = await fileVault({ folder: ${JSON.stringify(join(state, 'vault'))}, clock: () => now });
    const write = () => {
      process.stdout.write('about to write');
      return new Promise(() => setInterval(() => undefined, 1000));
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
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  await Promise.race([once(child.stdout, 'data'), ended]);
  child.kill('SIGKILL');
  await ended;
  expect(child.signalCode).toBe('SIGKILL');
};

describe('npm start', () => {
  test('removes what a create left that was killed more than an hour ago, and says so', async () => {
    await killedCreate(2);
    await killedCreate(0);
    expect(await secrets()).toBe(2);
    const logged: string[] = [];
    const settings = settingsFrom({ PORT: '0', MOORING_STATE: state, MOORING_DEMO: 'off' });
    await using _ = await startLocal(settings, (line) => void logged.push(line));
    while ((await secrets()) > 1) await wait(20);
    await wait(20);
    expect(await secrets()).toBe(1);
    expect(logged.filter((line) => line.includes('removed a secret'))).toHaveLength(1);
    expect(logged.join()).not.toContain('not-a-real-password');
  });

  test('that is stopped at once sweeps no more', async () => {
    await killedCreate(2);
    const settings = settingsFrom({ PORT: '0', MOORING_STATE: state, MOORING_DEMO: 'off' });
    const logged: string[] = [];
    const running = await startLocal(settings, (line) => void logged.push(line));
    await running[Symbol.asyncDispose]();
    await wait(1200);
    expect(await secrets()).toBe(1);
    expect(logged).toEqual([]);
  });
});
