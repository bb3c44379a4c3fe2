import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import type { Table } from '../../shared/connectors/catalog.ts';
import type { SessionTarget } from '../../shared/connectors/connector.ts';
import { openManagedSession } from '../../shared/connectors/run-source-test.ts';
import type { SourceSessionOptions } from '../../shared/connectors/run-source-test.ts';
import { connectors } from '../../shared/connectors/registry.ts';
import { sourceContract } from '../contracts/source.ts';
import { onEngine, reach } from '../engines/reach.ts';
import { as, oddNames, refusals } from './postgresql-accounts.ts';
import { createRedshiftDatabase, hideExternalTableSql } from './redshift-database.ts';

const { redshift } = connectors;

const readable = `do $$ declare one record; begin
  for one in select nspname from pg_namespace where nspname !~ '^pg_' loop
    execute format('grant usage on schema %1$I to mooring_reader', one.nspname);
    execute format('grant select on all tables in schema %1$I to mooring_reader', one.nspname);
  end loop; end $$`;

/** A thousand tables in one transaction would take many of the available locks. */
const thousand = `do $$ begin for i in 1..1000 loop
  execute 'create table warehouse.t' || to_char(i, 'FM0000') || ' (id bigint primary key, name varchar(80) not null)';
  if i % 100 = 0 then commit; end if;
end loop; end $$`;

const engine = reach('postgres', { POSTGRES_VERSION: '18' });

// The refusals of Redshift are assumed to be those of PostgreSQL, which it derives from. Here PostgreSQL
// itself refuses.
onEngine(engine, () => {
  describe("Redshift on a PostgreSQL with views named like Redshift's", () => {
    const shop = createRedshiftDatabase(engine);
    const many = createRedshiftDatabase(engine, 'many');
    const odd = createRedshiftDatabase(engine, 'odd');
    const { admin, database } = shop;

    beforeAll(async () => {
      const names = await readFile(new URL('../engines/postgres.d/odd.sql', import.meta.url), 'utf8');
      await shop.start(hideExternalTableSql, readable);
      await odd.start(names, hideExternalTableSql, readable);
      const bare = 'drop schema sales cascade; create schema warehouse; set synchronous_commit = off';
      await many.start(bare, thousand, hideExternalTableSql, readable);
    });
    afterAll(() => Promise.all([shop.stop(), many.stop(), odd.stop()]));

    /** These servers have no such views. The tests on them end with TLS. */
    const certified = (POSTGRES_TLS: string) => {
      const other = reach('postgres', { POSTGRES_VERSION: '18', POSTGRES_TLS });
      return {
        engine: other,
        config: { port: Number(other['POSTGRES_PORT']), database: other['POSTGRES_DATABASE'] },
      };
    };

    sourceContract({
      connector: redshift,
      config: { host: 'localhost', port: admin.port, database, username: engine['POSTGRES_USER'] },
      credentials: { auth_method: 'password', password: engine['POSTGRES_PASSWORD'] ?? '' },
      version: /^Redshift 1\.0\.87428$/,
      certificates: Object.fromEntries(
        (['off', 'expired', 'wronghost', 'selfsigned'] as const).map((kind) => [kind, certified(kind)]),
      ),
      many: { config: { database: many.database } },
      odd: { config: { database: odd.database }, names: oddNames },
      nobody: as('mooring_nobody', 'nobody'),
      stall: async () => {
        const lock = await many.inside();
        await lock.query('begin; lock table pg_catalog.pg_description in access exclusive mode');
        return Object.assign(lock, { config: { database: many.database } });
      },
      refused: refusals,
    });

    const targetOf = (username: string, password: string, schemas?: readonly string[]): SessionTarget => ({
      config: { host: admin.host, port: admin.port, database, username, ...(schemas && { schemas }) },
      credentials: { auth_method: 'password', password },
      options: { ssl_mode: 'require', query_timeout_seconds: 10 },
      role: 'source',
    });
    const options: SourceSessionOptions = {
      policy: { loopback: true },
      environment: 'default',
      tlsSettings: { mode: 'require' },
      options: { connection_timeout_seconds: 5 },
    };

    test('reports the missing privileges of an account, and a superuser as excess', async () => {
      await using lacking = await openManagedSession(
        redshift,
        targetOf('mooring_nobody', 'nobody', ['Sales']),
        options,
      );
      expect((await lacking.privileges()).missing.map(({ grant }) => grant)).toEqual([
        'GRANT USAGE ON SCHEMA sales TO mooring_nobody;',
        'GRANT SELECT ON ALL TABLES IN SCHEMA sales TO mooring_nobody;',
      ]);
      await using mighty = await openManagedSession(redshift, targetOf(admin.user, admin.password), options);
      expect((await mighty.privileges()).excess).toMatchObject([{ what: 'superuser' }]);
    });

    test('reads the tables of a configured schema', async () => {
      const target = targetOf(admin.user, admin.password, ['sales']);
      await using session = await openManagedSession(redshift, target, options);
      const tables: Table[] = [];
      await session.introspect(
        { schemas: ['sales'], excludedSchemas: [] },
        (some) => void tables.push(...some),
      );
      expect(tables.map(({ name }) => name)).toEqual(['customers', 'open_orders', 'orders']);
    });
  });
});
