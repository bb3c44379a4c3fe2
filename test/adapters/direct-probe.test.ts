import { describe } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { directProbe } from '../../shared/adapters/direct-probe.ts';
import { fileVault } from '../../shared/adapters/file-vault.ts';
import { sqliteStore } from '../../shared/adapters/sqlite-store.ts';
import { createLog } from '../../shared/log.ts';
import { probeContract, type ProbeBench } from '../contracts/probe.ts';
import { reach } from '../engines/reach.ts';

const postgres = reach('postgres');

const open = async (): Promise<ProbeBench> => {
  const folder = await mkdtemp(join(tmpdir(), 'mooring-probe-'));
  const store = sqliteStore({ path: ':memory:' });
  const vault = await fileVault({ folder, clock: Date.now });
  const vantage = { region: null, vpc_id: null, egress_ips: [] };
  const log = createLog({}, () => {});
  const probe = directProbe({ store, vault, policy: { loopback: true }, vantage, clock: Date.now, log });
  const close = async () => {
    await store[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  };
  return { probe, store, vault, [Symbol.asyncDispose]: close };
};

(postgres ? describe : describe.skip)('the probe in this process', () => {
  if (postgres) probeContract(open, postgres);
});
