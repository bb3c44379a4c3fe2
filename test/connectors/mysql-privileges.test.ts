import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { SessionTarget } from '../../shared/connectors/connector.ts';
import { openManagedSession } from '../../shared/connectors/run-source-test.ts';
import { mysql } from '../../shared/connectors/mysql/connector.ts';
import { matchesMysqlPattern, parseMysqlGrants } from '../../shared/connectors/mysql/grants.ts';
import { readMysqlPrivileges } from '../../shared/connectors/mysql/privileges.ts';
import { connectTo, onEachMysqlEngine } from './mysql-engines.ts';

onEachMysqlEngine(({ name, port, mariadb, admin }) => {
  describe(name, () => {
    const user = `Odd "account" ${process.pid}`;
    const account = `\`${user}\`@\`%\``;
    const database = `priv_${process.pid}`;
    const role = `role_${process.pid}`;
    const run = async (...statements: readonly string[]) => {
      await using connection = await connectTo(port, admin);
      for (const statement of statements) await connection.run(statement);
    };
    const runAll = (texts: readonly string[]) =>
      run(
        ...texts.flatMap((text) =>
          text.split(/(?<=;) (?=[A-Z])/).map((one) => one.replace(/;( --.*)?$/, '')),
        ),
      );
    const privileges = async (as: SessionTarget['role'] = 'source', at: string | null = database) => {
      await using session = await openManagedSession(
        mysql,
        {
          config: { host: 'localhost', port, username: user, ...(at !== null && { database: at }) },
          credentials: { auth_method: 'password', password: 'obviously-fake' },
          options: { ssl_mode: 'disable', query_timeout_seconds: 10 },
          role: as,
        },
        {
          policy: { loopback: true },
          environment: 'default',
          tlsSettings: { mode: 'disable' },
          options: { connection_timeout_seconds: 5 },
        },
      );
      const { missing, excess } = await session.privileges();
      return {
        grants: missing.map(({ grant }) => grant),
        revokes: excess.map(({ revoke }) => revoke),
        excess,
      };
    };

    beforeAll(() =>
      run(
        `create database ${database}`,
        `create table ${database}.orders (id int, note text)`,
        `create table ${database}.\`a.b\` (id int)`,
        `create role ${role}`,
      ),
    );
    afterAll(() => run(`drop database ${database}`, `drop role ${role}`));

    /** Each test starts with an account without privileges. */
    const fresh = () =>
      run(`drop user if exists ${account}`, `create user ${account} identified by 'obviously-fake'`);
    const dropped = () => run(`drop user if exists ${account}`);

    test('reports what a source lacks, and the grant provides it', async () => {
      await fresh();
      const everywhere = await privileges('source', null);
      expect(everywhere.grants).toEqual([`GRANT SELECT ON *.* TO ${account};`]);
      await run(`grant execute on ${database}.* to ${account}`);
      const { grants } = await privileges();
      expect(grants).toEqual([`GRANT SELECT ON \`${database.replace('_', '\\_')}\`.* TO ${account};`]);
      await runAll(grants);
      expect(await privileges()).toEqual({ grants: [], revokes: [], excess: [] });
      expect((await privileges('source', null)).grants).toEqual([]);
      await dropped();
    });

    test('reports the tables that a source may write but not read', async () => {
      await fresh();
      await run(
        `grant select (id) on ${database}.orders to ${account}`,
        `grant insert on ${database}.\`a.b\` to ${account}`,
      );
      const { grants, revokes } = await privileges();
      expect(grants).toEqual([`GRANT SELECT ON \`${database}\`.\`a.b\` TO ${account};`]);
      expect(revokes).toEqual([`REVOKE INSERT ON \`${database}\`.\`a.b\` FROM ${account};`]);
      await runAll([...grants, ...revokes]);
      expect(await privileges()).toMatchObject({ grants: [], revokes: [] });
      await dropped();
    });

    test('reports the excess of a source, and the statement revokes it', async () => {
      await fresh();
      await run(
        `grant select, create user on *.* to ${account}`,
        `grant insert, delete on ${database}.* to ${account} with grant option`,
        `grant update (id) on ${database}.orders to ${account}`,
      );
      const { revokes, excess } = await privileges();
      expect(excess.map(({ what }) => what).join('\n')).toMatch(/CREATE USER[^]*DELETE[^]*UPDATE/);
      await runAll(revokes);
      expect((await privileges()).revokes).toEqual([]);
      await dropped();
    });

    test.each(['*', 'orders'])(
      'reports ALL PRIVILEGES on %s as excess, and the source can still read after the revoke',
      async (what) => {
        await fresh();
        const place = `${database}.${what}`;
        await run(
          `grant all privileges on ${place} to ${account} with grant option`,
          `grant select on ${database}.\`a.b\` to ${account}`,
        );
        const { revokes, excess, grants } = await privileges();
        expect(grants).toEqual([]);
        expect((await privileges('source', null)).grants).toEqual([]);
        expect(excess).toMatchObject([{ what: expect.stringMatching(/^ALL PRIVILEGES, GRANT OPTION on /) }]);
        await runAll(revokes);
        expect(await privileges()).toEqual({ grants: [], revokes: [], excess: [] });
        await dropped();
      },
    );

    test('reports a superuser, who can still read after the revoke', async () => {
      await fresh();
      await run(`grant all privileges on *.* to ${account} with grant option`);
      const { revokes, excess } = await privileges();
      expect(excess).toMatchObject([{ what: 'superuser' }]);
      if (!mariadb) return dropped(); // the administrator of the tests may not revoke what needs SYSTEM_USER
      await runAll(revokes);
      expect(await privileges()).toEqual({ grants: [], revokes: [], excess: [] });
      await dropped();
    });

    test('proposes a granted but inactive role as the default role', async () => {
      await fresh();
      await run(
        `grant select on ${database}.* to ${role}`,
        `grant ${role} to ${account}`,
        // Without this the account may not even enter the database.
        `grant execute on ${database}.* to ${account}`,
      );
      const { grants } = await privileges();
      expect(grants).toEqual([
        mariadb ? `SET DEFAULT ROLE \`${role}\` FOR ${account};` : `SET DEFAULT ROLE ALL TO ${account};`,
      ]);
      await runAll(grants);
      expect((await privileges()).grants).toEqual([]);
      await run(`revoke select on ${database}.* from ${role}`);
      // A role that grants nothing does not help.
      await fresh();
      await run(`grant ${role} to ${account}`, `grant execute on ${database}.* to ${account}`);
      expect((await privileges()).grants).toEqual([expect.stringMatching(/^GRANT SELECT/)]);
      await dropped();
    });

    test('counts the privileges of an active role', async () => {
      await fresh();
      await run(
        `grant select, insert on ${database}.* to ${role}`,
        `grant ${role} to ${account}`,
        mariadb ? `set default role ${role} for ${account}` : `set default role ${role} to ${account}`,
      );
      const { grants, revokes } = await privileges();
      expect(grants).toEqual([]);
      expect(revokes).toHaveLength(1);
      expect(revokes[0]).toContain(`REVOKE \`${role}\``);
      await dropped();
    });

    test('reports what a target lacks, and the grant provides it, without any excess', async () => {
      await fresh();
      await run(`grant select on ${database}.* to ${account}`);
      const { grants } = await privileges('target');
      expect(grants).toEqual([
        `GRANT CREATE, INSERT ON \`${database.replace('_', '\\_')}\`.* TO ${account};`,
      ]);
      await runAll(grants);
      expect(await privileges('target')).toEqual({ grants: [], revokes: [], excess: [] });
      expect(await privileges('target', null)).toEqual({ grants: [], revokes: [], excess: [] });
      await dropped();
    });
  });
});

describe('MySQL grants', () => {
  const source = (lines: readonly string[], database?: string, foldsNames = false) =>
    readMysqlPrivileges(parseMysqlGrants(lines, { foldsNames }), {
      role: 'source',
      ...(database !== undefined && { database }),
    });

  test('are parsed with the quotes of MySQL 5.7', () => {
    expect(
      source(
        ["GRANT USAGE ON *.* TO 'it''s'@'10.%'", "GRANT SELECT, INSERT ON `a.b`.`it's` TO 'it''s'@'10.%'"],
        'a.b',
      ),
    ).toEqual({
      missing: [],
      excess: [
        { what: "INSERT on `a.b`.`it's`", revoke: "REVOKE INSERT ON `a.b`.`it's` FROM `it's`@`10.%`;" },
      ],
    });
  });

  test('match a database as the server compares names', () => {
    const grants = ['GRANT SELECT ON `rs\\_mixed`.* TO `me`@`%`'];
    expect(source(grants, 'RS_Mixed', true)).toEqual({ missing: [], excess: [] });
    expect(source(grants, 'RS_Mixed').missing).toHaveLength(1);
    const some = ['GRANT SELECT ON `rs_mixed`.`big` TO `me`@`%`'];
    expect(source(some, 'RS_Mixed', true)).toEqual({ missing: [], excess: [] });
    expect(source(some, 'RS_Mixed').missing).toHaveLength(1);
  });

  test('on a routine give no right on a table of that name', () => {
    const grants = [
      'GRANT SELECT ON `shop`.* TO `me`@`%`',
      ...['PROCEDURE', 'FUNCTION', 'PACKAGE', 'PACKAGE BODY'].map(
        (kind) => `GRANT EXECUTE, ALTER ROUTINE ON ${kind} \`shop\`.\`orders\` TO \`me\`@\`%\``,
      ),
    ];
    expect(source(grants, 'shop')).toEqual({ missing: [], excess: [] });
  });

  test.each(['FILE', 'CREATE USER', 'SHUTDOWN', 'RELOAD', 'INSERT', 'TRIGGER', 'EVENT'])(
    'of %s are excess for a source',
    (privilege) => {
      const { excess } = source([`GRANT SELECT, PROCESS, ${privilege} ON *.* TO \`me\`@\`%\``]);
      expect(excess).toEqual([
        { what: `${privilege} on *.*`, revoke: `REVOKE ${privilege} ON *.* FROM \`me\`@\`%\`;` },
      ]);
    },
  );

  test.each([
    ['my_b', 'myXb', true],
    ['my_b', 'my_b', true],
    ['my_b', 'myb', false],
    ['my_b', 'myXXb', false],
    [String.raw`my\_b`, 'my_b', true],
    [String.raw`my\_b`, 'myXb', false],
    ['my%b', 'myb', true],
    ['my%b', 'my-anything-b', true],
    [String.raw`my\%b`, 'my%b', true],
    [String.raw`my\%b`, 'myb', false],
    ['%', '', true],
    ['_', '', false],
  ])('with the pattern %j match %j: %j', (pattern, name, whether) => {
    expect(matchesMysqlPattern(pattern, name)).toBe(whether);
  });

  test('match databases by pattern', () => {
    const grants = ['GRANT SELECT ON `tenant\\_%`.* TO `me`@`%`'];
    expect(source(grants, 'tenant_7').missing).toEqual([]);
    expect(source(grants, 'tenants').missing).toHaveLength(1);
    expect(
      source(['GRANT SELECT ON `%%%%%%%%%%%%%%%%%%%%%%%%b`.* TO `me`@`%`'], 'a'.repeat(60)).missing,
    ).toHaveLength(1);
  });

  test('do not include what a partial revoke takes back', () => {
    const grants = ['GRANT SELECT ON *.* TO `me`@`%`', 'REVOKE SELECT ON `secret`.* FROM `me`@`%`'];
    expect(source(grants, 'secret').missing).toHaveLength(1);
    expect(source(grants, 'shop').missing).toEqual([]);
    expect(
      source(['GRANT SELECT ON *.* TO `me`@`%`', 'REVOKE SELECT ON `mysql`.* FROM `me`@`%`']).missing,
    ).toEqual([]);
  });

  test('are parsed without password hashes, and unknown lines are ignored', () => {
    const grants = [
      "GRANT INSERT ON *.* TO `me`@`%` IDENTIFIED BY PASSWORD '*9D2B483C6C4DC60C34BE5D974F9085D15654D113' WITH GRANT OPTION",
      'GRANT `reader` TO `me`@`%`',
      "GRANT PROXY ON ''@'%' TO 'me'@'%'",
      'GRANT EXECUTE ON PROCEDURE `shop`.`run` TO `me`@`%`',
      'GRANT EXECUTE ON FUNCTION `shop`.`run` TO `me`@`%`',
      'GRANT BACKUP_ADMIN,CLONE_ADMIN ON *.* TO `me`@`%`',
      'something else',
      '',
      'GRANT',
      'GRANT SELECT (',
    ];
    const said = source(grants);
    expect(JSON.stringify([said, parseMysqlGrants(grants, { foldsNames: false })])).not.toContain('9D2B');
    expect(said.excess.map(({ what }) => what)).toEqual([
      'INSERT, GRANT OPTION on *.*',
      'BACKUP_ADMIN, CLONE_ADMIN on *.*',
    ]);
  });
});
