import { connect as dial } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runSourceTest, openManagedSession } from '../../shared/connectors/run-source-test.ts';
import type { Table } from '../../shared/connectors/catalog.ts';
import { redshiftSessionSettings } from '../../shared/connectors/redshift/session-state.ts';
import { connectors } from '../../shared/connectors/registry.ts';
import { onEngine, reach } from '../engines/reach.ts';
import { plainServer } from '../network/servers.ts';
import { createRedshiftDatabase } from './redshift-database.ts';

/**
 * Settings that an administrator may change for a user, one for each setting of `redshiftSessionSettings`.
 */
const odd: Readonly<Record<string, string>> = {
  search_path: 'trap, pg_catalog, public',
  datestyle: "'German, DMY'",
  timezone: "'Asia/Tokyo'",
  extra_float_digits: '-5',
};

test('this test changes every Redshift session setting', () => {
  expect(redshiftSessionSettings.map(({ name }) => name).toSorted()).toEqual(Object.keys(odd).toSorted());
});

/** Forwards everything, with column names in uppercase as with `describe_field_name_in_uppercase`. */
const upperCaseFront = (port: number) =>
  plainServer((socket) => {
    const behind = dial(port, '127.0.0.1');
    for (const each of [socket, behind]) each.on('error', () => {});
    socket.on('close', () => behind.destroy());
    behind.on('close', () => socket.destroy());
    socket.pipe(behind);
    let waiting = Buffer.alloc(0);
    behind.on('data', (piece: Buffer) => {
      waiting = Buffer.concat([waiting, piece]);
      while (waiting.length >= 5 && waiting.length > waiting.readUInt32BE(1)) {
        const message = waiting.subarray(0, waiting.readUInt32BE(1) + 1);
        waiting = waiting.subarray(message.length);
        socket.write(message[0] === 0x54 ? upperCased(message) : message);
      }
    });
  });

/** RowDescription: a number of columns, each with a zero-terminated name and 18 bytes. */
const upperCased = (message: Buffer): Buffer => {
  const copy = Buffer.from(message);
  for (let at = 7; at < copy.length; at += 19)
    for (; copy[at] !== 0; at += 1)
      copy[at] = String.fromCharCode(copy[at] ?? 0)
        .toUpperCase()
        .charCodeAt(0);
  return copy;
};

const engine = reach('postgres', { POSTGRES_VERSION: '18', POSTGRES_TLS: 'off' });
onEngine(engine, () => {
  describe('Redshift session of a user with changed settings', () => {
    const { admin, database, inside, start, stop } = createRedshiftDatabase(engine, 'state');
    const [plain, set] = [`plain_rs_${process.pid}`, `set_rs_${process.pid}`];

    beforeAll(() =>
      start(
        `create schema trap; create view trap.svv_tables as select * from pg_catalog.svv_tables limit 0;
         create function trap.has_schema_privilege(name, text) returns boolean language sql as 'select false'`,
        `create table sales.defaults (d date default '2020-02-03', at timestamptz default '2020-02-03 04:05:06+00',
           f float8 default '0.30000000000000004'::float8)`,
        ...[plain, set].map(
          (
            role,
          ) => `create role ${role} login password '${role}'; grant usage on schema trap, sales to ${role};
            grant select on all tables in schema trap, sales to ${role}`,
        ),
        ...Object.entries({ ...odd, statement_timeout: '1' }).map(
          ([name, value]) => `alter role ${set} set ${name} = ${value}`,
        ),
      ),
    );
    afterAll(async () => {
      {
        await using client = await inside();
        for (const role of [plain, set]) await client.query(`drop owned by ${role}; drop role ${role}`);
      }
      await stop();
    });

    const { host, port } = admin;
    const targetOf = (username: string, at: number) => ({
      config: { host, port: at, database, username },
      credentials: { auth_method: 'password', password: username },
      options: { ssl_mode: 'disable' as const, query_timeout_seconds: 20 },
      role: 'source' as const,
    });
    const options = {
      policy: { loopback: true },
      environment: 'default',
      tlsSettings: { mode: 'disable' as const },
      options: { connection_timeout_seconds: 20 },
    };
    const read = async (username: string, at = port) => {
      await using session = await openManagedSession(connectors.redshift, targetOf(username, at), options);
      const tables: Table[] = [];
      const missing = await session.introspect({ excludedSchemas: [] }, (some) => void tables.push(...some));
      return { tables, missing };
    };
    const outcomeOf = async (username: string, at = port) => {
      const { status, details, steps } = await runSourceTest(
        connectors.redshift,
        targetOf(username, at),
        options,
      );
      return {
        status,
        details: { ...details, latency_ms: 0 },
        steps: steps.map(({ step, status: each }) => [step, each]),
      };
    };

    test('reads the same catalog', async () => {
      const expected = await read(plain);
      expect(expected.tables.find(({ name }) => name === 'defaults')?.columns).toMatchObject([
        { default: "'2020-02-03'::date" },
        { default: "'2020-02-03 04:05:06+00'::timestamp with time zone" },
        { default: "'0.30000000000000004'::double precision" },
      ]);
      expect(await read(set)).toEqual(expected);
    });

    test('passes the same connection test', async () => {
      const expected = await outcomeOf(plain);
      expect(expected.status).toBe('connected');
      expect(await outcomeOf(set)).toEqual(expected);
    });

    test('accepts column names in uppercase', async () => {
      await using front = await upperCaseFront(port);
      expect(await outcomeOf(plain, front.port)).toEqual(await outcomeOf(plain));
      expect(await read(plain, front.port)).toEqual(await read(plain));
    });
  });
});
