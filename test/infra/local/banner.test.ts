import { execFileSync } from 'node:child_process';
import { describe, expect, test } from '@jest/globals';
import { renderCurlLines, chooseDemoRegistration } from '../../../infra/local/banner.ts';
import type { Demo } from '../../../infra/local/demo.ts';
import { tableKeys } from '../../../shared/domain/table-keys.ts';
import { createSqliteStore } from '../../../shared/adapters/local/sqlite-store.ts';

const memoryStore = () => createSqliteStore({ path: ':memory:', clock: () => now });

const demo: Demo = {
  config: { host: '127.0.0.1', port: 15432, database: 'demo', username: 'demo_reader' },
  password: 'not-a-real-one',
  [Symbol.asyncDispose]: () => Promise.resolve(),
};
const tenant = { org: 'org_local', environment: 'default' };
const hour = 3_600_000;
const now = Date.UTC(2025, 5, 1);

/** Writes those items of a created connection that the banner reads. */
const created = async (
  store: ReturnType<typeof memoryStore>,
  { name, key }: { name: string; key: string },
  at: number,
) =>
  store.write([
    { put: { ...tableKeys.name(tenant, name), connection: 'c' } },
    { put: { ...tableKeys.idempotency(tenant, key), expires: at / 1000 + 86_400 } },
  ]);

describe('request that registers the demo database', () => {
  test('stays the same until it is sent, and for hours afterwards', async () => {
    await using store = memoryStore();
    const first = await chooseDemoRegistration(store, demo, now);
    expect(await chooseDemoRegistration(store, demo, now)).toEqual(first);
    await created(store, first, now);
    expect(await chooseDemoRegistration(store, demo, now + 11 * hour)).toEqual(first);
    expect(first.name).toBe('demo');
  });

  test('takes the next name when its idempotency key expires soon and its name is taken', async () => {
    await using store = memoryStore();
    const first = await chooseDemoRegistration(store, demo, now);
    await created(store, first, now);
    const later = await chooseDemoRegistration(store, demo, now + 13 * hour);
    expect(later.name).toBe('demo-2');
    expect(later.key).not.toBe(first.key);
  });

  test('takes the next name when the connection was deleted, because the old key would replay the old answer', async () => {
    await using store = memoryStore();
    const first = await chooseDemoRegistration(store, demo, now);
    await created(store, first, now);
    await store.write([{ remove: tableKeys.name(tenant, 'demo') }]);
    expect(await chooseDemoRegistration(store, demo, now)).toMatchObject({ name: 'demo-2' });
  });

  test('takes the next name when the database moved, because the old key with another body would be refused', async () => {
    await using store = memoryStore();
    const first = await chooseDemoRegistration(store, demo, now);
    await created(store, first, now);
    const moved = { ...demo, config: { ...demo.config, port: 15433 } };
    expect(await chooseDemoRegistration(store, moved, now)).toMatchObject({ name: 'demo-2' });
  });
});

describe('the four curl lines', () => {
  /** Runs the line in a shell where curl prints its arguments. */
  const told = (line: string): string[] => {
    const shell = `curl() { if [ "$1 $2" = "-sS http://h/v1/connections?limit=1&name_prefix=demo" ]; then echo '{"data":[{"id":"conn_0a","x":"conn_0b"}]}'; else printf '%s\\n' "$@"; fi; }; ${line}`;
    return execFileSync('sh', ['-c', shell], { encoding: 'utf8' }).split('\n');
  };

  test('begin with curl and are one line each', async () => {
    await using store = memoryStore();
    const lines = renderCurlLines('http://h', 'sk_x', await chooseDemoRegistration(store, demo, now));
    expect(lines).toHaveLength(4);
    for (const line of lines) expect(line).toMatch(/^curl [^\n]+$/);
  });

  test("quote any character of the key, and find the connection's id themselves", async () => {
    const key = `sk_it's$(touch /nowhere)"\\\`!`;
    await using store = memoryStore();
    const lines = renderCurlLines('http://h', key, await chooseDemoRegistration(store, demo, now));
    for (const line of lines) expect(told(line)).toContain(`authorization: Bearer ${key}`);
    expect(lines.slice(1).map((line) => told(line).find((argument) => argument.startsWith('http')))).toEqual([
      'http://h/v1/connections/conn_0a/test',
      'http://h/v1/connections/conn_0a/schema?limit=5',
      'http://h/v1/connections/conn_0a/autocomplete?type=tables&prefix=or',
    ]);
  });

  test('send the body that belongs to the idempotency key', async () => {
    await using store = memoryStore();
    const request = await chooseDemoRegistration(store, demo, now);
    const [line = ''] = renderCurlLines('http://h', 'sk_x', request);
    expect(told(line)).toEqual(expect.arrayContaining([`idempotency-key: ${request.key}`, request.body]));
    expect(JSON.parse(request.body)).toMatchObject({
      name: 'demo',
      config: demo.config,
      options: { ssl_mode: 'disable' },
    });
  });
});
