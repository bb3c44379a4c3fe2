import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { connectTo, onEachMysqlEngine } from './mysql-engines.ts';
import { createMysqlCatalogReader } from './mysql-reader.ts';

onEachMysqlEngine(({ name, port, admin }) => {
  const read = createMysqlCatalogReader(port);
  const own = `flags_${process.pid}`;
  const account = { user: own, password: 'not-real' };
  const run = async (...statements: readonly string[]) => {
    await using connection = await connectTo(port, admin);
    for (const statement of statements) await connection.run(statement);
  };

  describe(name, () => {
    beforeAll(() =>
      run(`create database ${own}`, `create user ${account.user} identified by '${account.password}'`),
    );
    afterAll(() => run(`drop database ${own}`, `drop user ${account.user}`));

    test('reports views that cannot be read, and views that a lock keeps from being checked', async () => {
      const gone = `gone_${process.pid}`;
      await run(
        `create user ${gone} identified by 'gone'`,
        `grant all on ${own}.* to ${gone}`,
        `create table ${own}.below (a int, b int)`,
        `create definer = ${gone} view ${own}.v_definer as select a from ${own}.below`,
        `create definer = ${gone} sql security invoker view ${own}.v_invoker as select a from ${own}.below`,
        `create view ${own}.v_over as select a from ${own}.v_definer`,
        `create view ${own}.v_column as select b from ${own}.below`,
        `create view ${own}.v_fine as select a from ${own}.below`,
        `alter table ${own}.below drop column b`,
        `drop user ${gone}`,
        `grant select on ${own}.* to ${account.user}`,
      );
      const { missing, table } = await read(account, { database: own });
      expect(missing).toMatchObject([{ reason: 'views-broken', count: 3 }]);
      for (const name of ['v_definer', 'v_over', 'v_column'])
        expect(missing[0]?.remediation).toContain(`\`${own}\`.\`${name}\``);
      expect(missing[0]?.remediation).not.toMatch(/v_fine|v_invoker/);
      expect(table('v_definer')?.columns).toMatchObject([{ name: 'a' }]);

      await using holder = await connectTo(port, admin, own);
      await holder.run('lock tables below write');
      const locked = await read(account, { database: own });
      expect(locked.missing.map(({ reason }) => reason)).toContain('views-unchecked');
      expect(locked.missing.find(({ reason }) => reason === 'views-broken')?.remediation).not.toContain(
        'v_fine',
      );
      await holder.run('unlock tables');
      await run(
        `drop view ${own}.v_definer, ${own}.v_invoker, ${own}.v_over, ${own}.v_column, ${own}.v_fine`,
        `drop table ${own}.below`,
        `revoke select on ${own}.* from ${account.user}`,
      );
    });

    test('does not report a view as broken because it calls a function that writes', async () => {
      const isMaria = name.startsWith('MariaDB');
      await run(
        `create table ${own}.log (a int)`,
        `create function ${own}.note() returns int modifies sql data begin insert into ${own}.log values (1); return 1; end`,
        `create view ${own}.v_writes as select ${own}.note() as noted`,
        ...(isMaria
          ? [
              `create sequence ${own}.numbers`,
              `create view ${own}.v_next as select nextval(${own}.numbers) as n`,
            ]
          : []),
      );
      const { missing, table } = await read(admin, { database: own });
      expect(missing).toEqual([]);
      expect(table('v_writes')?.columns).toMatchObject([{ name: 'noted' }]);
      if (isMaria) expect(table('v_next')?.columns).toMatchObject([{ name: 'n' }]);
      await run(
        `drop view ${own}.v_writes`,
        `drop function ${own}.note`,
        `drop table ${own}.log`,
        ...(isMaria ? [`drop view ${own}.v_next`, `drop sequence ${own}.numbers`] : []),
      );
    });

    test('reads current row counts, not those of an earlier day', async () => {
      await run(
        `create table ${own}.counted (a int primary key, b varchar(1000)) stats_persistent = 1`,
        `analyze table ${own}.counted`,
      );
      const before = await read(admin, { database: own });
      expect(before.table('counted')?.rows).toBe(0);
      await run(
        // MySQL 8 and later cache these values for a day, unless a session asks otherwise.
        `select table_rows, data_length from information_schema.tables where table_schema = '${own}'`,
        `insert into ${own}.counted values (1, repeat('x', 1000)), (2, 'x'), (3, 'x')`,
        `analyze table ${own}.counted`,
        `insert into ${own}.counted values (4, 'x'), (5, 'x'), (6, 'x'), (7, 'x')`,
      );
      const { table } = await read(admin, { database: own });
      expect(table('counted')?.rows).toBe(7);
      await run(`drop table ${own}.counted`);
    });
  });
});
