import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { openLocalProbe } from '../../infra/local/local-probe.ts';
import { createDirectProbe } from '../../shared/runtime/direct-probe.ts';
import { openFileVault } from '../../shared/adapters/local/file-vault.ts';
import { createSqliteStore } from '../../shared/adapters/local/sqlite-store.ts';
import { postgresql } from '../../shared/connectors/postgresql/connector.ts';
import { runSourceTest } from '../../shared/connectors/run-source-test.ts';
import { parseConnectionInput } from '../../shared/domain/connections/parse-connection-input.ts';
import { ConnectionInput } from '../../shared/domain/connections/connection-input.ts';
import { createConnection } from '../../shared/domain/connections/create-connection.ts';
import { createLog } from '../../shared/log.ts';
import { parseInput } from '../../shared/parse-input.ts';
import type { Probe } from '../../shared/ports/probe.ts';
import { isReachable, reach } from '../engines/reach.ts';
import type { Bench } from './bench.ts';

/**
 * Measures a healthy test with all its steps, beside the time that the bare driver needs to connect, log in
 * and run one query. Then it measures the test of a stored connection, which reads the credentials and
 * records the result: in this process, and in the test process of `npm start`.
 */
export const bench: Bench = {
  name: 'probe',
  run: async () => {
    const engine = reach('postgres');
    if (!isReachable(engine)) throw new Error('needs: npm run engines -- start postgres');
    const { POSTGRES_PORT: port, POSTGRES_USER: user = '', POSTGRES_PASSWORD: password = '' } = engine;
    const settings = { host: '127.0.0.1', port: Number(port), database: 'shop' };
    const bare = async () => {
      const client = new pg.Client({ ...settings, user, password, ssl: { rejectUnauthorized: false } });
      await client.connect();
      await client.query('select 1');
      await client.end();
    };

    const whole = async () => {
      const { status } = await runSourceTest(
        postgresql,
        {
          config: { ...settings, username: user },
          credentials: { auth_method: 'password', password },
          options: { ssl_mode: 'require', query_timeout_seconds: 60 },
          role: 'source',
        },
        {
          policy: { loopback: true },
          environment: 'default',
          tlsSettings: { mode: 'require' },
          options: { connection_timeout_seconds: 10 },
        },
      );
      if (status !== 'connected') throw new Error('The test did not connect');
    };

    const folder = await mkdtemp(join(tmpdir(), 'mooring-bench-'));
    const store = createSqliteStore({ path: join(folder, 'store.db') });
    const vault = await openFileVault({ folder, clock: Date.now });
    const policy = { loopback: true };
    const vantage = { region: null, vpc_id: null, egress_ips: [] };
    await using apart = openLocalProbe({ store, vault, policy, writeLog: () => undefined });
    const here = createDirectProbe({
      store,
      vault,
      policy,
      vantage,
      clock: Date.now,
      log: createLog({}, () => undefined),
    });

    const tenant = { org: 'org_bench', environment: 'default' };
    const config = { ...settings, username: user, password };
    const input = { name: 'Bench', type: 'postgresql', config, options: { ssl_mode: 'require' } };
    const draft = await parseConnectionInput(parseInput(ConnectionInput, input));
    const actor = { tenant, actor: 'bench', request_id: 'bench', now: Date.now() };
    const { id } = await createConnection({ store, vault }, actor, { draft, test: false });
    const testBy = (probe: Probe) => async () => {
      const { status } = await probe.test({
        tenant,
        id,
        actor: 'bench',
        request_id: 'bench',
        trigger: 'request',
      });
      if (status !== 'connected') throw new Error('The test did not connect');
    };

    const [theirs = 1, ours = 0] = await measureInTurns([bare, whole], 0);
    // Tests of stored connections come one at a time. The pause keeps each process from being warm from its
    // last test.
    const [stored = 0, there = 0] = await measureInTurns([testBy(here), testBy(apart)], 20);
    store.close();
    await rm(folder, { recursive: true });
    const row = (test: string, ms: number, goal: string) => ({
      test,
      ms: ms.toFixed(1),
      'bare driver, ms': theirs.toFixed(1),
      ratio: (ms / theirs).toFixed(2),
      'to reach': goal,
    });
    return [
      row('healthy, all seven steps', ours, '≤ 1.5'),
      row('the same of a stored connection, recorded', stored, ''),
      row('the same in the process of the tests', there, `≤ ${(stored + 5).toFixed(1)} ms`),
    ];
  },
};

/** Returns the median of each work in ms, over 40 turns. Each turn starts after a pause of `idle` ms. */
const measureInTurns = async (
  works: readonly (() => Promise<void>)[],
  idle: number,
): Promise<readonly number[]> => {
  const times = works.map((): number[] => []);
  for (let run = -3; run < 40; run++) {
    for (const [at, work] of works.entries()) {
      if (idle > 0) await pause(idle);
      const began = performance.now();
      await work();
      if (run >= 0) times[at]?.push(performance.now() - began);
    }
  }
  return times.map((list) => list.sort((a, b) => a - b)[list.length >> 1] ?? 0);
};
