import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { routes } from '../../functions/routes.ts';
import { createSqliteStore } from '../../shared/adapters/local/sqlite-store.ts';
import { openFileVault } from '../../shared/adapters/local/file-vault.ts';
import type { Probe } from '../../shared/ports/probe.ts';
import type { Store } from '../../shared/ports/store.ts';
import type { Vault } from '../../shared/ports/vault.ts';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Api, startApi } from '../api.ts';
import { catalogSource } from '../catalog-probe.ts';
import { createTable } from '../domain/catalog-fixtures.ts';
import { createConnectionBody } from '../samples.ts';
import { base, createManagementConnection, product } from './management/samples.ts';
import { buildProfileInput, createProfile, path as profiles } from './profiles/profiles.ts';
import { register } from './registrations/registrations.ts';

interface ApiRequest {
  readonly request: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly status?: number;
}

const password = { password: 'another-obviously-fake' };
const own = '/v1/connections/{id}';
const registered = '/api/v1/connections/{id}';

/** Requests of every route that names a connection. */
const requests: Readonly<Record<string, readonly ApiRequest[]>> = {
  'GET /v1/connections/{id}': [{ request: `GET ${own}` }],
  'PATCH /v1/connections/{id}': [
    { request: `PATCH ${own}`, body: { name: 'Renamed' } },
    { request: `PATCH ${own}`, body: { credentials: password } },
  ],
  'PUT /v1/connections/{id}': [
    { request: `PUT ${own}`, body: { name: 'Renamed' } },
    { request: `PUT ${own}`, body: { credentials: password } },
  ],
  'DELETE /v1/connections/{id}': [
    { request: `DELETE ${own}`, status: 204 },
    { request: `DELETE ${own}?purge=true`, status: 204 },
  ],
  'POST /v1/connections/{id}/restore': [{ request: `POST ${own}/restore`, status: 404 }],
  'POST /v1/connections/{id}/test': [{ request: `POST ${own}/test` }],
  'GET /v1/connections/{id}/tests': [{ request: `GET ${own}/tests` }],
  'GET /v1/connections/{id}/schema': [
    { request: `GET ${own}/schema` },
    { request: `GET ${own}/schema?max_age=0` },
  ],
  'POST /v1/connections/{id}/schema/validate': [
    { request: `POST ${own}/schema/validate`, body: { tables: [{ name: 'orders' }] } },
  ],
  'GET /v1/connections/{id}/autocomplete': [{ request: `GET ${own}/autocomplete?type=tables` }],
  'GET /v1/connections/{id}/usages': [{ request: `GET ${own}/usages` }],
  'PUT /v1/connections/{id}/usages/{consumer}': [{ request: `PUT ${own}/usages/reports` }],
  'DELETE /v1/connections/{id}/usages/{consumer}': [{ request: `DELETE ${own}/usages/reports`, status: 204 }],
  'GET /api/v1/connections/{id}': [{ request: `GET ${registered}` }],
  'DELETE /api/v1/connections/{id}': [{ request: `DELETE ${registered}` }],
  'DELETE /api/v1/connection_profiles/{id}': [{ request: `DELETE ${profiles}/{id}` }],
  'GET /api/v1/connection_profiles/{id}/autocomplete': [
    { request: `GET ${profiles}/{id}/autocomplete` },
    { request: `GET ${profiles}/{id}/autocomplete?type=tables` },
  ],
  'GET /v1/management/connections/{id}': [{ request: `GET ${base}/{id}` }],
  'PATCH /v1/management/connections/{id}': [
    { request: `PATCH ${base}/{id}`, body: { configName: 'renamed' } },
    { request: `PATCH ${base}/{id}`, body: password },
  ],
  'DELETE /v1/management/connections/{id}': [{ request: `DELETE ${base}/{id}`, status: 204 }],
  'POST /v1/management/connections/{id}/test': [{ request: `POST ${base}/{id}/test`, status: 0 }],
  'POST /v1/management/connections/{id}/assign': [
    { request: `POST ${base}/{id}/assign`, headers: product, status: 0 },
  ],
  'GET /v1/management/connections/{id}/schema': [{ request: `GET ${base}/{id}/schema` }],
};

test('lists requests of every route that names a connection', () => {
  // The ids of webhooks and batch tests name no connection.
  const naming = Object.keys(routes).filter(
    (route) => route.includes('{id}') && !/ \/v1\/(webhooks|tests)\//.test(route),
  );
  expect(Object.keys(requests).toSorted()).toEqual(naming.toSorted());
});

describe('each request reads its connection once until it writes or calls a port', () => {
  let folder: string;
  let api: Api;
  let calls: string[];
  let ids: Readonly<Record<string, string>>;

  /** Adds a name to `calls` before each call of a method. */
  const record = <T extends object>(
    port: T,
    name: (method: string, first: unknown) => string | undefined,
  ): T =>
    new Proxy(port, {
      get: (target, method) => {
        const value: unknown = Reflect.get(target, method);
        if (typeof value !== 'function') return value;
        return (...values: unknown[]) => {
          const call = name(String(method), values[0]);
          if (call !== undefined) calls.push(call);
          return Reflect.apply(value, target, values) as unknown;
        };
      },
    });

  beforeEach(async () => {
    calls = [];
    folder = await mkdtemp(join(tmpdir(), 'mooring-reads-'));
    const store: Store = record(createSqliteStore({ path: ':memory:', clock: Date.now }), (method, first) => {
      if (method === 'write') return 'write';
      const keys: readonly unknown[] = method === 'getMany' && Array.isArray(first) ? first : [first];
      const isRead = method.startsWith('get') && String(Object(keys[0])['sk']).startsWith('CONN#');
      return isRead ? 'read' : undefined;
    });
    const vault: Vault = record(await openFileVault({ folder, clock: Date.now }), () => 'vault');
    const source = catalogSource([createTable({ name: 'orders' })]);
    api = await startApi({
      backing: { store, vault },
      probe: (parts): Probe => record(source.probe(parts), () => 'probe'),
    });
    ids = {
      own: (await api.call('POST /v1/connections', { body: createConnectionBody() })).body.id,
      management: (await createManagementConnection(api)).body.id,
      profile: Object((await createProfile(api, buildProfileInput())).body.data)['id'],
      registration: Object((await register(api, { name: 'Registered' })).body.data)['id'] ?? '',
    };
    calls.length = 0;
  });
  afterEach(async () => {
    await api[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  const findId = (request: string): string => {
    if (request.includes(base)) return ids['management'] ?? '';
    if (request.includes(profiles)) return ids['profile'] ?? '';
    return (request.includes('/api/v1/') ? ids['registration'] : ids['own']) ?? '';
  };

  test('counts the read of a connection', async () => {
    await api.call(`GET /v1/connections/${findId('GET /v1/connections/{id}')}`);
    expect(calls).toEqual(['read']);
  });

  const named = Object.values(requests)
    .flat()
    .map((each) => ({
      ...each,
      name: [each.request, each.body && JSON.stringify(each.body)].filter(Boolean).join(' '),
    }));

  test.each(named)('$name', async ({ request, body, headers, status }) => {
    const answer = await api.call(request.replace('{id}', findId(request)), {
      ...(body !== undefined && { body }),
      ...(headers && { headers }),
    });
    if (status !== 0) expect(answer.status).toBe(status ?? 200);
    const first = calls.findIndex((call) => call !== 'read');
    const reads = first === -1 ? calls : calls.slice(0, first);
    expect(reads.length).toBeLessThanOrEqual(1);
  });
});
