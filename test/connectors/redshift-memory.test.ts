import { afterAll, beforeAll, test } from '@jest/globals';
import { onEngine, reach } from '../engines/reach.ts';
import { expectBoundedMemory } from '../contracts/memory.ts';
import { createRedshiftDatabase } from './redshift-database.ts';

/** One transaction with all tables would need more locks than the server has. */
const tenThousand = `do $$ begin for i in 0..9999 loop
  execute 'create table warehouse.table_' || to_char(i, 'FM000000') || ' ()';
  if i % 500 = 499 then commit; end if;
end loop; end $$`;

const columns = `drop view pg_catalog.svv_columns; create view pg_catalog.svv_columns as
  select table_catalog, table_schema, table_name, 'column_' || at column_name, at ordinal_position, null column_default,
    'YES' is_nullable, 'character varying' data_type, 80 character_maximum_length, null::int numeric_precision,
    null::int numeric_scale, 'what the shop knows of ' || table_name || '.' || at remarks
  from pg_catalog.svv_tables cross join generate_series(1, 20) at`;

const engine = reach('postgres', { POSTGRES_VERSION: '18' });

onEngine(engine, () => {
  const { admin, database, start, stop } = createRedshiftDatabase(engine, 'memory');
  const { user: username, password, ...at } = admin;

  beforeAll(
    () => start('create schema warehouse; set synchronous_commit = off', tenThousand, columns),
    120_000,
  );
  afterAll(stop);

  /**
   * The driver, the server (PostgreSQL) and its tables are real. Only the names of the views are Redshift's,
   * and the columns are made up.
   */
  test('Redshift introspection reads ten thousand tables in bounded memory', async () => {
    await expectBoundedMemory({
      connector: 'redshift',
      target: {
        config: { ...at, database, username },
        credentials: { auth_method: 'password', password },
        options: { ssl_mode: 'require', query_timeout_seconds: 60 },
        role: 'source',
      },
      tlsSettings: { mode: 'require' },
      schemas: ['warehouse'],
    });
  });
});
