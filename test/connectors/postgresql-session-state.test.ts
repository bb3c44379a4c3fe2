import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runSourceTest } from '../../shared/connectors/run-source-test.ts';
import { runPostgresqlTransaction } from '../../shared/connectors/postgresql/run-transaction.ts';
import {
  buildPostgresqlBegin,
  postgresqlSessionSettings,
} from '../../shared/connectors/postgresql/session-state.ts';
import { connectors } from '../../shared/connectors/registry.ts';
import { onEngine, reach } from '../engines/reach.ts';
import { connectToPostgresql, collectPostgresqlCatalog } from './collect-postgresql-catalog.ts';

/**
 * Settings that an administrator may change for an account: one for each setting of
 * `postgresqlSessionSettings`, and others that a session inherits.
 */
const odd = (version: number): Readonly<Record<string, string>> => ({
  statement_timeout: '2s',
  lock_timeout: '1s',
  ...(version >= 17 && { transaction_timeout: '2s' }),
  idle_in_transaction_session_timeout: '2s',
  search_path: 'trap, public',
  quote_all_identifiers: 'on',
  standard_conforming_strings: 'off',
  bytea_output: 'escape',
  DateStyle: 'German, DMY',
  IntervalStyle: 'sql_standard',
  TimeZone: 'Asia/Tokyo',
  extra_float_digits: '-5',
  lc_monetary: 'C', // another locale may not be installed
  jit: 'on',
  work_mem: '64kB',
  client_encoding: 'LATIN1',
  default_transaction_isolation: 'serializable',
  default_transaction_deferrable: 'on',
  default_transaction_read_only: 'on',
  row_security: 'off',
});

const objects = `
  create schema trap;
  create type trap.mood as enum ('good');
  create function trap.has_schema_privilege(oid, text) returns boolean language sql as 'select false';
  create table public."名前" (
    "é" date default '2020-02-03', b interval default '1 day 02:03:04', c timestamptz default '2020-02-03 04:05:06+00',
    d money default 1234.5, e bytea default '\\xdeadbeef', f float8 default '0.30000000000000004'::float8, g text default 'a\\b',
    h trap.mood default 'good', i "char" default 'x', j trap.mood[], k numeric(5, 2) default 1.50);
  create index on public."名前" ((g || 'a\\b'));
  comment on column public."名前".g is 'a\\b';`;

for (const version of [11, 14, 18]) {
  const engine = reach('postgres', { POSTGRES_VERSION: `${version}` });
  onEngine(engine, () => {
    describe(`PostgreSQL ${version} session of an account with changed settings`, () => {
      const at = { host: engine['POSTGRES_HOST'] ?? '', port: Number(engine['POSTGRES_PORT']) };
      const database = `state_${process.pid}`;
      const admin = {
        ...at,
        user: engine['POSTGRES_ADMIN_USER'],
        password: engine['POSTGRES_ADMIN_PASSWORD'],
      };
      const [plain, set] = [`plain_${process.pid}`, `set_${process.pid}`];
      const as = (user: string) => ({ ...at, user, password: user, database });

      beforeAll(async () => {
        await using client = await connectToPostgresql({ ...admin, database: 'postgres' });
        await client.query(`create database ${database} template template0 encoding 'UTF8'`);
        for (const role of [plain, set]) await client.query(`create role ${role} login password '${role}'`);
        await using inside = await connectToPostgresql({ ...admin, database });
        await inside.query(objects);
        for (const role of [plain, set]) {
          await inside.query(`grant select on all tables in schema public to ${role}`);
          await inside.query(`grant usage on schema trap to ${role}`);
        }
        for (const [name, value] of Object.entries(odd(version)))
          await inside.query(
            `alter role ${set} set ${name} = ${name === 'search_path' ? value : `'${value}'`}`,
          );
      });

      afterAll(async () => {
        await using client = await connectToPostgresql({ ...admin, database: 'postgres' });
        await client.query(`drop database if exists ${database}`);
        for (const role of [plain, set]) await client.query(`drop role if exists ${role}`);
      });

      test('reads the same catalog', async () => {
        const expected = await collectPostgresqlCatalog(as(plain));
        expect(expected.tables.map(({ name }) => name)).toEqual(['名前']);
        expect(expected.column('名前', 'h')).toMatchObject({
          type: 'trap.mood',
          default: "'good'::trap.mood",
        });
        expect(expected.column('名前', 'c')?.default).toMatch(/^'2020-02-03 04:05:06\+00'/);
        const { tables, missing } = await collectPostgresqlCatalog(as(set));
        expect({ tables, missing }).toEqual({ tables: expected.tables, missing: expected.missing });
      });

      test('passes the same connection test', async () => {
        const run = (username: string) =>
          runSourceTest(
            connectors.postgresql,
            {
              config: { ...at, database, username },
              credentials: { auth_method: 'password', password: username },
              options: { ssl_mode: 'prefer', query_timeout_seconds: 60 },
              role: 'source',
            },
            {
              policy: { loopback: true },
              environment: 'default',
              tlsSettings: { mode: 'prefer' },
              options: { connection_timeout_seconds: 30 },
            },
          );
        const outcome = ({ status, steps }: Awaited<ReturnType<typeof run>>) => ({
          status,
          steps: steps.map(({ step, status: each, remediation }) => ({ step, each, remediation })),
        });
        const expected = outcome(await run(plain));
        expect(expected.status).toBe('connected');
        expect(outcome(await run(set))).toEqual(expected);
      });

      test('uses the query time limit of the connection', async () => {
        await using client = await connectToPostgresql(as(set));
        const slept: string[] = [];
        await runPostgresqlTransaction(
          client,
          buildPostgresqlBegin(60_000),
          [{ sql: `select 'slept' from pg_sleep(3)`, row: ([word = '']) => slept.push(word) }],
          60_000,
        );
        expect(slept).toEqual(['slept']);
      });

      test('applies every session setting that the version supports, for the transaction only', async () => {
        await using client = await connectToPostgresql(as(set));
        const names = [
          ...postgresqlSessionSettings.map(({ name }) => name),
          'statement_timeout',
          'transaction_isolation',
        ];
        const look = names.map(
          (name) => `select '${name}', coalesce(pg_catalog.current_setting('${name}', true), 'unknown')`,
        );
        const found = new Map<string, string>();
        await runPostgresqlTransaction(
          client,
          buildPostgresqlBegin(1234),
          [{ sql: look.join(' union all '), row: ([name = '', value = '']) => found.set(name, value) }],
          1234,
        );
        const expected = postgresqlSessionSettings.map(({ name, value, since = 0 }) => [
          name,
          version < since ? 'unknown' : value,
        ]);
        expect([...found]).toEqual([
          ...expected,
          ['statement_timeout', '1234ms'],
          // A standby refuses to begin a serializable transaction.
          ['transaction_isolation', 'repeatable read'],
        ]);
        const { rows } = await client.query<{ TimeZone: string }>('show TimeZone');
        expect(rows).toEqual([{ TimeZone: 'Asia/Tokyo' }]);
      });
    });
  });
}
