import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { MongoClient } from 'mongodb';
import type { CatalogScope, Table } from '../../shared/connectors/catalog.ts';
import { openManagedSession } from '../../shared/connectors/run-source-test.ts';
import { mongodb } from '../../shared/connectors/mongodb/connector.ts';
import { compareQualifiedNames } from '../../shared/connectors/reading/compare-names.ts';
import { onEngine, reach } from '../engines/reach.ts';

const engine = reach('mongodb');
onEngine(engine, () => {
  describe('MongoDB catalog', () => {
    const port = Number(engine['MONGODB_PORT']);
    const [user, password] = [engine['MONGODB_ADMIN_USER'] ?? '', engine['MONGODB_ADMIN_PASSWORD'] ?? ''];
    const own = `introspect_${process.pid}`;
    const client = new MongoClient(`mongodb://127.0.0.1:${port}`, {
      directConnection: true,
      auth: { username: user, password },
    });

    const account = async (name: string, privileges: object[]) => {
      const db = client.db(own);
      await db.command({ createRole: `${name}_role`, privileges, roles: [] });
      await db.command({ createUser: name, pwd: 'obviously-fake', roles: [`${name}_role`] });
    };

    beforeAll(async () => {
      const db = client.db(own);
      await db.collection('open').insertMany([{ a: 1 }, { a: 2 }]);
      await db.collection('closed').insertOne({ a: 1 });
      const times = (name: string) => [{ $set: { [name]: { $range: [0, 3000] } } }, { $unwind: `$${name}` }];
      await db.createCollection('slow_view', {
        viewOn: 'open',
        pipeline: [
          ...times('x'),
          ...times('y'),
          { $match: { $expr: { $eq: [{ $add: ['$x', '$y'] }, -1] } } },
        ],
      });
      const on = (collection: string, actions: string[]) => ({ resource: { db: own, collection }, actions });
      await account('some_of_it', [on('open', ['find', 'collStats', 'listIndexes'])]);
      await account('lists_all', [on('', ['listCollections']), on('open', ['find'])]);
    });
    afterAll(async () => {
      await client.db(own).command({ dropAllUsersFromDatabase: 1 });
      await client.db(own).command({ dropAllRolesFromDatabase: 1 });
      await client.db(own).dropDatabase();
      await client.close();
    });

    const read = async (
      config: object,
      secret: string,
      {
        scope = { excludedSchemas: [] },
        links = 2,
        seconds = 10,
      }: { scope?: CatalogScope; links?: number; seconds?: number } = {},
    ) => {
      await using session = await openManagedSession(
        mongodb,
        {
          config: { host: '127.0.0.1', port, auth_source: 'admin', ...config },
          credentials: { auth_method: 'password', password: secret },
          options: { ssl_mode: 'disable', query_timeout_seconds: seconds, max_connections: links },
          role: 'source',
        },
        {
          policy: { loopback: true },
          environment: 'default',
          tlsSettings: { mode: 'disable' },
          options: { connection_timeout_seconds: 5 },
        },
      );
      const tables: Table[] = [];
      const missing = await session.introspect(scope, (some) => void tables.push(...some));
      const table = (name: string) => tables.find((one) => one.name === name);
      const column = (of: string, name: string) => table(of)?.columns.find((one) => one.name === name);
      return { tables, missing, table, column };
    };
    const reader = { username: engine['MONGODB_USER'] };
    const secret = engine['MONGODB_PASSWORD'] ?? '';

    test('has every kind of collection, in the order of the store', async () => {
      const { tables, missing, table } = await read({ ...reader, database: 'shop' }, secret);
      expect(missing).toEqual([]);
      expect(tables.map(({ schema, name, kind }) => `${schema}.${name}: ${kind}`)).toEqual([
        'shop.adults: view',
        'shop.empty: collection',
        'shop.log: collection',
        'shop.orders: collection',
        'shop.readings: collection',
        'shop.users: collection',
      ]);
      expect(table('users')).toMatchObject({
        rows: 500,
        size_bytes: expect.any(Number),
        comment: 'who buys',
        primary_key: ['_id'],
      });
      expect(table('adults')).toMatchObject({ rows: null, size_bytes: null, indexes: [], primary_key: [] });
      expect(table('readings')).toMatchObject({ rows: null, primary_key: [] });
    });

    test('has fields with their types, paths and share of the documents', async () => {
      const { column } = await read({ ...reader, database: 'shop' }, secret);
      expect(column('users', '_id')).toMatchObject({
        type: 'objectId',
        nullable: false,
        share: 1,
        position: 1,
      });
      expect(column('users', 'email')).toMatchObject({ type: 'string', comment: 'login', nullable: false });
      expect(column('users', 'age')).toMatchObject({
        type: 'int',
        kind: 'integer',
        nullable: true,
        share: 1,
      });
      expect(column('users', 'nickname')).toMatchObject({ share: 0.25, nullable: true });
      expect(column('users', 'address.city')).toMatchObject({ type: 'string' });
      expect(column('users', 'address.geo')).toMatchObject({ kind: 'geo' });
      expect(column('users', 'tags')).toMatchObject({ type: 'array<string>', kind: 'array' });
      expect(column('users', 'phone.home')).toMatchObject({ type: 'string', share: 0 });
      expect(column('orders', 'total')).toMatchObject({ type: 'decimal', kind: 'decimal' });
      expect(column('orders', 'state')?.type).toMatch(/^(int\|string|string\|int)$/);
      expect(column('orders', 'lines.sku')).toMatchObject({ type: 'string', share: 1 });
      expect(column('orders', 'key')).toMatchObject({ type: 'binData', kind: 'uuid' });
      expect(column('adults', 'age')).toMatchObject({ type: 'int', nullable: false });
      expect(column('readings', 'sensor.id')).toMatchObject({ type: 'int' });
    });

    test('has indexes, a text index with the fields that it searches', async () => {
      const { table } = await read({ ...reader, database: 'shop' }, secret);
      expect(table('users')?.indexes).toEqual([
        { name: '_id_', columns: ['_id'], unique: true, predicate: null, valid: true },
        { name: 'email_1', columns: ['email'], unique: true, predicate: null, valid: true },
        {
          name: 'address.geo_2dsphere',
          columns: ['address.geo'],
          unique: false,
          predicate: null,
          valid: true,
        },
      ]);
      expect(table('orders')?.indexes).toContainEqual({
        name: 'note_text',
        columns: ['note'],
        unique: false,
        predicate: null,
        valid: true,
      });
    });

    test('has all databases that the account sees, except system databases', async () => {
      const { tables } = await read(reader, secret);
      expect(new Set(tables.map(({ schema }) => schema))).toEqual(new Set(['many', 'odd', 'shop']));
      expect(tables).toEqual(tables.toSorted(compareQualifiedNames));
    });

    test('is the same over one and over four connections', async () => {
      const [one, four] = [
        await read({ ...reader, database: 'many' }, secret, { links: 1 }),
        await read({ ...reader, database: 'many' }, secret, { links: 4 }),
      ];
      expect(one.tables.length).toBe(1000);
      expect(four.tables).toEqual(one.tables);
    });

    test('omits excluded databases, and has only the named ones', async () => {
      const without = await read(reader, secret, { scope: { excludedSchemas: ['many', 'odd'] } });
      expect(new Set(without.tables.map(({ schema }) => schema))).toEqual(new Set(['shop']));
      const named = await read(reader, secret, { scope: { schemas: ['odd'], excludedSchemas: [] } });
      expect(new Set(named.tables.map(({ schema }) => schema))).toEqual(new Set(['odd']));
    });

    test('has the collections that the account may read, and reports that there may be more', async () => {
      const { tables, missing } = await read(
        { username: 'some_of_it', auth_source: own, database: own },
        'obviously-fake',
      );
      expect(tables.map(({ name }) => name)).toEqual(['open']);
      expect(missing).toMatchObject([
        { reason: 'tables-unlisted', remediation: expect.stringMatching(/grantRolesToUser\("some_of_it"/) },
      ]);
    });

    test('counts collections that the account may list but not read', async () => {
      const { tables, missing } = await read(
        { username: 'lists_all', auth_source: own, database: own },
        'obviously-fake',
      );
      expect(tables.map(({ name }) => name)).toEqual(['open']);
      expect(missing).toMatchObject([
        { reason: 'tables-denied', count: 2, remediation: expect.stringContaining('"read"') },
      ]);
    });

    test('counts a view that times out, and has the rest', async () => {
      const { tables, missing } = await read({ username: user, database: own }, password, { seconds: 1 });
      expect(tables.map(({ name }) => name)).toEqual(['closed', 'open', 'slow_view']);
      expect(missing).toMatchObject([{ reason: 'columns-timed-out', count: 1 }]);
    });
  });
});
