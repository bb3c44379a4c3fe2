import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parseConnectionInput } from '../../shared/domain/connections/parse-connection-input.ts';
import { ConnectionInput } from '../../shared/domain/connections/connection-input.ts';
import { toSnapshotPartition } from '../../shared/domain/catalog/snapshot/catalog-blocks.ts';
import { createConnection } from '../../shared/domain/connections/create-connection.ts';
import { tableKeys } from '../../shared/domain/table-keys.ts';
import { listTests } from '../../shared/domain/testing/test-history.ts';
import { findConnection } from '../../shared/domain/connections/connection-repository.ts';
import { parseInput } from '../../shared/parse-input.ts';
import type { Probe } from '../../shared/ports/probe.ts';
import type { Store } from '../../shared/ports/store.ts';
import type { WriteVault } from '../../shared/ports/vault.ts';
import { pollUntil } from '../poll-until.ts';

/** A probe, and the store and vault that it shares with the API functions. */
export interface ProbeBench extends AsyncDisposable {
  readonly probe: Probe;
  readonly store: Store;
  readonly vault: WriteVault;
}

/** The source that the probes connect to: `test/engines/postgres` with its default settings. */
export type Postgres = Readonly<Record<string, string>>;

/** The contract of every probe: the API functions cannot tell whether it runs in another process. */
export const probeContract = (open: () => Promise<ProbeBench>, postgres: Postgres) => {
  const tenant = { org: 'org_probe', environment: 'default' };
  const actor = { tenant, actor: 'key_1', request_id: 'request-1', now: Date.now() };
  const password = postgres['POSTGRES_PASSWORD'] ?? '';
  let bench: ProbeBench;
  let count = 0;

  beforeAll(async () => void (bench = await open()));
  afterAll(async () => {
    await bench?.[Symbol.asyncDispose]();
  });

  const draft = (more: object = {}) =>
    parseConnectionInput(
      parseInput(ConnectionInput, {
        name: `Probed ${(count += 1)}`,
        type: 'postgresql',
        config: {
          host: '127.0.0.1',
          port: Number(postgres['POSTGRES_PORT']),
          database: 'shop',
          username: postgres['POSTGRES_USER'],
          password,
          ...more,
        },
        options: { ssl_mode: 'require' },
      }),
    );
  const create = async (more: object = {}) => {
    const { id } = await createConnection(bench, actor, { draft: await draft(more), test: false });
    return { tenant, id, actor: 'key_1', request_id: 'request-1' };
  };
  const nobody = { tenant, id: '0'.repeat(32), actor: 'key_1', request_id: 'request-1' };

  describe('connection test', () => {
    test('of a draft returns all steps and the latency', async () => {
      const result = await bench.probe.test({ tenant, draft: await draft(), request_id: 'request-1' });
      expect(result).toMatchObject({
        status: 'connected',
        details: { version: expect.stringMatching(/^PostgreSQL \d/) },
      });
      expect(result.steps.map(({ step }) => step)).toEqual([
        'resolve',
        'egress',
        'connect',
        'tls',
        'authenticate',
        'query',
        'privileges',
      ]);
      expect(result.details.latency_ms).toBeGreaterThanOrEqual(1);
    });

    test('with a wrong password returns a failed result without the password', async () => {
      const wrong = await draft({ password: 'never-the-right-one' });
      const result = await bench.probe.test({ tenant, draft: wrong, request_id: 'request-1' });
      expect(result).toMatchObject({ status: 'failed', details: { code: 'authentication-failed' } });
      expect(JSON.stringify(result)).not.toContain('never-the-right-one');
    });

    test('of a connection is recorded', async () => {
      const call = await create();
      const result = await bench.probe.test({ ...call, trigger: 'request' });
      const stored = await findConnection(bench.store, tenant, call.id);
      expect(stored).toMatchObject({ status: 'connected', last_test: result });
      const { data } = await listTests(bench.store, tenant, call.id, { limit: 10 });
      expect(data).toMatchObject([{ trigger: 'request', status: 'connected' }]);
    });

    test('of a patch is not recorded', async () => {
      const call = await create();
      const patch = { credentials: { password: 'never-the-right-one' } };
      const result = await bench.probe.test({ ...call, trigger: 'request', patch });
      expect(result.details.code).toBe('authentication-failed');
      expect((await findConnection(bench.store, tenant, call.id)).status).toBe('pending');
      expect((await listTests(bench.store, tenant, call.id, { limit: 10 })).data).toEqual([]);
    });

    test('of an unknown connection fails with not-found', async () => {
      await expect(bench.probe.test({ ...nobody, trigger: 'request' })).rejects.toMatchObject({
        code: 'not-found',
      });
    });

    test('of a patch with another destination fails with credentials-locked and does not dial', async () => {
      const call = await create();
      const patch = { config: { host: 'localhost' } };
      const result = await bench.probe.test({ ...call, trigger: 'request', patch });
      expect(result).toMatchObject({ status: 'failed', details: { code: 'credentials-locked' } });
      expect(result.steps.find(({ step }) => step === 'connect')?.status).toBe('skipped');
    });
  });

  describe('introspection', () => {
    test('stores the catalog and its id in the connection', async () => {
      const call = await create();
      const result = await bench.probe.introspect(call, 30_000);
      const stored = await findConnection(bench.store, tenant, call.id);
      expect(result).toMatchObject({ running: false, catalog: { snapshot_id: stored.catalog?.snapshot_id } });
      expect(stored.catalog?.tables).toBeGreaterThan(3);
    });

    test('does not start while another one runs, and replaces one that was abandoned', async () => {
      const call = await create();
      const held = (until: number) =>
        bench.store.write([
          { put: { ...tableKeys.lease(tenant, call.id), token: 'other', snapshot: 'half', until } },
        ]);
      await held(Date.now() + 60_000);
      expect(await bench.probe.introspect(call, 30_000)).toEqual({ running: true });
      const half = {
        pk: toSnapshotPartition({ ...tenant, id: call.id, snapshot: 'half' }),
        sk: 'B#left behind',
      };
      await bench.store.write([{ put: half }]);
      await held(Date.now() - 1);
      expect(await bench.probe.introspect(call, 30_000)).toMatchObject({ running: false });
      expect(await bench.store.get(half)).toBeUndefined();
    });

    test('continues in the background when the wait time is 0', async () => {
      const call = await create();
      expect(await bench.probe.introspect(call, 0)).toEqual({ running: true });
      const catalog = async () => (await findConnection(bench.store, tenant, call.id)).catalog;
      await pollUntil(catalog, Boolean);
    });

    test('of a source that refuses the login fails with the code and the native code', async () => {
      const call = await create({ password: 'never-the-right-one' });
      await expect(bench.probe.introspect(call, 30_000)).rejects.toMatchObject({
        code: 'authentication-failed',
        extras: { native_code: '28P01' },
      });
      // The lease was released, so the next call does not wait until it expires.
      await expect(bench.probe.introspect(call, 30_000)).rejects.toMatchObject({
        code: 'authentication-failed',
      });
    });
  });

  describe('update of credentials', () => {
    test('applies them together with the other changes', async () => {
      const call = await create({ password: 'never-the-right-one' });
      const next = await bench.probe.credentials({
        ...call,
        patch: { name: `Renamed ${count}`, credentials: { password } },
      });
      expect(next).toMatchObject({
        name: `Renamed ${count}`,
        version: 2,
        credentials_version: 2,
        status: 'testing',
      });
      expect(JSON.stringify(next)).not.toContain(password);
      const result = await bench.probe.test({ ...call, trigger: 'request' });
      expect(result.status).toBe('connected');
    });

    test('fails with the missing fields when it is incomplete', async () => {
      const call = await create();
      const patch = { config: { host: 'localhost' }, credentials: { auth_method: 'password' } };
      await expect(bench.probe.credentials({ ...call, patch })).rejects.toMatchObject({
        code: 'credentials-required',
        extras: { errors: [{ path: 'credentials.password' }] },
      });
    });

    test('is refused when the connection has another version than the caller states', async () => {
      const call = await create();
      const change = bench.probe.credentials({ ...call, patch: { credentials: { password } }, version: 7 });
      await expect(change).rejects.toMatchObject({ code: 'precondition-failed' });
    });
  });
};
