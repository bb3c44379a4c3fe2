import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Socket } from 'node:net';
import { tableKeys } from '../../shared/domain/table-keys.ts';
import { stepNames } from '../../shared/network/dialer.ts';
import { Problem } from '../../shared/problem.ts';
import { type Api, summarizeRefusal, startApi } from '../api.ts';
import { plainServer, type Running } from '../network/servers.ts';
import { createConnectionBody } from '../samples.ts';
import { base as management, createManagementConnection as createManaged } from './management/samples.ts';

const tenant = { org: 'org_test', environment: 'default' };
const minute = 60_000;

/** A source that accepts and counts every connection, and stays silent until it hangs up. */
const silentSource = async () => {
  const waiting = new Set<Socket>();
  const arrived: (() => void)[] = [];
  const server: Running = await plainServer((socket) => {
    waiting.add(socket.once('close', () => waiting.delete(socket)));
    arrived.splice(0).forEach((tell) => tell());
  });
  return {
    port: server.port,
    logins: () => server.accepted.length,
    arrived: async (logins: number) => {
      while (server.accepted.length < logins) await new Promise<void>((resolve) => arrived.push(resolve));
    },
    hangUp: () => {
      for (const socket of waiting) socket.destroy();
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
};

let now: number;
/** The milliseconds that the timer has measured. */
let elapsed: number;
let api: Api;
let source: Awaited<ReturnType<typeof silentSource>>;
let id: string;
let background: Promise<unknown>;
let everything: Promise<unknown>[];
/** If set, replaces the next invocation of the probe. */
let invocation: (() => Promise<never>) | undefined;

beforeEach(async () => {
  now = Date.parse('2026-01-01T00:00:00Z');
  elapsed = 0;
  invocation = undefined;
  everything = [];
  source = await silentSource();
  api = await startApi({
    clock: () => now,
    timer: { measure: () => elapsed, wait: () => Promise.reject(new Error('expected no wait')) },
    // No caller waits for the introspection: its outcome is stored or lost.
    probe: ({ real }) => ({
      ...real,
      introspect: async (call) => {
        if (invocation) return invocation();
        background = real.introspect(call, Infinity).catch(() => undefined);
        everything.push(background);
        return { running: true };
      },
    }),
  });
  const config = { ...createConnectionBody().config, port: source.port };
  const body = { ...createConnectionBody(), config, options: { ssl_mode: 'disable' } };
  ({ id } = (await api.call('POST /v1/connections?test=false', { body })).body);
});
afterEach(async () => {
  await source[Symbol.asyncDispose]();
  await Promise.all(everything);
  await api[Symbol.asyncDispose]();
});

const schema = (query = '') => api.call(`GET /v1/connections/${id}/schema?${query}`);
const suggest = () => api.call(`GET /v1/connections/${id}/autocomplete?type=tables`);
const patch = (body: object) => api.call(`PATCH /v1/connections/${id}`, { body });
const lastIntrospection = async () =>
  (await api.call(`GET /v1/connections/${id}`)).body['last_introspection'];

const listed = async () => {
  const { data } = (await api.call('GET /v1/connections')).body as unknown as {
    data: Record<string, unknown>[];
  };
  return data[0]?.['last_introspection'];
};

/** Starts an introspection that continues in the background and fails there. */
const failInBackground = async (query = '') => {
  const before = source.logins();
  expect((await schema(query)).status).toBe(202);
  await source.arrived(before + 1);
  source.hangUp();
  await background;
  expect(source.logins()).toBe(before + 1);
};

describe('an introspection that fails in the background', () => {
  test('runs until it ends, and requests in the meantime start no other attempt', async () => {
    expect((await schema()).status).toBe(202);
    expect(await lastIntrospection()).toEqual({
      state: 'running',
      code: null,
      at: '2026-01-01T00:00:00.000Z',
    });
    for (let poll = 0; poll < 3; poll++) expect((await schema()).status).toBe(202);
    await source.arrived(1);
    source.hangUp();
    await background;
    expect(source.logins()).toBe(1);
  });

  test('is returned until the next attempt may start: after 1, 5, 15, 60 and 60 minutes', async () => {
    for (const minutes of [1, 5, 15, 60, 60]) {
      await failInBackground();
      const logins = source.logins();
      const first = await schema();
      expect([...summarizeRefusal(first), first.headers['retry-after']]).toEqual([
        502,
        'connection-reset',
        String(minutes * 60),
      ]);
      expect(first.body.steps.map(({ step, status }) => [step, status])).toContainEqual([
        'authenticate',
        'failed',
      ]);
      now += minutes * minute - 1;
      const later = await schema();
      expect({ ...later.body, request_id: '' }).toEqual({ ...first.body, request_id: '' });
      expect(later.headers['retry-after']).toBe('1');
      expect(source.logins()).toBe(logins);
      now += 1;
    }
  });

  test('is shown in the connection and in the list', async () => {
    await failInBackground();
    const failed = { state: 'failed', code: 'connection-reset', at: '2026-01-01T00:00:00.000Z' };
    expect(await lastIntrospection()).toEqual(failed);
    const { body } = await api.call('GET /v1/connections');
    expect(body.data[0]?.['last_introspection']).toEqual(failed);
  });

  test('is retried at once with max_age=0, but with no other max_age', async () => {
    await failInBackground();
    expect(summarizeRefusal(await schema('max_age=1'))).toEqual([502, 'connection-reset']);
    await failInBackground('max_age=0');
    expect((await schema()).headers['retry-after']).toBe('300');
  });

  test.each([
    ['another database', { config: { database: 'other' } }],
    ['another host name', { config: { host: 'localhost' }, credentials: { password: 'the-same-or-not' } }],
    ['a new password', { credentials: { password: 'another-password' } }],
    ['less to read', { excluded_schemas: ['archive'] }],
    ['more time', { options: { query_timeout_seconds: 600 } }],
  ])('is forgotten after a change to %s', async (_, change) => {
    await failInBackground();
    expect((await patch(change)).status).toBe(200);
    expect(await lastIntrospection()).toBeNull();
    await failInBackground();
    expect((await schema()).headers['retry-after']).toBe('60');
  });

  test('is kept after a change of name or tags', async () => {
    await failInBackground();
    await patch({ name: 'Renamed', tags: ['a'] });
    expect(summarizeRefusal(await schema())).toEqual([502, 'connection-reset']);
  });

  test('gives autocomplete no suggestions, and autocomplete starts no attempt before it is due', async () => {
    for (const logins of [1, 2]) {
      const empty = { suggestions: [], as_of: null, complete: false };
      for (let key = 0; key < 3; key++) expect((await suggest()).body).toEqual(empty);
      await source.arrived(logins);
      source.hangUp();
      await background;
      for (let key = 0; key < 3; key++) expect((await suggest()).body).toEqual(empty);
      expect(source.logins()).toBe(logins);
      now += logins * minute;
    }
  });

  test('is also the answer of validate', async () => {
    await failInBackground();
    const answer = await api.call(`POST /v1/connections/${id}/schema/validate`, {
      body: { tables: [{ name: 'orders' }] },
    });
    expect([...summarizeRefusal(answer), answer.headers['retry-after']]).toEqual([
      502,
      'connection-reset',
      '60',
    ]);
    expect(source.logins()).toBe(1);
  });

  test('takes at most 1 KB in the stored connection, whatever the source reports', async () => {
    invocation = () =>
      Promise.reject(
        new Problem('permission-denied', 'é\u0007'.repeat(5000), {
          remediation: 'GRANT SELECT ON "\u0001é";'.repeat(1000),
          native_code: '9'.repeat(5000),
          steps: stepNames.map((step) => ({
            step,
            status: 'failed',
            duration_ms: 1,
            remediation: 'x'.repeat(900),
          })),
        }),
      );
    await schema();
    const { last_introspection: kept } = (await api.stored(id)) ?? {};
    expect(kept?.problem?.remediation).toMatch(/^GRANT SELECT ON/);
    expect(Buffer.byteLength(JSON.stringify(kept))).toBeLessThanOrEqual(1024);
  });
});

describe('an introspection whose probe', () => {
  test('cannot be invoked fails, and the probe is not invoked again before the retry is due', async () => {
    let invoked = 0;
    invocation = () => {
      invoked += 1;
      elapsed += 3;
      return Promise.reject(new Problem('unavailable', 'The probe does not respond'));
    };
    const first = await schema();
    expect([...summarizeRefusal(first), first.headers['retry-after']]).toEqual([503, 'unavailable', '60']);
    for (let poll = 0; poll < 3; poll++)
      expect(summarizeRefusal(await schema())).toEqual([503, 'unavailable']);
    expect((await suggest()).status).toBe(200);
    expect(invoked).toBe(1);
    expect(await lastIntrospection()).toMatchObject({ state: 'failed', code: 'unavailable' });
  });

  test('never starts fails after two minutes', async () => {
    invocation = async () => ({ running: true }) as never;
    expect((await schema()).status).toBe(202);
    now += 2 * minute - 1;
    expect((await schema()).status).toBe(202);
    now += 1;
    const answer = await schema();
    expect([...summarizeRefusal(answer), answer.headers['retry-after']]).toEqual([503, 'unavailable', '60']);
    expect(await lastIntrospection()).toMatchObject({ state: 'failed', code: 'unavailable' });
    now += minute;
    invocation = undefined;
    await failInBackground();
    expect((await schema()).headers['retry-after']).toBe('300');
  });

  test('is killed fails when its lease expires', async () => {
    expect((await schema()).status).toBe(202);
    await source.arrived(1);
    // The process still runs here, but like a killed one it cannot renew the lease.
    const key = tableKeys.lease(tenant, id.slice(5));
    const lease = await api.store.get(key);
    if (lease) await api.store.write([{ put: { ...lease, token: 'of the dead' } }]);
    const tag = (await api.call(`GET /v1/connections/${id}`)).headers['etag'] ?? '';
    const get = () => api.call(`GET /v1/connections/${id}`, { headers: { 'if-none-match': tag } });
    now += 45_000 - 1;
    expect((await schema()).status).toBe(202);
    expect(await listed()).toMatchObject({ state: 'running' });
    expect((await get()).status).toBe(304);
    now += 1;
    expect(summarizeRefusal(await schema())).toEqual([503, 'unavailable']);
    const failed = await lastIntrospection();
    expect(failed).toMatchObject({ state: 'failed', code: 'unavailable' });
    expect(await listed()).toEqual(failed);
    expect((await get()).body['last_introspection']).toEqual(failed);
    now += minute;
    await failInBackground();
    expect((await schema()).headers['retry-after']).toBe('300');
  });
});

describe('a clock that ran a year ahead and is set back', () => {
  const year = 365 * 24 * 60 * minute;

  test('does not leave an introspection running for a year', async () => {
    now += year;
    expect((await schema()).status).toBe(202);
    await source.arrived(1);
    now -= year;
    expect((await schema()).status).toBe(202);
    await source.arrived(2);
    source.hangUp();
    await Promise.all(everything);
    expect(await lastIntrospection()).toMatchObject({ state: 'failed' });
  });

  test('does not keep a failure in force for a year', async () => {
    now += year;
    await failInBackground();
    now -= year;
    expect((await schema()).status).toBe(202);
    await source.arrived(2);
  });
});

describe('the management API', () => {
  const read = (of: string) => api.call(`GET ${management}/${of}/schema`);
  const made = async () =>
    (await createManaged(api, { host: '127.0.0.1', port: source.port, ssl: { mode: 'disable' } })).body.id;

  test('returns the outcome of an introspection that outlived its caller, and starts no other attempt for a minute', async () => {
    const managed = await made();
    id = `conn_${managed.replaceAll('-', '')}`;
    await schema();
    now += 30_000;
    await source.arrived(1);
    source.hangUp();
    await background;
    for (let poll = 0; poll < 3; poll++)
      expect([(await read(managed)).status, (await read(managed)).body.code]).toEqual([400, 'FET-1040']);
    const validated = await api.call(`POST ${management}/validate-schema`, {
      body: { mappedFields: { 'production-db': { orders: ['id'] } } },
    });
    expect(validated.body['errors']).toEqual([{ type: 'DATA_SOURCE_DOWN', dataSourceId: 'production-db' }]);
    expect(source.logins()).toBe(1);
  });

  test('starts another attempt after it has returned the failure', async () => {
    const managed = await made();
    let invoked = 0;
    invocation = () => {
      invoked += 1;
      return Promise.reject(new Problem('connection-refused'));
    };
    for (let request = 0; request < 3; request++) expect((await read(managed)).body.code).toBe('FET-1040');
    expect(invoked).toBe(3);
  });
});
