import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { MongoClient } from 'mongodb';
import { openManagedSession } from '../../shared/connectors/run-source-test.ts';
import { mongodb } from '../../shared/connectors/mongodb/connector.ts';
import { renderMongodbGrant, renderMongodbRevoke } from '../../shared/connectors/mongodb/grants.ts';
import { onEngine, reach } from '../engines/reach.ts';

const engine = reach('mongodb');
onEngine(engine, () => {
  describe('MongoDB privileges', () => {
    const port = Number(engine['MONGODB_PORT']);
    const auth = {
      username: engine['MONGODB_ADMIN_USER'] ?? '',
      password: engine['MONGODB_ADMIN_PASSWORD'] ?? '',
    };
    const client = new MongoClient(`mongodb://127.0.0.1:${port}`, { directConnection: true, auth });
    const own = `privileges_${process.pid}`;
    const name = `it's "me"\u2028`;

    const give = async (roles: readonly object[]) => {
      await client.db(own).command({ createUser: name, pwd: 'obviously-fake', roles });
    };
    beforeAll(async () => {
      await client.db(own).collection('c').insertOne({ a: 1 });
      await client.db(own).command({
        createRole: 'scribe',
        privileges: [
          { resource: { db: own, collection: '' }, actions: ['insert', 'find', 'listCollections'] },
        ],
        roles: [],
      });
    });
    afterAll(async () => {
      await client.db(own).command({ dropAllRolesFromDatabase: 1 });
      await client.db(own).dropDatabase();
      await client.close();
    });

    const asked = async (role: 'source' | 'target' = 'source', config: object = { database: own }) => {
      await using session = await openManagedSession(
        mongodb,
        {
          config: { host: '127.0.0.1', port, auth_source: own, username: name, ...config },
          credentials: { auth_method: 'password', password: 'obviously-fake' },
          options: { ssl_mode: 'disable', query_timeout_seconds: 10 },
          role,
        },
        {
          policy: { loopback: true },
          environment: 'default',
          tlsSettings: { mode: 'disable' },
          options: { connection_timeout_seconds: 5 },
        },
      );
      return await session.privileges();
    };

    /** Runs a statement as mongosh would. */
    const run = async (statement: string) => {
      const [, db = '', method = '', args = ''] =
        /^db\.getSiblingDB\((".*?[^\\]"|"")\)\.(\w+)\((.*)\)$/s.exec(statement) ?? [];
      const json = `[${args.replaceAll(/([{,] )(role|db): /g, '$1"$2": ')}]`;
      const [user, roles] = JSON.parse(json) as [string, object[]]; // the statement is our own
      await client.db(JSON.parse(db) as string).command({ [method]: user, roles });
    };

    const during = async (roles: readonly object[], work: () => Promise<void>) => {
      await give(roles);
      try {
        await work();
      } finally {
        await client.db(own).command({ dropUser: name });
      }
    };

    test.each([
      ['source', { database: own }],
      ['source', {}],
      ['target', { database: own }],
      ['target', {}],
    ] as const)('report what a %s lacks with %j, and the grant provides it', async (role, config) =>
      during([], async () => {
        const { missing, excess } = await asked(role, config);
        expect(excess).toEqual([]);
        expect(missing.length).toBe(1);
        for (const { grant: statement } of missing) await run(statement);
        expect((await asked(role, config)).missing).toEqual([]);
      }),
    );

    test('report nothing for a source that may only read', async () =>
      during([{ role: 'read', db: own }], async () => {
        expect(await asked()).toEqual({ missing: [], excess: [] });
      }));

    test.each(['readWrite', 'dbOwner', 'dbAdmin', 'userAdmin'])(
      'report %s as excess, and the remediation removes it',
      async (role) =>
        during(
          [
            { role: 'read', db: own },
            { role, db: own },
          ],
          async () => {
            const { excess } = await asked();
            expect(excess.length).toBe(1);
            for (const { revoke } of excess) await run(revoke);
            expect(await asked()).toEqual({ missing: [], excess: [] });
          },
        ),
    );

    test('report the excess of a custom role with a comment instead of a statement', async () =>
      during([{ role: 'scribe', db: own }], async () => {
        expect((await asked()).excess).toMatchObject([{ revoke: expect.stringMatching(/^\/\/ /) }]);
      }));

    test('report nothing missing for a target that may write', async () =>
      during([{ role: 'readWrite', db: own }], async () => {
        expect(await asked('target')).toEqual({ missing: [], excess: [] });
        expect(await asked('target', {})).toEqual({ missing: [], excess: [] });
      }));
  });
});

test('a MongoDB statement stays one statement on one line, whatever names it contains', () => {
  const user = { user: '")\u2028db.dropDatabase()\n', db: '"' };
  for (const statement of [
    renderMongodbGrant(user, [{ role: 'read', db: 'a"b' }]),
    renderMongodbRevoke(user, []),
  ]) {
    expect(statement).not.toMatch(/[\n\u2028]/);
    expect(statement).not.toMatch(/[^\\]"\)\\u2028db/);
  }
});
