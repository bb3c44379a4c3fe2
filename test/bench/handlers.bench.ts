import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import * as v from 'valibot';
import { endpoint as create } from '../../functions/connections/create.ts';
import { endpoint as get } from '../../functions/connections/get.ts';
import { endpoint as list } from '../../functions/connections/list.ts';
import { openFileVault } from '../../shared/adapters/local/file-vault.ts';
import type { Runtime } from '../../shared/runtime/runtime.ts';
import { createSqliteStore } from '../../shared/adapters/local/sqlite-store.ts';
import { tableKeys } from '../../shared/domain/table-keys.ts';
import { createHandler } from '../../shared/http/handler.ts';
import type { Store } from '../../shared/ports/store.ts';
import { DeploymentSettings } from '../../shared/settings.ts';
import type { Bench } from './bench.ts';

/**
 * Measures an endpoint's own time: to parse, handle and answer. The time in the store and vault is
 * subtracted.
 */
export const bench: Bench = {
  name: 'handlers',
  run: async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mooring-bench-'));
    const inner = createSqliteStore({ path: ':memory:' });
    let elsewhere = 0;
    const outside = async <T>(work: Promise<T>): Promise<T> => {
      const began = performance.now();
      try {
        return await work;
      } finally {
        elsewhere += performance.now() - began;
      }
    };
    const store: Store = {
      get: (key) => outside(inner.get(key)),
      getMany: (keys) => outside(inner.getMany(keys)),
      query: (range) => outside(inner.query(range)),
      write: (changes) => outside(inner.write(changes)),
      count: (key, expires) => outside(inner.count(key, expires)),
    };
    const files = await openFileVault({ folder, clock: Date.now });
    const vault = {
      ...files,
      create: (document: Parameters<typeof files.create>[0]) => outside(files.create(document)),
    };
    const runtime: Runtime = {
      clock: Date.now,
      settings: v.parse(DeploymentSettings, { apis: [] }),
      writeLog: () => {},
      ports: () => Promise.resolve({ store, vault }),
    };
    const key = 'sk_of_the_bench';
    await inner.write([{ put: { ...tableKeys.apiKey(key), id: 'key_bench', org: 'org_bench' } }]);
    const call = async (
      handler: ReturnType<typeof createHandler>,
      method: string,
      id = '',
      body?: object,
    ) => {
      const event = {
        routeKey: 'bench',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        rawQueryString: '',
        pathParameters: { id },
        ...(body && { body: JSON.stringify(body) }),
        requestContext: { requestId: randomUUID(), http: { method, path: '/' } },
      } as unknown as APIGatewayProxyEventV2; // the gateway sends many more fields that are not used
      elsewhere = 0;
      const began = performance.now();
      const answer = await handler(event, {} as Context);
      const own = performance.now() - began - elsewhere;
      if ((answer.statusCode ?? 500) > 299) throw new Error(`answered ${answer.statusCode}: ${answer.body}`);
      return { own, body: answer.body ?? '' };
    };
    const handlers = {
      create: createHandler(create, () => runtime),
      get: createHandler(get, () => runtime),
      list: createHandler(list, () => runtime),
    };
    const config = { host: 'db.example.test', port: 5432, database: 'shop', username: 'reader' };
    const make = (n: number) =>
      call(handlers.create, 'POST', '', {
        name: `Connection ${n}`,
        type: 'postgresql',
        config,
        credentials: { password: 'made up' },
      });
    const { id } = JSON.parse((await make(-1)).body) as { id: string };
    try {
      return [
        await row('create', 1000, async (n) => (await make(n)).own),
        await row('get', 5000, async () => (await call(handlers.get, 'GET', id)).own),
        await row('list, 50 of them', 1000, async () => (await call(handlers.list, 'GET')).own),
      ];
    } finally {
      inner.close();
      await rm(folder, { recursive: true });
    }
  },
};

const row = async (endpoint: string, runs: number, work: (n: number) => Promise<number>) => {
  const times: number[] = [];
  for (let n = 0; n < runs; n++) times.push(await work(n));
  times.sort((a, b) => a - b);
  const at = (share: number) => (times[Math.floor(times.length * share)] ?? 0).toFixed(3);
  return { endpoint, 'own ms, median': at(0.5), p99: at(0.99), 'to reach': '≤ 1, p99 ≤ 3' };
};
