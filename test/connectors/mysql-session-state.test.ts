import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Table } from '../../shared/connectors/catalog.ts';
import { introspectMysql } from '../../shared/connectors/mysql/introspect.ts';
import { openMysqlClient } from '../../shared/connectors/mysql/open-client.ts';
import { applyMysqlSettings } from '../../shared/connectors/mysql/session-state.ts';
import { readMysqlServer } from '../../shared/connectors/mysql/version.ts';
import { createDialer } from '../../shared/network/create-dialer.ts';
import { createStepRecorder } from '../../shared/network/step-recorder.ts';
import { connectTo, onEachMysqlEngine } from './mysql-engines.ts';

/** Settings that an administrator may apply to every session (`init_connect`). */
const odd = {
  sql_mode: `'ANSI_QUOTES,PIPES_AS_CONCAT,NO_BACKSLASH_ESCAPES'`,
  character_set_client: `'latin1'`,
  character_set_connection: `'latin1'`,
  character_set_results: `'latin1'`,
  sql_select_limit: '1',
  max_join_size: '1',
  sql_big_selects: '0',
  sql_quote_show_create: '0',
  time_zone: `'+09:00'`,
};
const setOdd = `set session ${Object.entries(odd)
  .map(([variable, value]) => `${variable} = ${value}`)
  .join(', ')}`;

onEachMysqlEngine(({ name, port, admin }) => {
  describe(`${name} session with other defaults`, () => {
    const database = `state_${process.pid}`;
    const user = `state_${process.pid}`;
    const run = async (...statements: readonly string[]) => {
      await using connection = await connectTo(port, admin);
      for (const statement of statements) await connection.run(statement);
    };

    beforeAll(() =>
      run(
        `create database ${database} character set utf8mb4`,
        `create table ${database}.\`表一\` (\`é\` int primary key, at timestamp not null default '2020-02-03 04:05:06')`,
        `create table ${database}.\`表二\` (\`名前\` varchar(10) default 'ü', \`é\` int, foreign key \`鍵\` (\`é\`) references ${database}.\`表一\` (\`é\`))`,
        `create user ${user} identified by '${user}'`,
        `grant select on ${database}.\`表一\` to ${user}`,
        `grant select (\`名前\`, \`é\`) on ${database}.\`表二\` to ${user}`,
      ),
    );
    afterAll(() => run(`drop database if exists ${database}`, `drop user if exists ${user}`));

    /**
     * Reads the catalog over that many connections. `how` says whether each gets the odd settings, and then
     * ours again.
     */
    const read = async (connections: number, how: 'as it is' | 'spoilt' | 'spoilt and settled') => {
      using trail = createStepRecorder({ limits: () => 20_000, budget: 60_000 });
      await using dialer = createDialer({
        policy: { loopback: true },
        environment: 'default',
        tlsSettings: { mode: 'require' },
        recorder: trail,
      });
      await using links = new AsyncDisposableStack();
      const open = async () => {
        const link = links.use(
          await openMysqlClient(
            {
              config: { host: '127.0.0.1', port, username: user, database },
              credentials: { auth_method: 'password', password: user },
              options: { ssl_mode: 'require', query_timeout_seconds: 20 },
              role: 'source',
            },
            dialer,
            (_, work) => work(),
          ),
        );
        link.allow({ left: 2 ** 20 });
        if (how !== 'as it is') await link.ask(setOdd);
        if (how === 'spoilt and settled') await applyMysqlSettings(link, await readMysqlServer(link), 20_000);
        return link;
      };
      const tables: Table[] = [];
      const sink = (some: readonly Table[]) => void tables.push(...some);
      // The introspection does not wait for a connection that opens late, but it must be open before all are
      // closed.
      const others: ReturnType<typeof open>[] = [];
      const openOther = () => {
        const other = open();
        others.push(other);
        return other;
      };
      const options = { database, connections, openClient: openOther };
      const missing = await introspectMysql(await open(), { excludedSchemas: [] }, sink, options);
      await Promise.all(others);
      return { tables, missing };
    };

    test('reads another catalog, or none, with the odd settings', async () => {
      const expected = await read(1, 'as it is');
      expect(expected.tables.map((table) => table.name)).toEqual(['表一', '表二']);
      const spoilt = await read(1, 'spoilt').catch(() => undefined);
      expect(spoilt).not.toEqual(expected);
    });

    test.each([1, 2])(
      'reads the same catalog over %s connections after it applies our settings',
      async (connections) => {
        expect(await read(connections, 'spoilt and settled')).toEqual(await read(connections, 'as it is'));
      },
    );
  });
});
