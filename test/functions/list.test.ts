import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { toSha256Hex } from '../../shared/domain/credentials/destination.ts';
import { type ApiAnswer, type Api, type Body, startApi } from '../api.ts';
import { certificate, createConnectionBody } from '../samples.ts';

let api: Api;
/** All connections in their final state, newest first. */
let all: readonly Body[];
let now = Date.parse('2026-01-01T00:00:00Z');
beforeAll(async () => {
  api = await startApi({ clock: () => now });
  for (let i = 0; i < 60; i++) {
    const { body } = await api.call(`POST /v1/connections?test=${i % 5 === 0}`, { body: numbered(i) });
    if (i % 4 === 0) await api.call(`DELETE /v1/connections/${body.id}`);
    if (i === 30) await api.settle();
    now += i % 3; // some are created in the same millisecond
  }
  all = (await list('limit=200&include_deleted=true')).body.data;
});
afterAll(() => api[Symbol.asyncDispose]());

const numbered = (i: number) => ({
  ...createConnectionBody(),
  name: `${['Sales', 'sales-', 'Orders'][i % 3]} ${i}`,
  type: i % 7 === 0 ? 'redshift' : 'postgresql',
  role: i % 2 === 0 ? 'source' : 'target',
  product: [null, 'reports', 'sync'][i % 3],
  tags: ['a', 'b', 'c'].filter((_, bit) => (i >> bit) & 1),
  ssl: i % 10 === 0 ? { ca: certificate } : undefined,
});

const list = (query = '', more: { key?: string; headers?: Record<string, string> } = {}) =>
  api.call(`GET /v1/connections?${query}`, more);
const refused = ({ status, body }: ApiAnswer) => [status, body.code];

type Filter = Readonly<Record<string, string>>;

/** All pages, up to the last one. */
const pages = async (filter: Filter, limit: number) => {
  const found: (readonly Body[])[] = [];
  let cursor: string | null = null;
  do {
    const query = new URLSearchParams({ ...filter, limit: String(limit), ...(cursor && { cursor }) });
    const { status, body }: ApiAnswer = await list(query.toString());
    expect(status).toBe(200);
    found.push(body.data);
    cursor = body.next_cursor;
  } while (cursor !== null);
  return found;
};

const fits = (filter: Filter) => (one: Body) =>
  Object.entries(filter).every(([name, value]) => {
    if (name === 'include_deleted') return true;
    if (name === 'tag') return Object(one['tags']).includes(value);
    if (name === 'name_prefix') return one.name.toLowerCase().startsWith(value.toLowerCase());
    return one[name] === value;
  }) &&
  (filter['include_deleted'] === 'true' || one['is_active'] === true);

const filters: fc.Arbitrary<Filter> = fc.record(
  {
    type: fc.constantFrom('postgresql', 'redshift'),
    status: fc.constantFrom('pending', 'testing', 'failed', 'connected'),
    role: fc.constantFrom('source', 'target'),
    product: fc.constantFrom('reports', 'sync', 'none'),
    tag: fc.constantFrom('a', 'b', 'c', 'd'),
    name_prefix: fc.constantFrom('s', 'SALES', 'sales-', 'Orders 1', '%'),
    include_deleted: fc.constantFrom('true', 'false'),
  },
  { requiredKeys: [] },
);

describe('connection list', () => {
  test('is sorted newest first, with deleted connections in their places', () => {
    expect(all).toHaveLength(60);
    expect(all.map(({ id }) => id)).toEqual(
      all
        .map(({ id }) => id)
        .toSorted()
        .toReversed(),
    );
    expect(new Set(all.map(({ is_active }) => is_active))).toEqual(new Set([true, false]));
  });

  test('returns exactly the matching connections in full pages, for any filter', async () => {
    await fc.assert(
      fc.asyncProperty(filters, fc.integer({ min: 1, max: 25 }), async (filter, limit) => {
        const found = await pages(filter, limit);
        expect(found.flat()).toEqual(all.filter(fits(filter)));
        expect(found.slice(0, -1).every((page) => page.length === limit)).toBe(true);
        expect(found.length).toBe(Math.max(1, Math.ceil(found.flat().length / limit)));
      }),
      { numRuns: 60 },
    );
  });

  test('has 50 connections per page by default', async () => {
    expect((await list('include_deleted=true')).body.data).toHaveLength(50);
  });

  test('shows only the digest of a CA certificate', () => {
    expect(all.filter(({ ssl }) => Object(ssl)['ca_sha256'] === toSha256Hex(certificate))).toHaveLength(6);
    expect(JSON.stringify(all)).not.toContain('BEGIN CERTIFICATE');
  });

  test('has shorter pages when an answer would exceed the size limit', async () => {
    await using own = await startApi();
    const metadata = Object.fromEntries(
      Array.from({ length: 40 }, (_, i) => [`key_${i}`, '漢'.repeat(2000)]),
    );
    for (let i = 0; i < 24; i++)
      await own.call('POST /v1/connections', {
        body: { ...createConnectionBody(), name: `Large ${i}`, metadata },
      });
    const { body: first, text } = await own.call('GET /v1/connections?limit=200');
    expect(Buffer.byteLength(text)).toBeLessThan(5_000_000);
    const { body: second } = await own.call(`GET /v1/connections?limit=200&cursor=${first.next_cursor}`);
    expect([first.data.length + second.data.length, second.next_cursor]).toEqual([24, null]);
  });

  test('continues at its position when connections are created or deleted between pages', async () => {
    await using own = await startApi();
    const make = async (name: string) =>
      (await own.call('POST /v1/connections', { body: { ...createConnectionBody(), name } })).body.id;
    const ids = [];
    for (const name of ['one', 'two', 'three', 'four']) ids.push(await make(name));
    const { body: first } = await own.call('GET /v1/connections?limit=2');
    await make('five');
    await own.call(`DELETE /v1/connections/${ids[2]}`);
    const { body: second } = await own.call(`GET /v1/connections?limit=2&cursor=${first.next_cursor}`);
    expect([...first.data, ...second.data].map(({ name }) => name)).toEqual(['four', 'three', 'two', 'one']);
    expect(second.next_cursor).toBeNull();
  });
});

describe('cursor of the connection list', () => {
  const cursor = async (query = '') => (await list(`limit=5&${query}`)).body.next_cursor ?? '';
  const altered = (text: string, at: number, by: string) => text.slice(0, at) + by + text.slice(at + 1);

  test('is rejected when any character is altered', async () => {
    const good = await cursor();
    expect((await list(`cursor=${good}`)).status).toBe(200);
    for (let at = 0; at < good.length; at++)
      for (const by of ['', 'A', 'b', '_', '.', '%3D', good[at] ?? '']) {
        const bad = altered(good, at, by);
        if (bad === good) continue;
        expect([bad, ...refused(await list(`cursor=${bad}`))]).toEqual([bad, 400, 'invalid-cursor']);
      }
  });

  test.each(['', 'x', '%00', 'A'.repeat(8192), `${'A'.repeat(40)}%3D%3D`])(
    'is rejected when it is malformed: %s',
    async (bad) => expect(refused(await list(`cursor=${bad}`))).toEqual([400, 'invalid-cursor']),
  );

  test('is rejected with another filter and accepted with another limit', async () => {
    const good = await cursor('role=source');
    for (const query of ['', 'role=target', 'role=source&tag=a', 'role=source&include_deleted=true'])
      expect(refused(await list(`cursor=${good}&${query}`))).toEqual([400, 'invalid-cursor']);
    expect((await list(`cursor=${good}&role=source&limit=200`)).status).toBe(200);
  });

  test('is rejected for another tenant', async () => {
    await api.addKey('sk_of_others', { org: 'org_other' });
    const good = await cursor();
    expect(refused(await list(`cursor=${good}`, { key: 'sk_of_others' }))).toEqual([400, 'invalid-cursor']);
    const headers = { 'x-environment-id': 'other' };
    expect(refused(await list(`cursor=${good}`, { headers }))).toEqual([400, 'invalid-cursor']);
  });

  test('is rejected by the other lists', async () => {
    const good = await cursor();
    const id = all.find(({ is_active }) => is_active)?.id;
    for (const other of ['tests', 'usages', 'schema'])
      expect(refused(await api.call(`GET /v1/connections/${id}/${other}?cursor=${good}`))).toEqual([
        400,
        'invalid-cursor',
      ]);
  });
});
