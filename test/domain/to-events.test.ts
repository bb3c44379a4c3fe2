import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createId } from '../../shared/domain/id.ts';
import type { StoredConnection } from '../../shared/domain/connections/connection.ts';
import { readConnection } from '../../shared/domain/connections/stored-connection.ts';
import { connectionEventTypes } from '../../shared/domain/events/event-types.ts';
import { toEvents, toTestMessage } from '../../shared/domain/events/to-events.ts';
import { problemCodes } from '../../shared/problem.ts';
import { type Api, startApi } from '../api.ts';
import { createConnectionBody } from '../samples.ts';
import { arbitraryStoredConnection, PLANTED } from './stored-connections.ts';

let now: number;
let api: Api;
beforeEach(async () => {
  now = Date.parse('2026-01-01T00:00:00Z');
  api = await startApi({ clock: () => now });
});
afterEach(() => api[Symbol.asyncDispose]());

const create = async (query = '') =>
  (await api.call(`POST /v1/connections${query}`, { body: createConnectionBody() })).body.id;

/** Returns the connection before and after a request. */
const change = async (id: string, request: string, body?: unknown) => {
  const before = await api.stored(id);
  const { status } = await api.call(request, body === undefined ? {} : { body });
  const after = await api.stored(id);
  if (!before || !after || status >= 400) throw new Error(`expected the request to succeed, not ${status}`);
  return { before, after, events: toEvents(before, after) };
};

const types = (events: ReturnType<typeof toEvents>) => events.map(({ type }) => type);

describe('the events of a connection', () => {
  test('begin with its creation, which requests a test', async () => {
    const id = await create();
    const stored = await api.stored(id);
    if (!stored) throw new Error('expected a connection');
    const [event] = toEvents(undefined, stored);
    expect(event).toEqual({
      id: expect.stringMatching(/^evt_[0-9a-f]{32}$/),
      type: 'connection.created',
      timestamp: '2026-01-01T00:00:00.000Z',
      org_id: 'org_test',
      environment_id: 'default',
      data: {
        connection: {
          id,
          name: 'Sales',
          type: 'postgresql',
          status: 'testing',
          tags: [],
          version: 1,
          sequence: 1,
        },
      },
    });
    expect(toTestMessage(undefined, stored)).toEqual({
      org_id: 'org_test',
      environment_id: 'default',
      connection_id: stored.id,
      trigger: 'create',
      request_id: event?.id,
      awaited: 1,
    });
  });

  test('name the fields of an update and never their values', async () => {
    const id = await create();
    const { events } = await change(id, `PATCH /v1/connections/${id}`, {
      description: 'The new one',
      tags: ['prod'],
      metadata: { owner: 'me' },
      options: { query_timeout_seconds: 5 },
    });
    expect(events).toMatchObject([
      {
        type: 'connection.updated',
        data: {
          connection: { tags: ['prod'], version: 2, sequence: 2 },
          changed: ['description', 'options', 'tags', 'metadata'],
        },
      },
    ]);
    expect(JSON.stringify(events)).not.toMatch(/The new one|owner/);
  });

  test('say that credentials were updated', async () => {
    const id = await create();
    const { events } = await change(id, `PATCH /v1/connections/${id}`, {
      credentials: { password: 'another' },
    });
    expect(events).toMatchObject([{ type: 'connection.updated', data: { changed: ['credentials'] } }]);
  });

  test('include a test with its outcome and the first decision, under two ids', async () => {
    const id = await create();
    now += 5000;
    const { after, events } = await change(id, `POST /v1/connections/${id}/test`);
    expect(types(events)).toEqual(['connection.tested', 'connection.status_changed']);
    expect(new Set(events.map((event) => event.id)).size).toBe(2);
    expect(events[0]?.data).toMatchObject({
      test: { status: 'failed', code: 'connection-refused', latency_ms: null, trigger: after.tested_by },
    });
    expect(events[1]?.data).toMatchObject({
      from: null,
      to: 'failed',
      code: 'connection-refused',
      blame: 'network',
      since: '2026-01-01T00:00:05.000Z',
      connection: { status: 'failed', sequence: 2 },
    });
  });

  test('include no change of the status when a test after an update decides the same again', async () => {
    const id = await create();
    await change(id, `POST /v1/connections/${id}/test`);
    const update = await change(id, `PATCH /v1/connections/${id}`, { role: 'target' });
    expect([update.after.status, types(update.events)]).toEqual(['testing', ['connection.updated']]);
    const { events } = await change(id, `POST /v1/connections/${id}/test`);
    expect(types(events)).toEqual(['connection.tested']);
  });

  test('include no scheduled test whose outcome is the same', async () => {
    const id = await create();
    const { before, after } = await change(id, `POST /v1/connections/${id}/test`);
    const { last_test: last } = after;
    if (!last) throw new Error('expected a test');
    const scheduled = (details: object): StoredConnection => ({
      ...after,
      revision: after.revision + 1,
      tested_by: 'schedule',
      last_test: { ...last, tested_at: '2026-01-01T01:00:00.000Z', details },
    });
    expect(toEvents(after, scheduled({ code: 'connection-refused', error: 'other words' }))).toEqual([]);
    expect(types(toEvents(after, scheduled({ code: 'timeout' })))).toEqual(['connection.tested']);
    expect(types(toEvents(before, scheduled({ code: 'timeout' })))[0]).toBe('connection.tested');
  });

  test('include the locking of the credentials once', async () => {
    const id = await create();
    const moved = await change(id, `PATCH /v1/connections/${id}`, { config: { host: '127.0.0.2' } });
    expect(types(moved.events)).toEqual(['connection.updated', 'credentials.locked']);
    const again = await change(id, `PATCH /v1/connections/${id}`, { config: { host: '127.0.0.3' } });
    expect(types(again.events)).toEqual(['connection.updated']);
  });

  test('include the usages that begin and end, not those that are renewed or have expired', async () => {
    const id = await create();
    const use = (consumer: string, body: object = {}) =>
      change(id, `PUT /v1/connections/${id}/usages/${consumer}`, body);
    expect((await use('job:a', { ttl_seconds: 60 })).events).toMatchObject([
      { type: 'usage.added', data: { consumer: 'job:a', expires_at: '2026-01-01T00:01:00.000Z' } },
    ]);
    expect((await use('job:a', { ttl_seconds: 90 })).events).toEqual([]);
    now += 120_000;
    expect((await use('job:b')).events).toMatchObject([
      {
        type: 'usage.added',
        data: { consumer: 'job:b', expires_at: null },
        timestamp: '2026-01-01T00:02:00.000Z',
      },
    ]);
    expect(types((await use('job:a', { ttl_seconds: 60 })).events)).toEqual(['usage.added']);
    const ended = await change(id, `DELETE /v1/connections/${id}/usages/job:b`);
    expect(ended.events).toMatchObject([{ type: 'usage.removed', data: { consumer: 'job:b' } }]);
  });

  test('include a delete and a restore, which requests a test', async () => {
    const id = await create('?test=false');
    now += 1000;
    const deleted = await change(id, `DELETE /v1/connections/${id}`);
    expect(toEvents(undefined, deleted.after)).toMatchObject([
      { type: 'connection.deleted', timestamp: '2026-01-01T00:00:01.000Z' },
    ]);
    expect(toTestMessage(undefined, deleted.after)).toBeUndefined();
    const restored = await change(id, `POST /v1/connections/${id}/restore`);
    expect(types(toEvents(undefined, restored.after))).toEqual(['connection.restored']);
    expect(toTestMessage(undefined, restored.after)).toMatchObject({ trigger: 'change', awaited: 2 });
  });

  test('include the end of an introspection, with counts or a code', async () => {
    const id = await create('?test=false');
    const stored = await api.stored(id);
    if (!stored) throw new Error('expected a connection');
    const at = '2026-01-01T02:00:00.000Z';
    const running = {
      ...stored,
      revision: 2,
      cause: 'introspected' as const,
      last_introspection: {
        state: 'running' as const,
        attempt: 'a',
        of: '',
        began_at: at,
        at,
        failures: 0,
        problem: null,
      },
    };
    const end = (more: object) => ({
      ...running,
      revision: 3,
      last_introspection: { ...running.last_introspection, ...more },
    });
    const catalog = {
      snapshot_id: 's',
      introspected_at: at,
      tables: 3,
      columns: 20,
      complete: true,
      missing: [],
      duration_ms: 1,
    };
    expect(toEvents(stored, running)).toEqual([]);
    expect(toEvents(running, { ...end({ state: 'succeeded' }), catalog })).toMatchObject([
      {
        type: 'catalog.refreshed',
        timestamp: at,
        data: { catalog: { tables: 3, columns: 20, complete: true } },
      },
    ]);
    const problem = { code: 'timeout', detail: 'a text of a server' };
    expect(toEvents(running, end({ state: 'failed', failures: 2, problem }))).toMatchObject([
      { type: 'catalog.refresh_failed', data: { code: 'timeout', blame: 'network', failures: 2 } },
    ]);
  });

  test('are the same when they are made again', async () => {
    const id = await create();
    const { before, after, events } = await change(id, `POST /v1/connections/${id}/test`);
    expect(toEvents(before, after)).toEqual(events);
    expect(toEvents(after, after)).toEqual([]);
  });
});

test('the last decision of a connection of an earlier release is read from its status or its last test', async () => {
  const id = await create();
  const { after } = await change(id, `POST /v1/connections/${id}/test`);
  const { decided_status: _, ...earlier } = after;
  const read = (more: object) =>
    readConnection({ pk: 'T#o#e', sk: `CONN#${createId(now)}`, ...earlier, ...more }).decided_status;
  expect(read({})).toBe('failed');
  expect(read({ status: 'testing' })).toBe('failed');
  expect(read({ status: 'connected', last_test: null })).toBe('connected');
  expect(read({ status: 'testing', last_test: null })).toBeNull();
});

test('no event contains a credential, a text of a server or a free text, whatever is stored', () => {
  let published = 0;
  fc.assert(
    fc.property(
      arbitraryStoredConnection,
      arbitraryStoredConnection,
      fc.boolean(),
      (before, after, isNew) => {
        const next = { ...after, id: before.id, revision: before.revision + 1 };
        const events = toEvents(isNew ? undefined : before, next);
        published += events.length;
        const text = JSON.stringify([events, toTestMessage(before, next) ?? null]);
        expect(text).not.toContain(PLANTED);
        for (const { type, data } of events) {
          expect(Object.keys(connectionEventTypes)).toContain(type);
          if ('code' in data && data.code !== null) expect(problemCodes).toContain(data.code);
        }
        expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
      },
    ),
    { numRuns: 500 },
  );
  expect(published).toBeGreaterThan(300);
});
