import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { BSON, type Document, MongoClient, ObjectId, UUID } from 'mongodb';
import type { Table } from '../../shared/connectors/catalog.ts';
import { openManagedSession } from '../../shared/connectors/run-source-test.ts';
import { mongodb } from '../../shared/connectors/mongodb/connector.ts';
import { type Api, type Body, startApi } from '../api.ts';
import { onEngine, reach } from '../engines/reach.ts';
import { pem } from '../network/servers.ts';
import { startFakeTlsMongodb, certificateHello } from './mongodb-server.ts';

const engine = reach('mongodb');
onEngine(engine, () => {
  describe('MongoDB collections with more documents than a sample', () => {
    const port = Number(engine['MONGODB_PORT']);
    const own = `sample_${process.pid}`;
    const [username, password] = [engine['MONGODB_ADMIN_USER'] ?? '', engine['MONGODB_ADMIN_PASSWORD'] ?? ''];
    const client = new MongoClient(`mongodb://127.0.0.1:${port}`, {
      directConnection: true,
      auth: { username, password },
    });
    const count = 20_000;
    /** In every 800th document, and not among the first ones. */
    const rare = 470;
    let api: Api;
    let id: string;

    const fill = async (name: string, idOf: (i: number) => Document) => {
      const documents = Array.from({ length: count }, (_, i) => ({
        ...idOf(i),
        total: i,
        ...(i % 800 === 0 && { early: true }),
        ...(i % 800 === rare && { rare: true }),
      }));
      await client.db(own).collection(name).insertMany(documents);
    };

    beforeAll(async () => {
      const db = client.db(own);
      await fill('numbers', (i) => ({ _id: i }));
      await fill('object_ids', (i) => ({
        _id: new ObjectId(`65000001abcdefabcd${i.toString(16).padStart(6, '0')}`),
      }));
      await fill('texts', (i) => ({ _id: `order ${i}` }));
      await fill('uuids', () => ({ _id: new UUID() }));
      await db.collection('small').insertMany(Array.from({ length: 1000 }, (_, i) => ({ _id: i as never })));
      await db.createCollection('large_view', { viewOn: 'numbers', pipeline: [] });
      await db.createCollection('small_view', { viewOn: 'small', pipeline: [{ $limit: 999 }] });
      await db.createCollection('measured', { timeseries: { timeField: 'at' } });
      await db
        .collection('measured')
        .insertMany(Array.from({ length: 2000 }, (_, i) => ({ at: new Date(i * 1000), value: i })));
      api = await startApi();
      const body = {
        name: own,
        type: 'mongodb',
        config: { host: '127.0.0.1', port, database: own, username, auth_source: 'admin' },
        credentials: { password },
        options: { ssl_mode: 'disable' },
      };
      id = (await api.call('POST /v1/connections?test=false', { body })).body.id;
    });
    afterAll(async () => {
      await api?.[Symbol.asyncDispose]();
      await client.db(own).dropDatabase();
      await client.close();
    });

    const refresh = async () =>
      new Map(
        (await api.call(`GET /v1/connections/${id}/schema?max_age=0`)).body.data.map((table) => [
          table.name,
          table,
        ]),
      );
    const columnsOf = (table: Body['data'][number] | undefined): readonly { readonly name: string }[] =>
      Object(table?.['columns']);

    test('report the size of the sample, and the number of documents where it is known', async () => {
      const tables = await refresh();
      const of = (name: string) => tables.get(name)?.['sampled'];
      // Documents that came in bursts divide unevenly, and the session does not ask again for the last few.
      for (const name of ['numbers', 'object_ids', 'texts', 'uuids']) {
        const sampled = Object(of(name));
        expect([name, sampled]).toEqual([name, { documents: expect.any(Number), of: count }]);
        expect([name, sampled.documents > 900 && sampled.documents <= 1000]).toEqual([name, true]);
      }
      expect([of('large_view'), of('measured')]).toEqual([
        { documents: 1000, of: null },
        { documents: 1000, of: null },
      ]);
      expect([of('small'), of('small_view')]).toEqual([undefined, undefined]);
    });

    test('keep their fields over eight refreshes, and validation warns about fields outside the sample', async () => {
      const ordered = ['numbers', 'object_ids', 'uuids'];
      const first = await refresh();
      const seen = new Map<string, Set<string>>();
      for (let i = 0; i < 8; i++) {
        const tables = await refresh();
        for (const name of ordered)
          expect([name, columnsOf(tables.get(name))]).toEqual([name, columnsOf(first.get(name))]);
        for (const [name, table] of tables) {
          const names = columnsOf(table).map((column) => column.name);
          const before = seen.get(name) ?? new Set();
          expect([name, names]).toEqual([name, expect.arrayContaining([...before])]);
          seen.set(name, new Set(names));
        }
        const wanted = ['_id', 'total', 'early', 'rare'].map((field) => ({ name: field }));
        const { body } = await api.call(`POST /v1/connections/${id}/schema/validate`, {
          body: { tables: [...ordered, 'texts'].map((name) => ({ schema: own, name, columns: wanted })) },
        });
        expect([body['valid'], body.errors]).toEqual([true, []]);
        const unseen = [...ordered, 'texts'].flatMap((name) =>
          wanted.flatMap((field) => (seen.get(name)?.has(field.name) ? [] : [`${name}.${field.name}`])),
        );
        expect(
          Object(body['warnings'] ?? []).map(
            (one: { table: string; column: string }) => `${one.table}.${one.column}`,
          ),
        ).toEqual(unseen);
      }
      for (const name of ['numbers', 'object_ids']) expect(seen.get(name)).toContain('early');
    });
  });
});

describe('MongoDB sample from a scripted server', () => {
  /** Reads one collection of 5000 documents. The server answers pipelines with `$unionWith` with an error. */
  const readFrom = async (refusal: { readonly code: number; readonly errmsg: string }) => {
    const asked: string[] = [];
    const cursor = (firstBatch: readonly object[]) => ({
      cursor: { id: BSON.Long.fromNumber(0), ns: 'shop.orders', firstBatch },
      ok: 1,
    });
    await using server = await startFakeTlsMongodb(certificateHello, (command) => {
      if ('listCollections' in command) return cursor([{ name: 'orders', type: 'collection', options: {} }]);
      if ('listIndexes' in command) return cursor([{ v: 2, key: { _id: 1 }, name: '_id_' }]);
      if ('dataSize' in command) return { numObjects: 5000, size: 500_000, ok: 1 };
      if ('aggregate' in command) {
        const pipeline = JSON.stringify(command['pipeline']);
        asked.push(pipeline.includes('$unionWith') ? '$unionWith' : pipeline);
        return pipeline.includes('$unionWith')
          ? { ok: 0, codeName: 'any', ...refusal }
          : cursor(Array.from({ length: 1000 }, (_, i) => ({ _id: i, total: i })));
      }
      return {
        ok: 1,
        authInfo: { authenticatedUsers: [], authenticatedUserRoles: [], authenticatedUserPrivileges: [] },
      };
    });
    await using session = await openManagedSession(
      mongodb,
      {
        config: { host: 'localhost', port: server.port, database: 'shop' },
        credentials: { auth_method: 'certificate' },
        options: { ssl_mode: 'verify-full', query_timeout_seconds: 5 },
        role: 'source',
      },
      {
        policy: { loopback: true },
        environment: 'default',
        tlsSettings: {
          mode: 'verify-full',
          ca: pem('ca.crt'),
          cert: pem('client.crt'),
          key: pem('client.key'),
        },
        options: { connection_timeout_seconds: 5 },
      },
    );
    const tables: Table[] = [];
    const missing = await session.introspect({ excludedSchemas: [] }, (some) => void tables.push(...some));
    return { table: tables[0], missing, asked };
  };

  test('falls back to $sample when the server does not know $unionWith', async () => {
    const { table, missing, asked } = await readFrom({
      code: 40_324,
      errmsg: "Unrecognized pipeline stage name: '$unionWith'",
    });
    expect(asked).toEqual(['$unionWith', '[{"$sample":{"size":1000}}]']);
    expect(missing).toEqual([]);
    expect(table).toMatchObject({
      sampled: { documents: 1000, of: 5000 },
      columns: [{ name: '_id' }, { name: 'total' }],
    });
  });

  test('is not requested again when the server exceeds the time limit', async () => {
    const { table, missing, asked } = await readFrom({ code: 50, errmsg: 'operation exceeded time limit' });
    expect(asked).toEqual(['$unionWith']);
    expect(missing).toMatchObject([{ reason: 'columns-timed-out' }]);
    expect(table).toMatchObject({ sampled: { documents: 0, of: 5000 }, columns: [] });
  });
});
