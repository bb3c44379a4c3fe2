import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { acquireLease } from '../../shared/domain/catalog/lease.ts';
import { createSqliteStore } from '../../shared/adapters/local/sqlite-store.ts';
import { tableKeys } from '../../shared/domain/table-keys.ts';
import { createLog } from '../../shared/log.ts';

const tenant = { org: 'org_lease', environment: 'default' };
const id = '0'.repeat(32);
let store: ReturnType<typeof createSqliteStore>;

beforeEach(() => {
  jest.useFakeTimers({ now: Date.parse('2026-01-01T00:00:00Z') });
  store = createSqliteStore({ path: ':memory:', clock: Date.now });
});
afterEach(async () => {
  jest.useRealTimers();
  await store[Symbol.asyncDispose]();
});

const take = (token: string, attempt: string, claimed = true) => {
  const bench = { store, clock: Date.now, log: createLog({}, () => {}) } as unknown as Parameters<
    typeof acquireLease
  >[0]; // all that `acquireLease` uses
  return acquireLease(bench, tenant, id, { token, attempt, claimed, holder: 'request-1' });
};
const held = () => store.get(tableKeys.lease(tenant, id));

test('a lease is held until its holder releases it, and is then free at once', async () => {
  const lease = await take('one', 'first');
  await jest.advanceTimersByTimeAsync(10 * 60_000);
  expect(Number((await held())?.['until'])).toBeGreaterThan(Date.now());
  expect(await take('two', 'first')).toBeUndefined();
  await lease?.[Symbol.asyncDispose]();
  expect(await held()).toBeUndefined();
});

test('a lease that is no longer renewed is free 45 s after its last renewal', async () => {
  await store.write([
    {
      put: {
        ...tableKeys.lease(tenant, id),
        token: 'dead',
        attempt: 'first',
        snapshot: 'half',
        until: Date.now() + 45_000,
      },
    },
  ]);
  await jest.advanceTimersByTimeAsync(44_999);
  expect(await take('two', 'first')).toBeUndefined();
  await jest.advanceTimersByTimeAsync(1);
  await using lease = await take('two', 'first');
  expect(lease?.abandoned).toBe('half');
});

test('a holder learns that a later attempt has taken its lease and does not release it', async () => {
  const lease = await take('one', 'first');
  expect(await take('two', 'second', false)).toBeUndefined();
  await using later = await take('two', 'second');
  expect(later?.abandoned).toBe('one');
  expect(lease?.lost.aborted).toBe(false);
  await jest.advanceTimersByTimeAsync(15_000);
  expect(lease?.lost.aborted).toBe(true);
  await lease?.[Symbol.asyncDispose]();
  expect((await held())?.['token']).toBe('two');
});
