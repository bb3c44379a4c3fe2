import { MongoClient } from 'mongodb';
import { openManagedSession } from '../../shared/connectors/run-source-test.ts';
import { mongodb } from '../../shared/connectors/mongodb/connector.ts';
import { isReachable, reach } from '../engines/reach.ts';
import type { Bench, Row } from './bench.ts';

/**
 * Measures a catalog with fields, indexes and sizes, beside a plain loop of `$sample` over the collections,
 * which returns none of them.
 */
export const bench: Bench = {
  name: 'mongodb',
  run: async ({ large }) => {
    const engine = reach('mongodb');
    if (!isReachable(engine)) throw new Error('needs: npm run engines -- start mongodb');
    const port = Number(engine['MONGODB_PORT']);
    const auth = {
      username: engine['MONGODB_ADMIN_USER'] ?? '',
      password: engine['MONGODB_ADMIN_PASSWORD'] ?? '',
    };
    const address = `mongodb://127.0.0.1:${port}`;
    await using client = new MongoClient(address, { directConnection: true, auth });
    const rows: Row[] = [];
    const sizes = [
      { collections: 100, documents: 1000 },
      { collections: 1000, documents: 100 },
      // A mongod keeps two files open for each collection.
      ...(large ? [{ collections: 5000, documents: 20 }] : []),
    ];
    for (const { collections, documents } of sizes) {
      const database = `bench_${collections}`;
      await fill(client, database, collections, documents);
      const times: [number[], number[]] = [[], []];
      let rss = 0;
      for (let run = -1; run < (collections > 1000 ? 2 : 5); run++) {
        for (const [at, work] of [
          () => ours(port, auth, database),
          () => loop(address, auth, database),
        ].entries()) {
          const began = performance.now();
          const found = await work();
          if (found !== collections) throw new Error('Not all collections were read');
          if (run >= 0) times[at]?.push(performance.now() - began);
          if (at === 0) rss = Math.max(rss, process.memoryUsage.rss());
        }
      }
      await client.db(database).dropDatabase();
      const [mine = 0, theirs = 0] = times.map((list) => list.sort((a, b) => a - b)[list.length >> 1] ?? 0);
      rows.push({
        collections,
        'documents each': documents,
        'ours, ms': Math.round(mine),
        '$sample loop, ms': Math.round(theirs),
        ratio: (mine / theirs).toFixed(2),
        'RSS, MB': Math.round(rss / 2 ** 20),
      });
    }
    return rows;
  },
};

const fill = async (client: MongoClient, database: string, collections: number, documents: number) => {
  const db = client.db(database);
  await db.dropDatabase();
  for (let at = 0; at < collections; at++) {
    const some = Array.from({ length: documents }, (_, n) => ({
      email: `u${n}@example.test`,
      age: n % 90,
      address: { city: 'Porto', zip: '4000', geo: { type: 'Point', coordinates: [-8.6, 41.1] } },
      tags: ['a', 'b', 'c'],
      lines: [
        { sku: 'a', n: 1, price: 1.5 },
        { sku: 'b', n: 2, price: 2.5 },
      ],
      at: new Date(n),
      active: n % 2 === 0,
    }));
    await db.collection(`t${at}`).insertMany(some, { writeConcern: { w: 1, j: false } });
  }
};

interface Auth {
  readonly username: string;
  readonly password: string;
}

const ours = async (port: number, { username, password }: Auth, database: string): Promise<number> => {
  await using session = await openManagedSession(
    mongodb,
    {
      config: { host: '127.0.0.1', port, database, username, auth_source: 'admin' },
      credentials: { auth_method: 'password', password },
      options: { ssl_mode: 'disable', query_timeout_seconds: 60 },
      role: 'source',
    },
    {
      policy: { loopback: true },
      environment: 'default',
      tlsSettings: { mode: 'disable' },
      options: { connection_timeout_seconds: 10 },
      budget: 600_000,
    },
  );
  let found = 0;
  await session.introspect({ excludedSchemas: [] }, (tables) => void (found += tables.length));
  return found;
};

const loop = async (address: string, auth: Auth, database: string): Promise<number> => {
  await using client = new MongoClient(address, { directConnection: true, auth });
  const db = client.db(database);
  let found = 0;
  for (const { name } of await db.listCollections({}, { nameOnly: true }).toArray()) {
    await db
      .collection(name)
      .aggregate([{ $sample: { size: 1000 } }])
      .toArray();
    found++;
  }
  return found;
};
