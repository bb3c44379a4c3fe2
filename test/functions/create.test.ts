import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { tableKeys } from '../../shared/domain/table-keys.ts';
import type { Probe } from '../../shared/ports/probe.ts';
import { Problem } from '../../shared/problem.ts';
import { type Api, summarizeRefusal, startApi } from '../api.ts';
import { createConnectionBody } from '../samples.ts';

let api: Api;
beforeEach(async () => void (api = await startApi()));
afterEach(() => api[Symbol.asyncDispose]());

const create = (body: unknown, more: object = {}, query = '') =>
  api.call(`POST /v1/connections${query}`, { body, ...more });

describe('create of a connection', () => {
  test('returns the connection with Location and ETag, and the status testing', async () => {
    const { status, headers, body } = await create(createConnectionBody());
    expect(status).toBe(201);
    expect(body).toMatchObject({ name: 'Sales', status: 'testing', version: 1, usages: 0, is_active: true });
    expect(headers['location']).toBe(`/v1/connections/${String(body['id'])}`);
    expect(headers['etag']).toBe('"1.1.0"');
    expect(body['id']).toMatch(/^conn_[0-9a-f]{12}7[0-9a-f]{19}$/);
  });

  test('publishes one event, and the test that it starts stores the cause of the failure', async () => {
    const { body } = await create(createConnectionBody());
    const { events, tests } = await api.settle();
    expect(events).toMatchObject([{ type: 'connection.created', data: { connection: { version: 1 } } }]);
    expect(tests).toMatchObject([{ trigger: 'create', awaited: 1, request_id: events[0]?.id }]);
    const { body: after } = await api.call(`GET /v1/connections/${String(body['id'])}`);
    expect(after).toMatchObject({ status: 'failed', status_reason: 'connection-refused' });
  });

  test('with test=false leaves the connection pending', async () => {
    const { body } = await create(createConnectionBody(), {}, '?test=false');
    expect(body).toMatchObject({ status: 'pending' });
    expect(await api.settle()).toMatchObject({ events: [{ type: 'connection.created' }], tests: [] });
  });

  test('with verify=true saves nothing when the connection fails', async () => {
    const { status, body } = await create(createConnectionBody(), {}, '?verify=true');
    expect(status).toBe(422);
    expect(body).toMatchObject({ code: 'connection-refused', blame: 'network' });
    expect(JSON.stringify(body['steps'])).toContain('"failed"');
    expect((await api.call('GET /v1/connections')).body['data']).toEqual([]);
  });

  test('with verify=true returns 400 for a field error that only the connector can detect', async () => {
    const config = { bootstrap_servers: 'localhost:99999' };
    const body = { name: 'Events', type: 'kafka', config, credentials: { auth_method: 'none' } };
    expect(summarizeRefusal(await create(body, {}, '?verify=true'))).toEqual([400, 'invalid-request']);
  });

  test('moves credentials out of config and never returns them', async () => {
    const { body, text } = await create(createConnectionBody());
    expect(body['config']).toEqual({ host: '127.0.0.1', port: 1, database: 'shop', username: 'reader' });
    expect(Object.keys(body.credentials.fields)).toEqual(['password']);
    expect(text).not.toContain('not-a-real-password');
  });

  test('parses a connection string and never returns its password', async () => {
    const { status, body, text } = await create({
      name: 'By string',
      type: 'postgresql',
      connection_string: 'postgres://reader:not-a-real-p%40ssword@127.0.0.1:1/shop?sslmode=require',
    });
    expect(status).toBe(201);
    expect(body).toMatchObject({
      config: { host: '127.0.0.1', port: 1, database: 'shop', username: 'reader' },
      options: { ssl_mode: 'require' },
    });
    expect(text).not.toContain('p@ssword');
  });

  test('fills in every default', async () => {
    const { body } = await create({ ...createConnectionBody(), options: undefined });
    expect(body).toMatchObject({
      role: 'source',
      mode: 'managed',
      description: null,
      flavor: null,
      product: null,
      tags: [],
      metadata: {},
      tunnel: null,
      options: {
        ssl_mode: 'verify-full',
        connection_timeout_seconds: 10,
        query_timeout_seconds: 60,
        max_connections: 2,
        test_interval_minutes: 60,
      },
    });
  });

  test('returns 409 for a taken name in any case, and creates no second connection', async () => {
    const first = await create(createConnectionBody());
    const { status, body } = await create({ ...createConnectionBody(), name: 'SALES' });
    expect([status, body['code']]).toEqual([409, 'name-taken']);
    const { body: list } = await api.call('GET /v1/connections');
    expect(list.data.map(({ id }) => id)).toEqual([first.body['id']]);
  });

  test('gives the name to one of two concurrent creates', async () => {
    const both = await Promise.all([create(createConnectionBody()), create(createConnectionBody())]);
    expect(both.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 409]);
  });
});

describe('Idempotency-Key', () => {
  const headers = { 'idempotency-key': 'the same' };

  test('returns the first answer again', async () => {
    const first = await create(createConnectionBody(), { headers });
    const again = await create(createConnectionBody(), { headers });
    expect([again.status, again.text, again.headers['location']]).toEqual([
      201,
      first.text,
      first.headers['location'],
    ]);
  });

  test('creates one connection for many concurrent requests', async () => {
    const all = await Promise.all(
      Array.from({ length: 10 }, () => create(createConnectionBody(), { headers })),
    );
    expect(new Set(all.map(({ status }) => status))).toEqual(new Set([201]));
    expect(new Set(all.map(({ body }) => body['id'])).size).toBe(1);
  });

  test('returns 422 when it is reused with another body', async () => {
    await create(createConnectionBody(), { headers });
    const { status, body } = await create({ ...createConnectionBody(), name: 'Another' }, { headers });
    expect([status, body['code']]).toEqual([422, 'idempotency-key-reused']);
  });

  test('is remembered for one day', async () => {
    let now = Date.parse('2026-01-01T00:00:00Z');
    await using late = await startApi({ clock: () => now });
    const first = await late.call('POST /v1/connections', { body: createConnectionBody(), headers });
    now += 86_399_000;
    const again = await late.call('POST /v1/connections', { body: createConnectionBody(), headers });
    now += 2000;
    const after = await late.call('POST /v1/connections', { body: createConnectionBody(), headers });
    expect([again.body['id'], after.body['code']]).toEqual([first.body['id'], 'name-taken']);
  });

  test('of invalid length is rejected', async () => {
    const { status } = await create(createConnectionBody(), {
      headers: { 'idempotency-key': 'x'.repeat(256) },
    });
    expect(status).toBe(400);
  });
});

describe('create that fails half-way', () => {
  test('stores no item and schedules the deletion of the secret in 30 days when the table does not answer', async () => {
    const write = api.store.write.bind(api.store);
    Object.assign(api.store, { write: () => Promise.reject(new Problem('unavailable')) });
    const { status } = await create(createConnectionBody());
    Object.assign(api.store, { write });
    expect(status).toBe(503);
    expect((await api.store.query({ pk: tableKeys.tenantPartition(tenant), limit: 10 })).items).toEqual([]);
    // The write may still succeed: only a conflict would prove that it does not.
    expect(await Array.fromAsync(api.vault.list())).toEqual([]);
    expect(await Array.fromAsync(api.vault.listRemoved())).toHaveLength(1);
  });

  test('stores neither item nor secret when the fingerprint key is unavailable', async () => {
    const { key } = api.vault;
    Object.assign(api.vault, { key: () => Promise.reject(new Problem('unavailable')) });
    const { status } = await create(createConnectionBody());
    Object.assign(api.vault, { key });
    expect(status).toBe(503);
    expect(await secretsLeft()).toBe(0);
  });

  test('succeeds when only the answer of the table is lost', async () => {
    const write = api.store.write.bind(api.store);
    Object.assign(api.store, {
      write: async (changes: Parameters<typeof write>[0]) => {
        await write(changes);
        throw new Problem('unavailable');
      },
    });
    const { status, body } = await create(createConnectionBody());
    Object.assign(api.store, { write });
    expect(status).toBe(201);
    expect(await secretsLeft()).toBe(1);
    expect((await api.call(`GET /v1/connections/${String(body['id'])}`)).status).toBe(200);
  });

  const tenant = { org: 'org_test', environment: 'default' };
  const secretsLeft = async () => {
    const { readdir } = await import('node:fs/promises');
    const files = await readdir(api.folder, { recursive: true, withFileTypes: true });
    return files.filter((file) => file.isFile() && /[0-9a-f]{32}/.test(file.name)).length;
  };
});

describe('test of a draft', () => {
  test('returns the result and stores nothing', async () => {
    const { status, body } = await api.call('POST /v1/connections/test', { body: createConnectionBody() });
    expect(status).toBe(200);
    expect(body).toMatchObject({ status: 'failed', details: { code: 'connection-refused' } });
    expect((await api.call('GET /v1/connections')).body['data']).toEqual([]);
  });

  test('is limited per organisation and minute', async () => {
    const probe = { test: () => Promise.reject(new Problem('unavailable')) } as unknown as Probe;
    await using few = await startApi({ settings: { tests_per_minute: 2 }, probe });
    const statuses = [];
    for (let i = 0; i < 3; i++)
      statuses.push(await few.call('POST /v1/connections/test', { body: createConnectionBody() }));
    expect(statuses.map(({ status }) => status)).toEqual([503, 503, 429]);
    expect(Number(statuses[2]?.headers['retry-after'])).toBeGreaterThan(0);
  });
});
