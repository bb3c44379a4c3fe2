import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { connectTo, onEachMysqlEngine } from './mysql-engines.ts';
import { createMysqlCatalogReader } from './mysql-reader.ts';

onEachMysqlEngine(({ name, port, mariadb, version, admin, ...reader }) => {
  const read = createMysqlCatalogReader(port);

  describe(name, () => {
    const own = `introspect_${process.pid}`;
    const account = { user: `mooring_${process.pid}`, password: 'obviously-fake' };
    const run = async (...statements: readonly string[]) => {
      await using connection = await connectTo(port, admin);
      for (const statement of statements) await connection.run(statement);
    };

    beforeAll(() =>
      run(
        `create database ${own} character set utf8mb4`,
        `create user ${account.user} identified by 'obviously-fake'`,
        `create table ${own}.kinds (${kinds
          .map(([type], at) => `c${at} ${type}`)
          .join(', ')}, ${mariadb ? 'u uuid, i inet6' : 'j json'})`,
        `create table ${own}.computed (a int, b int default (a + 1), v int as (a * 2) virtual, s varchar(20) as (concat(a, 'it''s')) stored,
          t timestamp not null default current_timestamp on update current_timestamp)`,
        `create table ${own}.parent (x int not null, y int not null, z int, primary key (y, x), unique key xy (x, y), key z (z))`,
        `create table ${own}.child (p int, q int, note varchar(10), other int,
          constraint to_parent foreign key (q, p) references parent (y, x))`.replace(
          'references parent',
          `references ${own}.parent`,
        ),
      ),
    );
    afterAll(() => run(`drop database ${own}`, `drop user ${account.user}`));

    test('reads every kind of table, and no sequence', async () => {
      const { tables, missing } = await read(reader, { database: 'shop' });
      const found = Object.fromEntries(tables.map((table) => [table.name, table.kind]));
      expect(found).toEqual({
        MixedCase: 'table',
        broken_view: 'view',
        customers: 'table',
        events: 'table',
        no_key: 'table',
        open_orders: 'view',
        order_item_notes: 'table',
        order_items: 'table',
        orders: 'table',
        'sales.2024 archive': 'table',
        ...(mariadb ? { only_mariadb: 'table', prices: 'table' } : { only_mysql: 'table' }),
      });
      expect(missing).toEqual([
        // `open_orders` counts as broken too: the init file of the server created it, without a definer.
        {
          reason: 'views-broken',
          count: 2,
          remediation: expect.stringMatching(/`broken_view`.*`open_orders`$/),
        },
      ]);
    });

    test('reads columns with type, kind, default, comment and position', async () => {
      const { column, table } = await read(reader, { database: 'shop' });
      const older = mariadb || version.startsWith('8.0');
      expect(column('customers', 'id')).toEqual({
        name: 'id',
        type: older ? 'bigint(20) unsigned' : 'bigint unsigned',
        kind: 'integer',
        nullable: false,
        default: null,
        generated: 'identity',
        comment: 'never reused',
        position: 1,
      });
      expect(column('customers', 'last_name')).toMatchObject({
        default: mariadb ? "'it''s'" : "it's",
        nullable: false,
      });
      expect(column('customers', 'status')).toMatchObject({
        type: "enum('new','it''s','a,b')",
        kind: 'string',
      });
      expect(column('customers', 'tags')).toMatchObject({ nullable: true, default: null });
      expect(column('customers', 'full_name')).toMatchObject({
        generated: 'stored',
        default: expect.stringMatching(/^concat\(`first_name`,(_utf8mb4)?' ',`last_name`\)$/),
      });
      expect(table('customers')?.columns.map(({ position }) => position)).toEqual([
        1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11,
      ]);
      expect(table('sales.2024 archive')?.columns.map((each) => each.name)).toEqual([
        'select',
        'with `tick`',
        'a.b',
        'ünïcode 列',
        '"double"',
      ]);
    });

    test('maps every type to a kind', async () => {
      const { table, column } = await read(admin, { database: own });
      expect(
        table('kinds')
          ?.columns.slice(0, kinds.length)
          .map(({ kind }) => kind),
      ).toEqual(kinds.map(([, kind]) => kind));
      if (mariadb) {
        expect([column('kinds', 'u')?.kind, column('kinds', 'i')?.kind]).toEqual(['uuid', 'string']);
      } else expect(column('kinds', 'j')?.kind).toBe('json');
    });

    test('reads computed columns with their expressions', async () => {
      const { column } = await read(admin, { database: own });
      expect(column('computed', 'b')).toMatchObject({
        generated: null,
        default: expect.stringMatching(/`a` \+ 1/),
      });
      expect(column('computed', 'v')).toMatchObject({
        generated: 'virtual',
        default: expect.stringMatching(/`a` \* 2/),
      });
      expect(column('computed', 's')).toMatchObject({
        generated: 'stored',
        default: mariadb ? "concat(`a`,'it\\'s')" : "concat(`a`,_utf8mb4'it\\'s')",
      });
      expect(column('computed', 't')).toMatchObject({
        generated: null,
        default: expect.stringMatching(/^current_timestamp/i),
      });
    });

    test('reads keys, indexes, comments, rows and sizes', async () => {
      const { table } = await read(reader, { database: 'shop' });
      expect(table('customers')).toMatchObject({
        schema: 'shop',
        comment: `Who buys. "Quoted", it's all here; ünïcode 顧客`,
        rows: 2,
        size_bytes: 65_536,
        parent: null,
        primary_key: ['id'],
        indexes: [
          { name: 'PRIMARY', columns: ['id'], unique: true },
          { name: 'customers_email', columns: ['email'], unique: true },
          { name: 'customers_name', columns: ['last_name', 'first_name'], unique: false },
          { name: 'customers_words', columns: ['first_name', 'last_name'], unique: false },
        ],
      });
      expect(table('orders')?.foreign_keys).toEqual([
        {
          name: 'orders_customer',
          columns: ['customer_id'],
          references: { schema: 'shop', table: 'customers', columns: ['id'] },
          valid: true,
        },
        {
          name: 'orders_parent',
          columns: ['parent_id'],
          references: { schema: 'shop', table: 'orders', columns: ['id'] },
          valid: true,
        },
      ]);
      expect(table('open_orders')).toMatchObject({
        comment: null,
        rows: null,
        size_bytes: null,
        indexes: [],
      });
      expect(table('events')).toMatchObject({ primary_key: ['id', 'at'] });
      if (!mariadb && version !== '8.0') {
        expect(table('only_mysql')?.indexes[1]).toEqual({
          name: 'by_lower',
          columns: ['lower(`name`)'],
          unique: false,
          predicate: null,
          valid: true,
        });
      }
    });

    test('keeps the order of the columns of a key, on both sides', async () => {
      const { table } = await read(admin, { database: own });
      expect(table('parent')).toMatchObject({ primary_key: ['y', 'x'] });
      expect(table('child')?.foreign_keys).toEqual([
        {
          name: 'to_parent',
          columns: ['q', 'p'],
          references: { schema: own, table: 'parent', columns: ['y', 'x'] },
          valid: true,
        },
      ]);
    });

    test('names the table that a foreign key references in another database', async () => {
      const { table } = await read(reader, { database: 'odd name.with "quotes"' });
      expect(table('points')?.foreign_keys).toMatchObject([
        { references: { schema: 'shop', table: 'orders' } },
      ]);
      expect(table('Ünïcödé 表')).toMatchObject({ comment: `it's "quoted", with ünïcödé 表` });
      expect(table('a.b')?.columns.map((each) => each.name)).toEqual(['c.d', 'with space', "'single'"]);
    });

    test('lists the columns that an account may read, and reports what it may not read', async () => {
      const { tables, table, missing } = await read({ user: 'mooring_partial', password: 'partial' });
      expect(tables.map((each) => each.name)).toEqual(['customers']);
      expect(table('customers')?.columns.map((each) => each.name)).toEqual(['id', 'email']);
      const told = table('customers')?.indexes.flatMap(({ columns }) => columns) ?? [];
      expect(told.filter((each) => each !== 'id' && each !== 'email')).toEqual([]);
      expect(missing).toEqual([
        {
          reason: 'tables-denied',
          count: 1,
          remediation: 'GRANT SELECT ON `shop`.`no_key` TO `mooring_partial`@`%`;',
        },
        {
          reason: 'columns-denied',
          count: 1,
          remediation: 'GRANT SELECT ON `shop`.`customers` TO `mooring_partial`@`%`;',
        },
      ]);
    });

    test('leaves out keys with a column that the account may not read', async () => {
      await run(
        `grant select (p, note) on ${own}.child to ${account.user}`,
        `grant insert on ${own}.child to ${account.user}`,
        `grant select (x, z) on ${own}.parent to ${account.user}`,
      );
      const { table, missing } = await read(account);
      expect(table('child')).toMatchObject({ columns: [{ name: 'p' }, { name: 'note' }], foreign_keys: [] });
      expect(table('parent')?.primary_key).toEqual([]);
      expect(table('parent')?.indexes.flatMap(({ columns }) => columns)).not.toContain('y');
      expect(missing).toMatchObject([{ reason: 'columns-denied', count: 2 }]);
      await run(`grant select on ${own}.* to ${account.user}`);
      const whole = await read(account);
      expect(whole.missing).toEqual([]);
      expect(whole.table('child')?.columns).toHaveLength(4);
    });

    test('names the grant for an account that sees nothing, for all databases and for one', async () => {
      const nobody = { user: 'mooring_nobody', password: 'nobody' };
      expect(await read(nobody)).toMatchObject({
        tables: [],
        missing: [{ reason: 'tables-denied', remediation: 'GRANT SELECT ON *.* TO `mooring_nobody`@`%`;' }],
      });
      expect(await read(nobody, { scope: { schemas: ['a_b'], excludedSchemas: [] } })).toMatchObject({
        missing: [{ remediation: 'GRANT SELECT ON `a\\_b`.* TO `mooring_nobody`@`%`;' }],
      });
    });
  });
});

const kinds = [
  ['tinyint(1)', 'boolean'],
  ['bool', 'boolean'],
  ['bit(1)', 'boolean'],
  ['bit(8)', 'binary'],
  ['tinyint', 'integer'],
  ['int unsigned', 'integer'],
  ['year', 'integer'],
  ['decimal(12,2)', 'decimal'],
  ['float', 'float'],
  ['double', 'float'],
  ['date', 'date'],
  ['time(3)', 'time'],
  ['datetime(6)', 'timestamp'],
  ['timestamp null', 'timestamp'],
  ['char(3)', 'string'],
  ['varchar(20)', 'string'],
  ['longtext', 'string'],
  ["set('a', 'b')", 'string'],
  ['binary(16)', 'binary'],
  ['mediumblob', 'binary'],
  ['point', 'geo'],
  ['geometrycollection', 'geo'],
] as const;
