import { createEndedCallHandlers } from '../../infra/local/local-probe.ts';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { openFileVault } from '../../shared/adapters/local/file-vault.ts';
import { type ProcessProbe, createProcessProbe } from '../../shared/adapters/local/process-probe.ts';
import { type SqliteStore, createSqliteStore } from '../../shared/adapters/local/sqlite-store.ts';
import { parseConnectionInput } from '../../shared/domain/connections/parse-connection-input.ts';
import { toSnapshotPartition } from '../../shared/domain/catalog/snapshot/catalog-blocks.ts';
import { ConnectionInput } from '../../shared/domain/connections/connection-input.ts';
import { createConnection } from '../../shared/domain/connections/create-connection.ts';
import { prepareAttempt } from '../../shared/domain/catalog/introspection-outcome.ts';
import { tableKeys } from '../../shared/domain/table-keys.ts';
import { listTests } from '../../shared/domain/testing/test-history.ts';
import {
  findConnection,
  buildConnectionPut,
  updateStoredConnection,
} from '../../shared/domain/connections/connection-repository.ts';
import { parseInput } from '../../shared/parse-input.ts';
import type { Vault } from '../../shared/ports/vault.ts';
import { pollUntil } from '../poll-until.ts';

/** Resolves when no process has that id. */
const gone = (pid: number) =>
  pollUntil(
    () => isAlive(pid),
    (alive) => !alive,
  );

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

const tenant = { org: 'org_probe', environment: 'default' };

describe('probe process that ends', () => {
  let folder: string;
  let store: SqliteStore;
  let vault: Vault;
  let probe: ProcessProbe;
  let lines: string[] = [];
  /** The connections to a listener that does not answer until `release`, in order. */
  let arrived: { readonly said: string; readonly socket: Socket }[] = [];
  const listener = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', (data) => {
      arrived.push({ said: data.toString('latin1'), socket });
      listener.emit('arrived');
    });
  });
  let port: number;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mooring-ends-'));
    store = createSqliteStore({ path: ':memory:' });
    vault = await openFileVault({ folder, clock: Date.now });
    await once(listener.listen(0, '127.0.0.1'), 'listening');
    const address = listener.address();
    port = typeof address === 'object' && address ? address.port : 0;
  });
  afterEach(async () => {
    await probe[Symbol.asyncDispose]();
    for (const { socket } of arrived) socket.destroy();
    arrived = [];
    lines = [];
  });
  afterAll(async () => {
    listener.close();
    store.close();
    await rm(folder, { recursive: true });
  });

  const start = (limits: Parameters<typeof createProcessProbe>[0]['limits'] = {}) => {
    probe = createProcessProbe({
      entry: fileURLToPath(new URL('misbehaving-probe.ts', import.meta.url)),
      store,
      vault,
      policy: { loopback: true },
      vantage: { region: null, vpc_id: null, egress_ips: [] },
      ...createEndedCallHandlers(store, Date.now),
      environment: {
        atStart: { PATH: process.env['PATH'] ?? '' },
        afterStart: { TOLD_TO_THE_PROBE: 'a secret' },
      },
      writeLog: (line) => {
        lines.push(line);
        listener.emit('line');
      },
      limits,
    });
  };
  const arrivals = async (count: number) => {
    while (arrived.length < count) await once(listener, 'arrived');
  };
  const logged = async (text: string) => {
    while (!lines.some((line) => line.includes(text))) await once(listener, 'line');
  };
  const release = (said: string) => {
    for (const { socket } of arrived.filter((one) => one.said === said)) socket.write('go on');
  };

  const draft = () =>
    parseConnectionInput(
      parseInput(ConnectionInput, {
        name: `Ends ${Math.random()}`,
        type: 'postgresql',
        config: {
          host: '127.0.0.1',
          port,
          database: 'shop',
          username: 'reader',
          password: 'made-up-password',
        },
        options: { ssl_mode: 'require' },
      }),
    );
  const testDraft = async (request_id: string) => probe.test({ tenant, draft: await draft(), request_id });
  const create = async (asksTest = false) => {
    const actor = { tenant, actor: 'key_1', request_id: 'request-1', now: Date.now() };
    const { id } = await createConnection({ store, vault }, actor, { draft: await draft(), test: asksTest });
    return { tenant, id, actor: 'key_1' };
  };
  const pid = async () => Number((await testDraft('describe')).details.version?.split(' ')[0]);

  test('makes each of its ten running tests run once more', async () => {
    start();
    const first = await pid();
    const tests = Promise.all(Array.from({ length: 10 }, (_, n) => testDraft(`wait-${port}-${n}`)));
    await arrivals(10);
    process.kill(first, 'SIGKILL');
    for (let n = 11; n <= 20; n++) {
      await arrivals(n);
      release(arrived[n - 1]?.said ?? '');
    }
    const results = await tests;
    expect(results.map(({ status }) => status)).toEqual(Array(10).fill('connected'));
    expect(arrived.map(({ said }) => said).toSorted()).toEqual(
      Array.from({ length: 20 }, (_, n) => `wait-${port}-${n >> 1}`),
    );
    expect(await pid()).not.toBe(first);
  });

  test.each(['heap', 'bytes'])(
    'because of its memory (%s) fails only the test that used the memory',
    async (misdeed) => {
      start({ test: { heap: 64, memory: 400 } });
      const innocent = testDraft(`wait-${port}`);
      await arrivals(1);
      const guilty = testDraft(misdeed);
      await expect(guilty).rejects.toMatchObject({ code: 'source-too-large' });
      await arrivals(2);
      release(`wait-${port}`);
      expect((await innocent).status).toBe('connected');
    },
  );

  test('because of an endless computation fails only the test that computes', async () => {
    start({ test: { silence: 1000 } });
    const innocent = testDraft(`wait-${port}`);
    await arrivals(1);
    const guilty = testDraft('spin');
    await expect(guilty).rejects.toMatchObject({ code: 'timeout' });
    await arrivals(2);
    release(`wait-${port}`);
    expect((await innocent).status).toBe('connected');
  });

  test('gets no new call after a call in it has timed out', async () => {
    start({ test: { time: 6000 } });
    const first = await pid();
    await expect(testDraft('hang')).rejects.toMatchObject({ code: 'timeout' });
    expect(await pid()).not.toBe(first);
    await gone(first);
  });

  test('leaves the test of a saved connection recorded and no longer awaited', async () => {
    start({ test: { silence: 500 } });
    const call = { ...(await create(true)), request_id: 'spin', trigger: 'create' as const, awaited: 1 };
    await expect(probe.test(call)).rejects.toMatchObject({ code: 'timeout' });
    expect(await findConnection(store, tenant, call.id)).toMatchObject({
      status: 'failed',
      status_reason: 'timeout',
      awaits_test: null,
      last_test: { details: { code: 'timeout' } },
    });
    expect((await listTests(store, tenant, call.id, { limit: 10 })).data).toHaveLength(1);
    // The event that asks for the test may be delivered again.
    expect(await probe.test({ ...call, request_id: 'again' })).toMatchObject({ status: 'failed' });
    expect((await listTests(store, tenant, call.id, { limit: 10 })).data).toHaveLength(1);
  });

  test('does not repeat an update of credentials', async () => {
    start();
    const first = await pid();
    const patch = { credentials: { password: 'another-password' } };
    const change = probe.credentials({ ...(await create()), request_id: 'hang', patch });
    const refused = expect(change).rejects.toMatchObject({ code: 'unavailable' });
    await logged('credentials begun');
    process.kill(first, 'SIGKILL');
    await refused;
    await pid();
    expect(lines.filter((line) => line.includes('credentials begun'))).toHaveLength(1);
  });

  test.each([
    ['heap', 'source-too-large', { heap: 64 }],
    ['bytes', 'source-too-large', { memory: 400 }],
    ['spin', 'timeout', { silence: 500 }],
    ['hang', 'timeout', { time: 6000 }],
    ['crash', 'unavailable', {}],
  ])(
    'during an introspection (%s) leaves no lease and no partial snapshot',
    async (misdeed, code, introspection) => {
      start({ introspection });
      const call = await create();
      await updateStoredConnection(store, tenant, call.id, (read) => {
        const next = prepareAttempt(read, 'attempt', 'idle', Date.now());
        return { next, changes: [buildConnectionPut(next, read)] };
      });
      const claimed = { ...call, request_id: `${misdeed}-1`, attempt: 'attempt' };
      await expect(probe.introspect(claimed, Infinity)).rejects.toMatchObject({ code });
      await logged('half-way');
      expect((await findConnection(store, tenant, call.id)).last_introspection).toMatchObject({
        state: 'failed',
        problem: { code },
      });
      expect(await store.get(tableKeys.lease(tenant, call.id))).toBeUndefined();
      const half = toSnapshotPartition({ ...tenant, id: call.id, snapshot: 'half' });
      expect(await store.get({ pk: half, sk: 'B#half' })).toBeUndefined();
      // The next call starts a new introspection.
      expect(await probe.introspect({ ...call, request_id: 'anew' }, Infinity)).toEqual({ running: true });
      expect(lines.filter((line) => line.includes('half-way'))).toHaveLength(2);
    },
  );

  test('does not delay tests or other introspections while it computes', async () => {
    start();
    const [spinning, other] = [await create(), await create()];
    expect(await probe.introspect({ ...spinning, request_id: 'spin' }, 0)).toEqual({ running: true });
    await logged('half-way');
    expect((await testDraft('describe')).status).toBe('connected');
    await probe.introspect({ ...other, request_id: 'other' }, Infinity);
    expect(lines.filter((line) => line.includes('half-way'))).toHaveLength(2);
  });

  test('during an introspection does not end the process of the tests', async () => {
    start();
    const first = await pid();
    const call = { ...(await create()), request_id: 'crash-alone' };
    await expect(probe.introspect(call, Infinity)).rejects.toMatchObject({ code: 'unavailable' });
    await logged('probe process ended');
    expect(await pid()).toBe(first);
  });

  test('logs its crash without secrets', async () => {
    start();
    await expect(testDraft('crash-1')).rejects.toMatchObject({ code: 'unavailable' });
    expect(lines.join()).toContain('The server said [secret]');
    expect(lines.join()).not.toContain('secret-of-crash-1');
  });

  test('runs two introspections at a time and reports a queued one as running', async () => {
    start();
    const calls = [await create(), await create(), await create()];
    const [one, two, three] = calls.map((call, n) =>
      probe.introspect({ ...call, request_id: `wait-${port}-${n}` }, Infinity),
    );
    await arrivals(2);
    const again = calls.map((call) => probe.introspect({ ...call, request_id: 'again' }, Infinity));
    expect(await Promise.all(again)).toEqual(Array(3).fill({ running: true }));
    expect(arrived.map(({ said }) => said).toSorted()).toEqual([`wait-${port}-0`, `wait-${port}-1`]);
    release(`wait-${port}-1`);
    await two;
    await arrivals(3);
    expect(arrived[2]?.said).toBe(`wait-${port}-2`);
    for (const n of [0, 2]) release(`wait-${port}-${n}`);
    await Promise.all([one, three]);
  });

  test('because the probe is disposed of leaves no lease and answers no further call', async () => {
    start();
    const call = await create();
    const work = probe.introspect({ ...call, request_id: 'spin' }, Infinity);
    const refused = expect(work).rejects.toMatchObject({ code: 'unavailable' });
    await logged('half-way');
    await probe[Symbol.asyncDispose]();
    await refused;
    expect(await store.get(tableKeys.lease(tenant, call.id))).toBeUndefined();
    await expect(testDraft('describe')).rejects.toMatchObject({ code: 'unavailable' });
  });

  test('receives the private environment variables', async () => {
    start();
    expect((await testDraft('describe')).details.version).toMatch(/^\d+ a secret$/);
  });
});
