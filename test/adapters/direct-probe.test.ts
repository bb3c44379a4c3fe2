import { describe, expect, test } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDirectProbe } from '../../shared/runtime/direct-probe.ts';
import { openFileVault } from '../../shared/adapters/local/file-vault.ts';
import { createSqliteStore } from '../../shared/adapters/local/sqlite-store.ts';
import { parseConnectionInput } from '../../shared/domain/connections/parse-connection-input.ts';
import { ConnectionInput } from '../../shared/domain/connections/connection-input.ts';
import { createConnection } from '../../shared/domain/connections/create-connection.ts';
import { createLog } from '../../shared/log.ts';
import { parseInput } from '../../shared/parse-input.ts';
import type { SecretRef, Vault } from '../../shared/ports/vault.ts';
import { probeContract, type ProbeBench } from '../contracts/probe.ts';
import { onEngine, reach } from '../engines/reach.ts';

const postgres = reach('postgres');

const open = async (watch = (vault: Vault) => vault): Promise<ProbeBench> => {
  const folder = await mkdtemp(join(tmpdir(), 'mooring-probe-'));
  const store = createSqliteStore({ path: ':memory:' });
  const vault = watch(await openFileVault({ folder, clock: Date.now }));
  const vantage = { region: null, vpc_id: null, egress_ips: [] };
  const log = createLog({}, () => {});
  const probe = createDirectProbe({
    store,
    vault,
    policy: { loopback: true },
    vantage,
    clock: Date.now,
    log,
  });
  const close = async () => {
    await store[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  };
  return { probe, store, vault, [Symbol.asyncDispose]: close };
};

onEngine(postgres, () => {
  describe('direct probe', () => {
    if (postgres) probeContract(() => open(), postgres);
  });
});

describe('update of credentials', () => {
  test('promotes the version that the connection refers to', async () => {
    const promoted: SecretRef[] = [];
    await using bench = await open((vault) => ({
      ...vault,
      promote: (ref) => {
        promoted.push(ref);
        return vault.promote(ref);
      },
    }));
    const tenant = { org: 'org_probe', environment: 'default' };
    const config = { host: '127.0.0.1', database: 'shop', username: 'reader', password: 'made-up-password' };
    const draft = await parseConnectionInput(
      parseInput(ConnectionInput, { name: 'One', type: 'postgresql', config }),
    );
    const actor = { tenant, actor: 'key_1', request_id: 'request-1', now: Date.now() };
    const { id, secret } = await createConnection(bench, actor, { draft, test: false });
    const patch = { credentials: { password: 'another-made-up-one' } };
    const next = await bench.probe.credentials({ ...actor, id, patch });
    expect(promoted).toEqual([next.secret]);
    expect(next.secret).not.toEqual(secret);
  });
});
