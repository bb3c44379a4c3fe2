import { describe } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLocalProbe } from '../../infra/local/local-probe.ts';
import { openFileVault } from '../../shared/adapters/local/file-vault.ts';
import { createSqliteStore } from '../../shared/adapters/local/sqlite-store.ts';
import { probeContract, type ProbeBench } from '../contracts/probe.ts';
import { onEngine, reach } from '../engines/reach.ts';

const postgres = reach('postgres');

const open = async (): Promise<ProbeBench> => {
  const folder = await mkdtemp(join(tmpdir(), 'mooring-probe-'));
  const store = createSqliteStore({ path: ':memory:' });
  const vault = await openFileVault({ folder, clock: Date.now });
  const probe = openLocalProbe({ store, vault, policy: { loopback: true }, writeLog: () => undefined });
  const close = async () => {
    await probe[Symbol.asyncDispose]();
    await store[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  };
  return { probe, store, vault, [Symbol.asyncDispose]: close };
};

onEngine(postgres, () => {
  describe('process probe', () => {
    if (postgres) probeContract(open, postgres);
  });
});
