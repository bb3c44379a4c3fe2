import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { routes } from '../../functions/routes.ts';
import { apiScopes } from '../../shared/http/authenticate.ts';
import { type ApiAnswer, type Api, startApi } from '../api.ts';
import { catalogSource } from '../catalog-probe.ts';
import { createTable } from '../domain/catalog-fixtures.ts';
import { createConnectionBody } from '../samples.ts';

let api: Api;
let id: string;
let gone: string;
/** A webhook and a batch test of the first tenant. */
let webhook: string;
let batch: string;
let cursors: readonly string[];
beforeAll(async () => {
  const source = catalogSource([
    createTable({ schema: secretive, name: 'one' }),
    createTable({ schema: secretive, name: 'two' }),
  ]);
  api = await startApi({ probe: source.probe });
  await api.addKey('sk_of_all_scopes', { org: 'org_test', scopes: apiScopes });
  await api.addKey('sk_of_others', { org: 'org_other', scopes: apiScopes });
  await api.addKey('sk_of_a_namesake', { org: 'org_test#default', scopes: apiScopes });
  id = (await create('Theirs', { tags: [secretive], description: secretive })).body.id;
  gone = (await create('Gone')).body.id;
  await create('Another');
  await api.call(`DELETE /v1/connections/${gone}`);
  for (const consumer of ['reports', 'sync'])
    await api.call(`PUT /v1/connections/${id}/usages/${consumer}`, { body: { note: secretive } });
  const hook = { url: 'https://hooks.example.com/in', types: ['*'], description: secretive };
  webhook = (await api.call('POST /v1/webhooks', { body: hook, key: 'sk_of_all_scopes' })).body.id;
  batch = (await api.call('POST /v1/tests', { body: { ids: [id] } })).body.id;
  const lists = ['', `/${id}/usages`, `/${id}/schema`].map((path) =>
    api.call(`GET /v1/connections${path}?limit=1`),
  );
  cursors = (await Promise.all(lists)).map(({ body }) => body.next_cursor ?? '');
});
afterAll(() => api[Symbol.asyncDispose]());

/** Text that occurs in all data of the first tenant, and in no data of the others. */
const secretive = 'of-the-first-tenant';

const create = (name: string, more: object = {}, call: object = {}) =>
  api.call('POST /v1/connections?test=false', {
    body: { ...createConnectionBody(), name, ...more },
    ...call,
  });

const strangers: readonly [string, { key?: string; headers?: Record<string, string> }][] = [
  ['another organisation', { key: 'sk_of_others' }],
  ['another environment', { key: 'sk_of_all_scopes', headers: { 'x-environment-id': 'staging' } }],
  ['an organisation whose name looks like a key', { key: 'sk_of_a_namesake' }],
];

const bodies: Readonly<Record<string, object>> = {
  'PATCH /v1/connections/{id}': { tags: ['x'], credentials: { password: 'another-fake-password' } },
  'PUT /v1/connections/{id}': { name: 'Mine now' },
  'POST /v1/connections/{id}/test': { config: { host: 'localhost' } },
  'PUT /v1/connections/{id}/usages/{consumer}': { note: 'x' },
  'POST /v1/connections/{id}/schema/validate': { tables: [{ name: 'one' }] },
  'PATCH /v1/webhooks/{id}': { enabled: false },
  'POST /v1/webhooks/{id}/replay': { since: '2026-01-01T00:00:00Z' },
  'PATCH /v1/management/connections/{id}': { configName: 'Mine now', password: 'another-fake-password' },
};
const queries: Readonly<Record<string, readonly string[]>> = {
  'GET /v1/connections/{id}/autocomplete': ['?type=tables', '?type=columns&parent=one'],
  'GET /v1/connections/{id}/schema': ['', '?max_age=0'],
  'DELETE /v1/connections/{id}': ['', '?purge=true'],
};

/** Headers that some routes require. */
const headers: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'POST /v1/management/connections/{id}/assign': { 'x-product-name': 'mine' },
};

/** Spells the id as the API of the route does. */
const spelled = (route: string, inside: string) => {
  if (route.includes(' /api/v1/connection_profiles/')) return `prof_${inside}`;
  if (route.includes(' /v1/connections/')) return `conn_${inside}`;
  if (route.includes(' /v1/webhooks/')) return `wh_${inside}`;
  if (route.includes(' /v1/tests/')) return `batch_${inside}`;
  return inside.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
};

/** What belongs to the first tenant and could be named in the route. */
const listTheirs = (route: string): readonly string[] => {
  if (route.includes(' /v1/webhooks/')) return [webhook];
  return route.includes(' /v1/tests/') ? [batch] : [id, gone];
};

const ofOne = Object.keys(routes).filter((route) => route.includes('{id}'));

const everything = async () => ({
  one: (await api.call(`GET /v1/connections/${id}`)).text,
  list: (await api.call('GET /v1/connections?include_deleted=true')).text,
  usages: (await api.call(`GET /v1/connections/${id}/usages`)).text,
  secret: await api.secretOf(id),
  webhooks: (await api.call('GET /v1/webhooks', { key: 'sk_of_all_scopes' })).text,
  batch: (await api.call(`GET /v1/tests/${batch}`)).text,
});

describe.each(strangers)('as %s', (_, as) => {
  test.each(ofOne)('%s answers as for an unknown id, and changes nothing', async (route) => {
    const before = await everything();
    for (const each of listTheirs(route))
      for (const query of queries[route] ?? ['']) {
        const ask = (inside: string) =>
          api.call(
            route
              .replace('{id}', spelled(route, inside))
              .replace('{consumer}', 'reports')
              .replace('{event}', `evt_${'0'.repeat(32)}`) + query,
            { ...as, headers: { ...as.headers, ...headers[route] }, body: bodies[route] },
          );
        const request = `${route} ${each}${query}`;
        const answer = await ask(each.replace(/^[a-z]+_/, ''));
        const unknown = await ask('0'.repeat(32));
        expect([request, answer.status]).toEqual([request, 404]);
        expect(withoutRequest(answer)).toEqual(withoutRequest(unknown));
      }
    expect(await everything()).toEqual(before);
  });

  test('lists are empty for every query', async () => {
    for (const query of [
      '',
      '?include_deleted=true',
      `?tag=${secretive}`,
      '?name_prefix=T',
      '?status=pending',
    ]) {
      const { status, body } = await api.call(`GET /v1/connections${query}`, as);
      expect([status, body]).toEqual([200, { data: [], next_cursor: null }]);
    }
    const webhooks = await api.call('GET /v1/webhooks', as);
    expect([webhooks.status, webhooks.body.data]).toEqual([200, []]);
    const events = await api.call('GET /v1/events', as);
    expect([events.status, events.body.data]).toEqual([200, []]);
    expect((await api.call('GET /v1/health/connections', as)).body).toMatchObject({ total: 0 });
  });

  test('lists of the other APIs are empty', async () => {
    for (const path of [
      '/v1/management/connections',
      '/v1/management/connections/unassigned',
      '/api/v1/connection_profiles',
      '/api/v1/connections',
    ]) {
      const answer = await api.call(`GET ${path}`, as);
      const found = answer.body.data ?? answer.body['items'];
      expect([path, answer.status, found]).toEqual([path, 200, []]);
    }
  });

  test('cursors of another tenant are invalid', async () => {
    const own = (await create('Own', {}, as)).body.id;
    expect(cursors.length).toBeGreaterThan(0);
    for (const cursor of cursors) {
      expect(cursor).not.toBe('');
      for (const path of ['', `/${own}/usages`, `/${own}/schema`]) {
        const answer = await api.call(`GET /v1/connections${path}?cursor=${cursor}`, as);
        expect([answer.status, answer.body.code]).toEqual([400, 'invalid-cursor']);
      }
    }
    await api.call(`DELETE /v1/connections/${own}?purge=true`, as);
  });

  test('names and idempotency keys of another tenant have no effect', async () => {
    const headers = { 'idempotency-key': 'the same' };
    const theirs = await create('Theirs too', { description: secretive }, { headers });
    const with_key = { ...as, headers: { ...as.headers, ...headers } };
    const own = await create('Theirs too', {}, with_key);
    expect([own.status, own.text.includes(secretive)]).toEqual([201, false]);
    expect(own.body.id).not.toBe(theirs.body.id);
    expect((await create('Theirs', {}, as)).status).toBe(201);
    await api.call(`DELETE /v1/connections/${theirs.body.id}?purge=true`);
  });
});

test('every route with an id is covered', () => {
  expect(ofOne.length).toBeGreaterThanOrEqual(22);
});

const withoutRequest = ({ status, body: { request_id: _, ...body } }: ApiAnswer) => ({ status, body });
