import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Table } from '../../shared/connectors/catalog.ts';
import { tableKeys } from '../../shared/domain/table-keys.ts';
import { Problem } from '../../shared/problem.ts';
import { type ApiAnswer, type Api, summarizeRefusal, startApi } from '../api.ts';
import { catalogSource } from '../catalog-probe.ts';
import { createTable } from '../domain/catalog-fixtures.ts';
import { createConnectionBody } from '../samples.ts';

let api: Api;
let id: string;
let now: number;
let source: ReturnType<typeof catalogSource>;
beforeEach(async () => {
  now = Date.parse('2026-01-01T00:00:00Z');
  source = catalogSource(shop);
  api = await startApi({ clock: () => now, probe: source.probe });
  id = (await api.call('POST /v1/connections', { body: createConnectionBody() })).body.id;
});
afterEach(() => api[Symbol.asyncDispose]());

const shop: readonly Table[] = [
  createTable({ schema: 'public', name: 'order_totals', kind: 'view' }),
  createTable({ schema: 'public', name: 'orders' }),
  createTable({ schema: 'public', name: 'users' }),
  createTable({ schema: 'sales', name: 'Odd "name"' }),
  createTable({ schema: 'sales', name: 'orders', kind: 'partition' }),
];

const schema = (query = '') => api.call(`GET /v1/connections/${id}/schema?${query}`);
const suggest = (query: string) => api.call(`GET /v1/connections/${id}/autocomplete?${query}`);
const names = ({ body }: ApiAnswer) => body.data.map((table) => `${String(table['schema'])}.${table.name}`);
const snapshot = ({ body }: ApiAnswer) => Object(body['catalog'])['snapshot_id'];
const labels = ({ body }: ApiAnswer) =>
  Object(body['suggestions']).map(({ label }: { label: string }) => label);

describe('schema of a connection', () => {
  test('is audited once for all pages of a read', async () => {
    const { body } = await schema('limit=2');
    await schema(`limit=2&cursor=${body.next_cursor}`);
    const { pk } = tableKeys.audit({ org: 'org_test', environment: 'default' }, id.slice(5), '', '');
    const { items } = await api.store.query({ pk, from: 'AUDIT#', to: 'AUDIT#~', limit: 100 });
    const reads = items.filter(({ action }) => action === 'read-schema');
    expect(reads).toMatchObject([{ actor: expect.stringMatching(/^key_/), at: '2026-01-01T00:00:00.000Z' }]);
  });

  test('is introspected on the first request, and then read from the snapshot', async () => {
    const first = await schema();
    expect(first.status).toBe(200);
    expect(first.body.data).toEqual(shop);
    expect(first.body['catalog']).toEqual({
      snapshot_id: expect.any(String),
      introspected_at: '2026-01-01T00:00:00.000Z',
      tables: 5,
      columns: 5,
      complete: true,
      missing: [],
      duration_ms: 1,
    });
    expect(snapshot(await schema())).toBe(snapshot(first));
    expect(source.calls).toEqual([20_000]);
    const { body } = await api.call(`GET /v1/connections/${id}`);
    expect(body['last_introspected_at']).toBe('2026-01-01T00:00:00.000Z');
  });

  test('returns 202 with Retry-After while the introspection runs', async () => {
    const introspect = () => Promise.resolve({ running: true as const });
    await using slow = await startApi({ probe: ({ real }) => ({ ...real, introspect }) });
    const { body } = await slow.call('POST /v1/connections', { body: createConnectionBody() });
    const answer = await slow.call(`GET /v1/connections/${body.id}/schema`);
    expect([answer.status, answer.text]).toEqual([202, '']);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
  });

  test('is introspected again when it is older than max_age', async () => {
    const first = snapshot(await schema());
    now += 60_000;
    expect(snapshot(await schema('max_age=60'))).toBe(first);
    const second = await schema('max_age=59');
    expect(snapshot(second)).not.toBe(first);
    expect(Object(second.body['catalog'])['introspected_at']).toBe('2026-01-01T00:01:00.000Z');
    expect(snapshot(await schema('max_age=0'))).toBe(snapshot(second));
    now += 1;
    expect(snapshot(await schema('max_age=0'))).not.toBe(snapshot(second));
  });

  test('is introspected again when the clock was ahead and is set back', async () => {
    now += 86_400_000;
    const first = snapshot(await schema());
    now -= 86_400_000;
    expect(snapshot(await schema('max_age=60'))).not.toBe(first);
  });

  test('stays available when a new introspection fails', async () => {
    const first = snapshot(await schema());
    source.meanwhile = () => Promise.reject(new Problem('authentication-failed', 'The password is wrong'));
    now += 1;
    expect(summarizeRefusal(await schema('max_age=0'))).toEqual([502, 'authentication-failed']);
    expect(snapshot(await schema())).toBe(first);
  });

  test.each([
    ['timeout', 504],
    ['connection-refused', 502],
    ['unavailable', 503],
  ] as const)('returns the problem of a source that fails: %s is %d', async (code, status) => {
    source.meanwhile = () => Promise.reject(new Problem(code));
    expect(summarizeRefusal(await schema())).toEqual([status, code]);
  });

  test.each([
    ['schema=sales', ['sales.Odd "name"', 'sales.orders']],
    ['table=orders', ['public.orders', 'sales.orders']],
    ['schema=public&table=orders', ['public.orders']],
    ['kind=view', ['public.order_totals']],
    ['kind=partition&table=orders', ['sales.orders']],
    ['schema=SALES', []],
    ['kind=topic', []],
  ])('can be filtered by %s', async (query, expected) => {
    await schema();
    const answer = await schema(query);
    expect([names(answer), answer.body.next_cursor]).toEqual([expected, null]);
  });

  test.each([
    ['kind=index', 'kind'],
    ['schema=', 'schema'],
    ['max_age=-1', 'max_age'],
    ['max_age=1h', 'max_age'],
    ['limit=201', 'limit'],
    ['columns=id', 'columns'],
  ])('rejects the query %s', async (query, path) => {
    expect(summarizeRefusal(await schema(query))).toEqual([400, 'invalid-request', path]);
    expect(source.calls).toEqual([]);
  });

  test('has the same tables for every page size', async () => {
    for (const limit of [1, 2, 4, 5, 200]) {
      const seen = [];
      let cursor: string | null = null;
      do {
        const answer: ApiAnswer = await schema(`limit=${limit}${cursor ? `&cursor=${cursor}` : ''}`);
        seen.push(...answer.body.data);
        cursor = answer.body.next_cursor;
      } while (cursor !== null);
      expect(seen).toEqual(shop);
    }
  });

  test('reads later pages from the snapshot of the first page, until that is deleted', async () => {
    const first = await schema('limit=2');
    source.tables = [createTable({ schema: 'new', name: 'only' })];
    now += 1;
    expect(names(await schema('max_age=0'))).toEqual(['new.only']);
    const second = await schema(`limit=2&cursor=${first.body.next_cursor}`);
    expect([names(second), snapshot(second)]).toEqual([
      ['public.users', 'sales.Odd "name"'],
      snapshot(first),
    ]);
    now += 1;
    await schema('max_age=0');
    const third = await schema(`limit=2&cursor=${second.body.next_cursor}`);
    expect(summarizeRefusal(third)).toEqual([400, 'invalid-cursor']);
  });

  test('rejects cursors of another connection or another filter', async () => {
    const { body } = await api.call('POST /v1/connections', {
      body: { ...createConnectionBody(), name: 'Other' },
    });
    const other = await api.call(`GET /v1/connections/${body.id}/schema?limit=1`);
    expect(summarizeRefusal(await schema(`limit=1&cursor=${other.body.next_cursor}`))).toEqual([
      400,
      'invalid-cursor',
    ]);
    const { body: first } = await schema('limit=1');
    expect(summarizeRefusal(await schema(`cursor=${first.next_cursor}&schema=sales`))).toEqual([
      400,
      'invalid-cursor',
    ]);
  });
});

describe('autocomplete', () => {
  test('returns nothing before the first introspection, starts one, and does not wait for it', async () => {
    let release = () => {};
    source.meanwhile = () => new Promise((resolve) => (release = () => resolve()));
    const before = await suggest('type=tables');
    expect(before.body).toEqual({ suggestions: [], as_of: null, complete: false });
    expect(source.calls).toEqual([0]);
    await new Promise(setImmediate);
    release();
    await source.background;
    const after = await suggest('type=tables&prefix=ord');
    expect(labels(after)).toEqual(['order_totals', 'orders', 'orders']);
    expect(after.body).toMatchObject({ as_of: '2026-01-01T00:00:00.000Z', complete: true });
    expect(source.calls).toEqual([0]);
  });

  test('returns nothing when the introspection fails', async () => {
    source.meanwhile = () => Promise.reject(new Problem('authentication-failed'));
    expect((await suggest('type=tables')).body).toEqual({ suggestions: [], as_of: null, complete: false });
    await source.background;
  });

  test('answers at once when the source is unreachable, and logs the cause', async () => {
    await using real = await startApi();
    const { body } = await real.call('POST /v1/connections', { body: createConnectionBody() });
    const answer = await real.call(`GET /v1/connections/${body.id}/autocomplete?type=tables`);
    expect([answer.status, answer.body['as_of']]).toEqual([200, null]);
    while (!real.logged.some((line) => line.includes('introspection failed')))
      await new Promise(setImmediate);
    const line = real.logged.find((each) => each.includes('introspection failed')) ?? '{}';
    expect(line).toContain('ECONNREFUSED');
    expect(JSON.parse(line)).toMatchObject({ level: 'error', request_id: answer.headers['x-request-id'] });
  });

  test.each([
    ['type=schemas', ['public', 'sales']],
    ['type=schemas&prefix=S', ['sales']],
    ['type=tables&parent=sales', ['Odd "name"', 'orders']],
    ['type=tables&limit=1', ['Odd "name"']],
    ['type=columns&parent=public.users', ['id']],
    ['type=columns&parent=users', ['id']],
    [`type=columns&parent=${encodeURIComponent('sales."Odd ""name"""')}`, ['id']],
    ['type=columns&parent=nothing', []],
  ])('answers %s', async (query, expected) => {
    await schema();
    expect(labels(await suggest(query))).toEqual(expected);
  });

  test('returns values that are quoted for a query', async () => {
    await schema();
    const { body } = await suggest('type=tables&prefix=odd');
    expect(body['suggestions']).toEqual([
      {
        value: 'sales."Odd ""name"""',
        label: 'Odd "name"',
        type: 'table',
        schema: 'sales',
        rows: 3,
        size_bytes: 8192,
        comment: null,
      },
    ]);
  });

  test.each([
    ['', 'type'],
    ['type=databases', 'type'],
    ['type=topics', 'type'],
    ['type=columns', 'parent'],
    ['type=tables&limit=0', 'limit'],
    ['type=tables&cursor=x', 'cursor'],
  ])('rejects the query "%s"', async (query, path) => {
    expect(summarizeRefusal(await suggest(query))).toEqual([400, 'invalid-request', path]);
    expect(source.calls).toEqual([]);
  });
});
