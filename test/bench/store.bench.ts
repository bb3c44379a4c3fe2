import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { type SqliteStore, createSqliteStore } from '../../shared/adapters/local/sqlite-store.ts';
import { readAllConnections } from '../../shared/domain/connections/list-connections.ts';
import type { Bench } from './bench.ts';

/** Measures calls of the local store, one after another. */
export const bench: Bench = {
  name: 'store',
  run: async () =>
    Object.entries(await figures()).map(([call, perSecond]) => ({ call, 'per second': perSecond })),
};

const figures = async (): Promise<Record<string, number>> => {
  const folder = mkdtempSync(join(tmpdir(), 'mooring-bench-'));
  const store = createSqliteStore({
    path: join(folder, 'store.db'),
    outbox: ({ sk }) => sk.startsWith('CONN#'),
  });
  try {
    return {
      'create (two items, one event)': await perSecond(5_000, (n) =>
        store.write([
          { put: connection(n), if: 'absent' },
          { put: { pk, sk: `NAME#${n}` }, if: 'absent' },
        ]),
      ),
      get: await perSecond(50_000, (n) => store.get(connection(n % 5_000))),
      'page of 50': await perSecond(2_000, (n) =>
        store.query({ pk, from: connection(n).sk, to: 'CONN#~', limit: 50 }),
      ),
      count: await perSecond(5_000, () => store.count({ pk: 'Q#org', sk: 'minute' }, 4_102_444_800)),
      'put of 300 KB': await perSecond(200, (n) =>
        store.write([{ put: { pk: 'CAT', sk: `B#${n}`, block } }]),
      ),
      'rows of a long list': await longList(store),
      'get of 300 KB': await perSecond(1_000, (n) => store.get({ pk: 'CAT', sk: `B#${n % 200}` })),
    };
  } finally {
    store.close();
    rmSync(folder, { recursive: true });
  }
};

/**
 * Returns the rows per second of a list that reads all of them and returns none. It also prints for how long
 * the list blocked the event loop at most.
 */
const longList = async (store: SqliteStore): Promise<number> => {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  let rows = 0;
  delay.enable();
  const perRead = await perSecond(20, async () => {
    for await (const _ of readAllConnections(store, { org: 'org', environment: 'production' })) rows += 1;
  });
  delay.disable();
  process.stderr.write(
    `a list of ${rows / 20} rows held the event loop for ${Math.round(delay.max / 1e6)} ms at most\n`,
  );
  return Math.round((perRead * rows) / 20);
};

const pk = 'T#org#production';

const block = new Uint8Array(300 * 1024);

const connection = (n: number) => ({
  pk,
  sk: `CONN#${String(n).padStart(6, '0')}`,
  name: `connection ${n}`,
  config: { host: 'db.example.test', port: 5432, database: 'shop', username: 'reader', schemas: ['public'] },
  description: 'x'.repeat(800),
  version: 1,
});

const perSecond = async (count: number, call: (n: number) => Promise<unknown>) => {
  const start = performance.now();
  for (let n = 0; n < count; n += 1) await call(n);
  return Math.round(count / ((performance.now() - start) / 1_000));
};
