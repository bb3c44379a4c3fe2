import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { connectTo, mysqlEngines } from './mysql-engines.ts';
import { readerOf } from './mysql-reader.ts';

/** What an administrator may have every session begin with. */
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

for (const { name, port, admin } of mysqlEngines()) {
  describe(`${name}, an account whose every session begins otherwise`, () => {
    const database = `state_${process.pid}`;
    const [plain, set] = [`state_plain_${process.pid}`, `state_set_${process.pid}`];
    const read = readerOf(port);
    const run = async (...statements: readonly string[]) => {
      await using connection = await connectTo(port, admin);
      for (const statement of statements) await connection.run(statement);
    };
    /** Other tests log in to this server meanwhile: nothing changes for their accounts. */
    const initConnect = Object.entries(odd)
      .map(([variable, value]) => {
        const either = `if(user() like '${set}@%', ${value}, @@session.${variable})`;
        return `${variable} = ${/^\d/.test(value) ? `cast(${either} as unsigned)` : either}`;
      })
      .join(', ');

    beforeAll(async () => {
      await run(
        `create database ${database} character set utf8mb4`,
        `create table ${database}.\`表一\` (\`é\` int primary key, at timestamp not null default '2020-02-03 04:05:06')`,
        `create table ${database}.\`表二\` (\`名前\` varchar(10) default 'ü', \`é\` int, foreign key \`鍵\` (\`é\`) references ${database}.\`表一\` (\`é\`))`,
        ...[plain, set].flatMap((user) => [
          `create user ${user} identified by '${user}'`,
          `grant select on ${database}.\`表一\` to ${user}`,
          `grant select (\`名前\`, \`é\`) on ${database}.\`表二\` to ${user}`,
        ]),
      );
      for (const user of [plain, set]) {
        // One that fails would end every session of everybody.
        await using connection = await connectTo(port, { user, password: user });
        await connection.run(`set ${initConnect}`);
      }
      await run(`set global init_connect = "set ${initConnect}"`);
    });
    afterAll(() =>
      run(
        `set global init_connect = ''`,
        `drop database if exists ${database}`,
        `drop user if exists ${plain}, ${set}`,
      ),
    );

    test('has another session than others', async () => {
      const sessionOf = async (user: string) => {
        await using connection = await connectTo(port, { user, password: user });
        const [row] = await connection.run(
          'select @@character_set_results, @@sql_select_limit, @@time_zone, @@sql_mode',
        );
        return row;
      };
      const [charset, limit, zone] = (await sessionOf(set)) ?? [];
      expect({ charset, limit: Number(limit), zone }).toEqual({
        charset: 'latin1',
        limit: 1,
        zone: '+09:00',
      });
      expect((await sessionOf(plain))?.[0]).not.toBe('latin1');
    });

    test.each([1, 2])('reads the same catalog over %s connections', async (connections) => {
      const asked = { database, connections };
      const expected = await read({ user: plain, password: plain }, asked);
      expect(expected.tables.map((table) => table.name)).toEqual(['表一', '表二']);
      expect(expected.column('表一', 'at')?.default).toContain('2020-02-03');
      const { tables, missing } = await read({ user: set, password: set }, asked);
      expect(tables).toEqual(expected.tables);
      expect(JSON.parse(JSON.stringify(missing).replaceAll(set, plain))).toEqual(expected.missing);
    });
  });
}
