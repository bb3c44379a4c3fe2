import { readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runBackfill } from '../../functions/backfill.ts';
import { readConnection } from '../../shared/domain/connections/stored-connection.ts';
import { resolveTestInterval } from '../../shared/domain/schedule/intervals.ts';
import { toSlotMinute, toSlotShard } from '../../shared/domain/schedule/slots.ts';
import { scheduleKeys } from '../../shared/domain/schedule/schedule-keys.ts';
import { tableKeys } from '../../shared/domain/table-keys.ts';
import { type Api, type Body, startApi } from '../api.ts';
import { onEngine, reach } from '../engines/reach.ts';
import { launchStart, list, waitUntilReady } from '../infra/local/start-process.ts';
import {
  changedSecret,
  frozenCertificate,
  frozenDrafts,
  frozenKey,
  frozenSecret,
} from './frozen-requests.ts';
import { copyFrozenFolder, type Frozen, openFrozenAws, openFrozenFolder } from './load-frozen.ts';

const here = fileURLToPath(new URL('.', import.meta.url));
const releases = readdirSync(here, { withFileTypes: true }).flatMap((entry) =>
  entry.isDirectory() ? entry.name : [],
);
const aws = reach('aws');
const postgres = reach('postgres');

/** The tenant that wrote the frozen state. */
const tenant = { org: 'org_local', environment: 'default' };

const readsWhatWasStored = (open: () => Promise<Frozen>, at: 'folder' | 'aws') => {
  let frozen: Frozen;
  let api: Api;
  let found: ReadonlyMap<string, Body>;
  const call: Api['call'] = (request, sent) => api.call(request, { key: frozenKey, ...sent });
  const idOf = (name: string) => found.get(`frozen ${name}`)?.id ?? `no frozen ${name}`;

  beforeAll(async () => {
    frozen = await open();
    api = await startApi({ backing: frozen, clock: frozen.clock });
    const { body } = await call('GET /v1/connections?limit=200&include_deleted=true');
    found = new Map(body.data.map((connection) => [connection.name, connection]));
  });
  afterAll(async () => {
    await api?.[Symbol.asyncDispose]();
    await frozen?.[Symbol.asyncDispose]();
  });

  test('lists and shows the connections of every connector in every API', async () => {
    expect([...found.keys()]).toEqual(
      expect.arrayContaining(frozenDrafts.map(({ type }) => `frozen ${type}`)),
    );
    for (const { id, name, ...connection } of found.values()) {
      if (connection['deleted_at'] !== null) continue;
      const shown = await call(`GET /v1/connections/${id}`);
      expect([name, shown.status, shown.body.name]).toEqual([name, 200, name]);
    }
    const elsewhere = { headers: { 'x-environment-id': 'staging' } };
    expect((await call('GET /v1/connections', elsewhere)).body.data).toMatchObject([
      { name: 'frozen elsewhere', type: 'mysql' },
    ]);
    expect((await call('GET /v1/management/connections?limit=100')).body['total']).toBeGreaterThan(5);
    expect((await call('GET /api/v1/connection_profiles')).status).toBe(200);
    expect((await call('GET /api/v1/connections')).status).toBe(200);
  });

  test('keeps all settings of callers', async () => {
    const { body } = await call(`GET /v1/connections/${idOf('certificate')}`);
    expect(body).toMatchObject({
      description: 'Ein Zertifikat, größer als nötig',
      flavor: 'aws',
      role: 'target',
      product: 'reports',
      options: { ssl_mode: 'verify-ca', max_connections: 5, test_interval_minutes: 10 },
      excluded_schemas: ['c'],
      tags: ['blue', 'grün'],
      metadata: { team: 'data' },
      ssl: { has_client_certificate: true },
    });
    expect((await call(`GET /v1/connections/${idOf('locked')}`)).body.credentials.locked).toBe(true);
    for (const { type } of frozenDrafts)
      expect([type, found.get(`frozen ${type}`)?.credentials.locked]).toEqual([type, false]);
  });

  test('reads every secret', async () => {
    for (const { type } of frozenDrafts) {
      const id = idOf(type);
      const secret = await readSecret(id);
      expect([type, ...Object.values(secret)]).toEqual(
        expect.arrayContaining([
          type,
          type === 'bigquery' ? expect.stringContaining('client_email') : frozenSecret,
        ]),
      );
    }
    expect(await readSecret(idOf('changed'))).toMatchObject({ password: changedSecret });
  });

  const readSecret = async (id: string) => {
    const stored = await api.stored(id, tenant);
    if (!stored || !('name' in stored.secret)) throw new Error('expected a secret of ours');
    const document = await frozen.vault.read(stored.secret, { ...tenant, id: stored.id });
    return document.credentials;
  };

  test('continues history, usages, catalogs and idempotency', async () => {
    const live = idOf('live');
    expect((await call(`GET /v1/connections/${live}/tests`)).body.data).toMatchObject([
      { trigger: 'request', status: 'connected' },
    ]);
    const usages = await call(`GET /v1/connections/${live}/usages`);
    expect(usages.body.data).toMatchObject([
      { consumer: 'reports', note: 'nightly' },
      { consumer: 'search' },
    ]);
    expect((await call(`DELETE /v1/connections/${live}`)).body.code).toBe('in-use');
    const schema = await call(`GET /v1/connections/${live}/schema?limit=3`);
    expect(schema).toMatchObject({ status: 200, body: { catalog: { complete: true } } });
    expect(schema.body.data).toHaveLength(3);
    const next = await call(
      `GET /v1/connections/${live}/schema?limit=3&cursor=${encodeURIComponent(schema.body.next_cursor ?? '')}`,
    );
    expect(next.body.data).toHaveLength(3);
    const suggested = await call(`GET /v1/connections/${live}/autocomplete?type=tables&prefix=or`);
    expect(suggested.body['suggestions']).not.toEqual([]);
    // The hash of a body is made with a key that never leaves AWS.
    if (at === 'aws') return;
    const repeat = (body: object) =>
      call('POST /v1/connections?test=false', { headers: { 'idempotency-key': 'frozen-1' }, body });
    // The release accepted an interval that is not one any more.
    const path = 'options.test_interval_minutes';
    expect((await repeat(frozenCertificate)).body.errors).toMatchObject([{ path }]);
    const { options: _, ...another } = frozenCertificate;
    expect((await repeat(another)).body.code).toBe('idempotency-key-reused');
  });

  test('updates, locks, unlocks, tests, deletes and restores connections', async () => {
    for (const { type } of frozenDrafts) {
      const id = idOf(type);
      const changed = await call(`PATCH /v1/connections/${id}`, { body: { tags: ['after'] } });
      expect([type, changed.status, changed.body['tags'], changed.body.credentials.locked]).toEqual([
        type,
        200,
        ['after'],
        false,
      ]);
    }
    const postgresql = idOf('postgresql');
    const rotated = await call(`PATCH /v1/connections/${postgresql}`, {
      body: { credentials: { password: 'not-a-real-secret-3' } },
    });
    expect(rotated).toMatchObject({ status: 200, body: { credentials: { version: 2 } } });
    expect(await readSecret(postgresql)).toMatchObject({ password: 'not-a-real-secret-3' });
    const refused = await call(`POST /v1/connections/${postgresql}/test`);
    expect(refused.body).toMatchObject({ status: 'failed', details: { code: 'connection-refused' } });

    const locked = idOf('locked');
    const tried = await call(`POST /v1/connections/${locked}/test`);
    expect(tried.body).toMatchObject({ status: 'failed', details: { code: 'credentials-locked' } });
    const back = await call(`PATCH /v1/connections/${locked}`, { body: { config: { port: 1 } } });
    expect(back.body.credentials.locked).toBe(false);

    expect((await call(`DELETE /v1/connections/${locked}`)).status).toBe(204);
    expect((await call(`POST /v1/connections/${locked}/restore`)).status).toBe(200);
    if (at === 'folder')
      expect((await call(`POST /v1/connections/${idOf('deleted')}/restore`)).status).toBe(200);
  });

  onEngine(postgres, () => {
    test('tests and introspects a source with the stored secret', async () => {
      const live = idOf('live');
      const tested = await call(`POST /v1/connections/${live}/test`);
      expect(tested.body).toMatchObject({ status: 'connected' });
      const schema = await call(`GET /v1/connections/${live}/schema?max_age=0`);
      expect(schema).toMatchObject({ status: 200, body: { catalog: { complete: true } } });
    });
  });
};

describe.each(releases)('state of release %s', (release) => {
  describe('in a folder', () => readsWhatWasStored(() => openFrozenFolder(release), 'folder'));

  onEngine(aws, () => {
    describe('on AWS', () => readsWhatWasStored(() => openFrozenAws(release, aws), 'aws'));
  });

  test('gives every connection its slot', async () => {
    await using frozen = await openFrozenFolder(release);
    const { store, clock } = frozen;
    const run = { clock, ports: async () => ({ store }), writeLog: () => undefined };
    expect(await runBackfill(run, { budgetMs: Infinity, passes: 1 })).toBe(true);
    const { items } = await store.query({
      pk: tableKeys.tenantPartition(tenant),
      from: 'CONN#',
      to: 'CONN$',
      limit: 1_000,
    });
    const due = items.map(readConnection).flatMap(({ id, options }) => {
      const interval = resolveTestInterval(options.test_interval_minutes);
      return interval === 0
        ? []
        : [scheduleKeys.slot(interval, toSlotMinute(id, interval), toSlotShard(id), id)];
    });
    expect(due.length).toBeGreaterThan(10);
    expect((await store.getMany(due)).filter((slot) => slot === undefined)).toEqual([]);
  });

  test('is used by npm start', async () => {
    const folder = await copyFrozenFolder(release);
    const running = await waitUntilReady(
      launchStart({
        MOORING_STATE: join(folder, 'state'),
        MOORING_API_KEY: frozenKey,
        MOORING_DEMO: 'off',
      }),
    );
    try {
      const { data } = await list({ ...running, key: frozenKey });
      expect(data.map(({ name }) => name)).toEqual(expect.arrayContaining(['frozen live', 'frozen kafka']));
    } finally {
      running.child.kill('SIGTERM');
      await running.ended;
      await rm(folder, { recursive: true });
    }
  });
});
