import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { DatabaseSync } from 'node:sqlite';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSqliteStore, type SqliteStore } from '../../shared/adapters/local/sqlite-store.ts';
import { openFileVault } from '../../shared/adapters/local/file-vault.ts';
import { tableKeys } from '../../shared/domain/table-keys.ts';
import type { Item } from '../../shared/ports/store.ts';
import { type Api, startApi } from '../api.ts';
import { createConnectionBody } from '../samples.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mooring-turns-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** The limit of rows per turn: the budget, and the rows of the one request that began within it. */
const mostRows = 100 + 100;

describe('SQLite store with 20 000 connections', () => {
  const count = 20_000;
  let store: SqliteStore;
  let api: Api;
  let turns: number[];
  beforeAll(async () => {
    turns = [];
    store = createSqliteStore({ path: join(folder, 'many.db'), onTurn: ({ rows }) => void turns.push(rows) });
    const vault = await openFileVault({ folder: join(folder, 'vault'), clock: Date.now });
    api = await startApi({ backing: { store, vault } });
    const { body } = await api.call('POST /v1/connections?test=false', {
      body: { ...createConnectionBody(), tags: ['rare'] },
    });
    const tenant = { org: 'org_test', environment: 'default' };
    const first = await store.get(tableKeys.connection(tenant, body.id.slice(5)));
    if (!first) throw new Error('expected the connection that was created');
    const copies = Array.from({ length: count }, (_, n): Item => {
      const id = `f${String(n).padStart(31, '0')}`;
      return { ...first, ...tableKeys.connection(tenant, id), id, name: `copy ${n}`, tags: [] };
    });
    for (let n = 0; n < count; n += 100) await store.write(copies.slice(n, n + 100).map((put) => ({ put })));
  });
  afterAll(async () => {
    await api[Symbol.asyncDispose]();
    store.close();
  });

  test.each([
    ['GET /v1/connections?tag=rare', 1],
    ['GET /v1/connections?name_prefix=nothing', 0],
    ['GET /v1/connections?limit=200', 200],
    ['GET /v1/management/connections?limit=50', 50],
    ['GET /v1/management/connections?limit=50&host=nowhere.example.com', 0],
  ])('%s reads at most 200 rows in a turn of the event loop', async (request, found) => {
    turns.length = 0;
    const { body, status } = await api.call(request, { headers: { 'x-organization-id': 'org_test' } });
    await new Promise((resolve) => setImmediate(resolve));
    expect(status).toBe(200);
    expect(((body['data'] ?? body['items']) as unknown[]).length).toBe(found);
    expect(Math.max(...turns)).toBeLessThanOrEqual(mostRows);
    if (!request.endsWith('limit=200'))
      expect(turns.reduce((sum, rows) => sum + rows, 0)).toBeGreaterThan(count);
  });

  test('answers a request that arrives during a long list well before the list ends', async () => {
    let listed = false;
    turns.length = 0;
    const list = api.call('GET /v1/connections?tag=rare').then(() => (listed = true));
    await new Promise((resolve) => setImmediate(resolve));
    await api.call('GET /v1/connections?limit=1');
    expect(listed).toBe(false);
    expect(turns.reduce((sum, rows) => sum + rows, 0)).toBeLessThan(count / 2);
    await list;
  });
});

test('a page read in slices equals the page of a single query', async () => {
  await using store = createSqliteStore({ path: ':memory:' });
  const sks = Array.from(
    { length: 700 },
    (_, n) => `${n % 7 === 0 ? 'é' : 'a'}${String(n).padStart(4, '0')}`,
  );
  for (const sk of sks) await store.write([{ put: { pk: 'a', sk } }]);
  const sorted = sks.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 800 }),
      fc.boolean(),
      fc.option(fc.constantFrom(...sks), { nil: undefined }),
      fc.option(fc.constantFrom(...sks), { nil: undefined }),
      async (limit, backwards, from, to) => {
        const within = sorted.filter((sk) => {
          const bytes = Buffer.from(sk);
          return (
            (from === undefined || Buffer.compare(bytes, Buffer.from(from)) >= 0) &&
            (to === undefined || Buffer.compare(bytes, Buffer.from(to)) <= 0)
          );
        });
        const expected = (backwards ? within.toReversed() : within).slice(0, limit);
        const range = { pk: 'a', limit, backwards, ...(from && { from }), ...(to && { to }) };
        const { items, next } = await store.query(range);
        expect(items.map(({ sk }) => sk)).toEqual(expected);
        expect(next).toBeUndefined();
      },
    ),
    { numRuns: 60 },
  );
});

describe('expired items', () => {
  test('are deleted at least as fast as items are written', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 20, maxLength: 60 }),
        async (sizes) => {
          const path = join(mkdtempSync(join(folder, 'expiring-')), 'store.db');
          let now = Date.UTC(2031, 0, 1);
          await using store = createSqliteStore({ path, clock: () => now });
          const reader = new DatabaseSync(path, { readOnly: true });
          const rows = () => Number(reader.prepare('select count(*) as n from items').get()?.['n']);
          let n = 0;
          const write = (size: number) =>
            store.write(
              Array.from({ length: size }, () => ({
                put: { pk: 'a', sk: `${n++}`, expires: Math.floor(now / 1000) + 30 },
              })),
            );
          // A minute passes between writes, so that each write finds all earlier items expired.
          for (const size of sizes) {
            await write(size);
            now += 60_000;
            expect(rows()).toBeLessThanOrEqual(2 * Math.max(...sizes));
          }
          // All items expire at once after a pause. After the same number of writes, none of them is left.
          now -= 60_000 * sizes.length;
          for (const size of sizes) await write(size);
          now += 120_000 * sizes.length;
          for (const size of sizes) await write(size);
          expect(rows()).toBeLessThanOrEqual(sizes.reduce((sum, size) => sum + size, 0));
          reader.close();
        },
      ),
      { numRuns: 10 },
    );
  });
});
