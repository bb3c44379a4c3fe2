import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { SessionTarget } from '../../shared/connectors/connector.ts';
import { openManagedSession } from '../../shared/connectors/run-source-test.ts';
import { readPostgresqlPrivileges } from '../../shared/connectors/postgresql/privileges.ts';
import { quotePostgresqlName } from '../../shared/connectors/postgresql/quote.ts';
import { connectors } from '../../shared/connectors/registry.ts';
import { onEngine, reach } from '../engines/reach.ts';
import { connectToPostgresql } from './collect-postgresql-catalog.ts';

for (const version of ['11', '14', '18']) {
  const env = reach('postgres', { POSTGRES_VERSION: version });
  onEngine(env, () => {
    describe(`PostgreSQL ${version} privileges`, () => {
      const at = { host: env['POSTGRES_HOST'] ?? '', port: Number(env['POSTGRES_PORT']) };
      const account = `Odd "account" ${process.pid}`;
      const quoted = quotePostgresqlName(account);
      const database = `privileges_${process.pid}`;
      const admin = (name = database) =>
        connectToPostgresql({
          ...at,
          user: env['POSTGRES_ADMIN_USER'],
          password: env['POSTGRES_ADMIN_PASSWORD'],
          database: name,
        });
      const run = async (statements: string) => {
        await using client = await admin();
        await client.query(statements);
      };

      const privileges = async (role: SessionTarget['role'] = 'source', schemas?: readonly string[]) => {
        const target: SessionTarget = {
          config: { ...at, database, username: account, ...(schemas && { schemas }) },
          credentials: { auth_method: 'password', password: 'obviously-fake' },
          options: { ssl_mode: 'disable', query_timeout_seconds: 10 },
          role,
        };
        await using session = await openManagedSession(connectors.postgresql, target, {
          policy: { loopback: true },
          environment: 'default',
          tlsSettings: { mode: 'disable' },
          options: { connection_timeout_seconds: 5 },
        });
        return await session.privileges();
      };

      beforeAll(async () => {
        await using client = await admin('postgres');
        await client.query(`create database ${database} template template0`);
        await client.query(`create role ${quoted} login password 'obviously-fake'`);
        await run(`create schema sales; create schema "It's odd"; create schema empty;
        create table sales.orders (id int); create table sales.lines (id int); create view sales.open as select 1 as one;
        create table "It's odd"."a.b" (id int); create table "It's odd"."c" (id int);
        revoke all on schema public from public`);
      });
      afterAll(async () => {
        await run(`drop owned by ${quoted}`);
        await using client = await admin('postgres');
        await client.query(`drop database ${database}`);
        await client.query(`drop role ${quoted}`);
      });

      test('of a source are complete after the reported grants', async () => {
        await run(`grant usage on schema sales to ${quoted}; grant select on sales.orders to ${quoted}`);
        const { missing, excess } = await privileges();
        expect(missing.map(({ grant }) => grant)).toEqual([
          `GRANT USAGE ON SCHEMA "It's odd" TO ${quoted};`,
          `GRANT SELECT ON ALL TABLES IN SCHEMA "It's odd" TO ${quoted};`,
          `GRANT SELECT ON TABLE sales.lines, sales.open TO ${quoted};`,
        ]);
        expect(excess).toEqual([]);
        await run(missing.map(({ grant }) => grant).join('\n'));
        expect(await privileges()).toEqual({ missing: [], excess: [] });
      });

      test('of a writing source are excessive until the reported remediation runs', async () => {
        await run(
          `grant insert, truncate on all tables in schema sales to ${quoted}; alter role ${quoted} createdb`,
        );
        const { excess } = await privileges();
        expect(excess.map(({ what }) => what)).toEqual([
          'createdb',
          'INSERT, UPDATE, DELETE, TRUNCATE on 3 tables of schema sales',
        ]);
        await run(excess.map(({ revoke }) => revoke).join('\n'));
        expect((await privileges()).excess).toEqual([]);
      });

      test('of a source that owns tables are excessive', async () => {
        await run(`create table sales.own (id int); alter table sales.own owner to ${quoted}`);
        expect((await privileges()).excess).toMatchObject([{ what: 'owner of 1 tables of schema sales' }]);
        await run('drop table sales.own');
      });

      test('of a target are complete after the reported grants', async () => {
        expect((await privileges('target')).missing.length).toBeGreaterThan(0);
        const { missing } = await privileges('target', ["It's odd"]);
        expect(missing.map(({ what }) => what)).toEqual([
          "CREATE on schema It's odd",
          "INSERT on 2 of 2 tables of schema It's odd",
        ]);
        await run(missing.map(({ grant }) => grant).join('\n'));
        expect(await privileges('target', ["It's odd"])).toEqual({ missing: [], excess: [] });
        // A target without configured schemas needs only one schema that it can write to.
        expect(await privileges('target')).toEqual({ missing: [], excess: [] });
      });

      test('are checked only in the schemas of the connection', async () => {
        await run('revoke all on all tables in schema sales from public');
        expect(await privileges('source', ['empty'])).toEqual({ missing: [], excess: [] });
      });

      test('of a superuser are reported as one excess', async () => {
        await run(`alter role ${quoted} superuser`);
        expect(await privileges()).toEqual({
          missing: [],
          excess: [{ what: 'superuser', revoke: `ALTER ROLE ${quoted} NOSUPERUSER;` }],
        });
        await run(`alter role ${quoted} nosuperuser`);
      });
    });
  });
}

test('a remediation that is not a statement stays a comment, whatever characters the names contain', () => {
  const schema = 'x\ndrop table y; --';
  const row = {
    schema,
    usage: true,
    create: true,
    tables: 1,
    unreadable: 0,
    writable: 1,
    unwritable: 0,
    owned: 1,
  };
  const { excess } = readPostgresqlPrivileges({ name: 'me', superuser: false }, [row], { role: 'source' });
  expect(excess.map(({ revoke }) => revoke)).toEqual([expect.stringMatching(/^-- [^\n]*$/)]);
});

test.each(['createrole', 'createdb', 'replication', 'bypassrls'])(
  'a source account with %s is reported as excessive, with the statement that revokes it',
  (attribute) => {
    const { excess } = readPostgresqlPrivileges({ name: 'me', superuser: false, [attribute]: true }, [], {
      role: 'source',
    });
    expect(excess).toEqual([{ what: attribute, revoke: `ALTER ROLE me NO${attribute.toUpperCase()};` }]);
  },
);
