import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Api, startApi } from '../../api.ts';
import {
  base,
  createManagementConnection,
  toManagementItems,
  toManagementNames,
  product,
  summarizeManagementFailure,
} from './samples.ts';

let api: Api;
let now = Date.parse('2024-01-31T23:59:59.000Z');
const day = 86_400_000;
beforeAll(async () => {
  api = await startApi({ clock: () => now });
  const made = async (configName: string, more: object = {}, name = 'one') => {
    await createManagementConnection(api, { configName, ...more }, { 'x-product-name': name });
  };
  await made('first');
  now += 2000;
  await made('second', { type: 'MYSQL', host: 'mysql.example.com' });
  await made('third', { databaseName: 'other' }, 'Two');
  now += day;
  await made('fourth', { type: 'ORACLE' }, 'two');
  now += day;
  const own = {
    type: 'postgresql',
    config: {
      host: 'own.example.com',
      port: 1,
      database: 'shop',
      username: 'me',
      password: 'not-a-real-password',
    },
  };
  const post = (body: object) => api.call('POST /v1/connections', { body });
  await post({ ...own, name: 'own' });
  await post({ name: 'queue', type: 'kafka', config: { bootstrap_servers: 'kafka.example.com:9092' } });
  await post({
    name: 'everything',
    type: 'mysql',
    config: { host: 'a', username: 'b', password: 'not-a-real-password' },
  });
});
afterAll(() => api[Symbol.asyncDispose]());

const list = (query = '', headers: object = {}) =>
  api.call(`GET ${base}${query}`, { headers: { ...headers } });

describe('connection list', () => {
  test('contains the connections of other APIs that it can express, newest first', async () => {
    const answer = await list();
    const names = toManagementNames(answer);
    expect([answer.status, names.slice(0, 2), names.slice(-1)]).toEqual([200, ['own', 'fourth'], ['first']]);
    expect([answer.body['page'], answer.body['limit'], answer.body['total']]).toEqual([1, 50, 5]);
    expect(names).not.toContain('queue');
    const { body } = await api.call('GET /v1/connections?name_prefix=everything');
    const uuid = String(body.data[0]?.id)
      .slice(5)
      .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
    for (const request of [`GET ${base}/${uuid}`, `DELETE ${base}/${uuid}`, `POST ${base}/${uuid}/test`])
      expect(summarizeManagementFailure(await api.call(request))).toEqual([404, 'FET-1001']);
    expect((await api.call(`GET /v1/connections/${body.data[0]?.id}`)).status).toBe(200);
  });

  test.each([
    ['?page=1&limit=50&sortOrder=desc&type=&host=&databaseName=&startDate=&endDate=', 5],
    ['?type=MYSQL', ['second']],
    ['?type=MONGODB', []],
    ['?host=mysql.example.com', ['second']],
    ['?host=mysql', []],
    ['?databaseName=other', ['third']],
    ['?startDate=2024-02-02', ['own', 'fourth']],
    ['?endDate=2024-01-31', ['first']],
    ['?startDate=2024-02-02&endDate=2024-02-02', ['fourth']],
    ['?sortOrder=asc&limit=1', ['first']],
    ['?sortOrder=asc&limit=1&page=4', ['fourth']],
    ['?limit=2&page=3', ['first']],
    ['?page=999999999&limit=1000', []],
  ])('returns the matching connections for the query "%s"', async (query, expected) => {
    const names = toManagementNames(await list(query));
    expect(typeof expected === 'number' ? names.length : names).toEqual(expected);
  });

  test('is filtered by the product of the header, in any case', async () => {
    expect(toManagementNames(await list('', { 'x-product-name': 'TWO' }))).toEqual(['fourth', 'third']);
    expect((await list('', { 'x-product-name': 'three' })).body).toMatchObject({ items: [], total: 0 });
    expect(summarizeManagementFailure(await list('', { 'x-product-name': 'a b' }))).toEqual([
      400,
      'FET-0403',
      'X-Product-Name',
    ]);
  });

  test('has a route for the connections without a product', async () => {
    const answer = await api.call(`GET ${base}/unassigned`, { headers: product });
    expect([toManagementNames(answer), answer.body['total']]).toEqual([['own'], 1]);
    expect(toManagementItems(answer)[0]).not.toHaveProperty('productName');
  });

  test.each([
    ['page=0', 'FET-0405', 'page'],
    ['page=-1', 'FET-0405', 'page'],
    ['page=one', 'FET-0405', 'page'],
    ['page=1.5', 'FET-0405', 'page'],
    ['page=', 'FET-0405', 'page'],
    ['limit=0', 'FET-0405', 'limit'],
    ['limit=1001', 'FET-0406', 'limit'],
    ['limit=ten', 'FET-0405', 'limit'],
    ['sortOrder=up', 'FET-0407', 'sortOrder'],
    ['type=postgresql', 'FET-0405', 'type'],
    ['startDate=2024-02-30', 'FET-0408', 'startDate'],
    ['startDate=2024-13-01', 'FET-0408', 'startDate'],
    ['endDate=01.02.2024', 'FET-0408', 'endDate'],
    ['endDate=2024-02-01T00:00:00Z', 'FET-0408', 'endDate'],
    ['startDate=2024-02-02&endDate=2024-02-01', 'FET-0409', 'endDate'],
    ['colour=red', 'FET-0405', 'colour'],
  ])('rejects ?%s with %s', async (query, code, field) => {
    expect(summarizeManagementFailure(await list(`?${query}`))).toEqual([400, code, field]);
    expect(summarizeManagementFailure(await api.call(`GET ${base}/unassigned?${query}`))).toEqual([
      400,
      code,
      field,
    ]);
  });

  test('names all unknown parameters', async () => {
    expect(summarizeManagementFailure(await list('?colour=red&size=5'))).toEqual([
      400,
      'FET-0405',
      'colour',
      'size',
    ]);
  });

  test('rejects a malformed cursor', async () => {
    expect(summarizeManagementFailure(await list('?cursor=abc'))).toEqual([400, 'FET-0405']);
  });
});

describe('pages', () => {
  test('never overlap or omit a connection, even if many are created in the same millisecond', async () => {
    await using many = await startApi({ clock: () => now });
    const names = Array.from({ length: 23 }, (_, i) => `number ${String(i).padStart(2, '0')}`);
    for (const configName of names) await createManagementConnection(many, { configName });
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 30 }),
        fc.constantFrom('asc', 'desc'),
        async (limit, sortOrder) => {
          const found: string[] = [];
          for (let page = 1; page <= Math.ceil(23 / limit); page++) {
            const answer = await many.call(`GET ${base}?limit=${limit}&page=${page}&sortOrder=${sortOrder}`);
            expect(answer.body).toMatchObject({ total: 23, page, limit });
            found.push(...toManagementItems(answer).map(({ id }) => String(id)));
          }
          expect(new Set(found).size).toBe(23);
          expect(found).toEqual(sortOrder === 'asc' ? found.toSorted() : found.toSorted().toReversed());
        },
      ),
      { numRuns: 20 },
    );
  });

  test('end early when an answer would be too large, and link to the rest', async () => {
    await using wide = await startApi();
    const metadata = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`k${i}`, 'v'.repeat(2000)]));
    for (let i = 0; i < 45; i++)
      await createManagementConnection(wide, { configName: `wide ${i}`, metadata });
    for (const order of ['asc', 'desc']) {
      const first = await wide.call(`GET ${base}?limit=44&sortOrder=${order}`);
      const [, next = ''] = /^<([^>]+)>; rel="next"$/.exec(first.headers['link'] ?? '') ?? [];
      expect(Buffer.byteLength(first.text)).toBeLessThan(4.2 * 1024 * 1024);
      const rest = await wide.call(`GET ${next}`);
      expect([rest.status, rest.headers['link']]).toEqual([200, undefined]);
      const names = [...toManagementNames(first), ...toManagementNames(rest)];
      const second = await wide.call(`GET ${base}?limit=44&page=2&sortOrder=${order}`);
      expect([names.length, new Set([...names, ...toManagementNames(second)]).size]).toEqual([44, 45]);
      expect(
        summarizeManagementFailure(await wide.call(`GET ${next.replace('limit=44', 'limit=45')}`)),
      ).toEqual([400, 'FET-0405']);
    }
  });
});
