import { connect, createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { setImmediate } from 'node:timers/promises';
import type { Table } from '../../shared/connectors/catalog.ts';
import { introspectMysql } from '../../shared/connectors/mysql/introspect.ts';
import type { MysqlClient } from '../../shared/connectors/mysql/client.ts';
import { splitMysqlQuery } from '../../shared/connectors/mysql/queries.ts';
import { listen } from '../network/servers.ts';
import { connectTo, onEachMysqlEngine } from './mysql-engines.ts';
import { createMysqlCatalogReader, type MysqlReadOptions } from './mysql-reader.ts';

onEachMysqlEngine(({ name, port, admin, ...reader }) => {
  const read = createMysqlCatalogReader(port);

  describe(name, () => {
    const own = `scope_${process.pid}`;
    /** Names that MariaDB's own tables do not distinguish. */
    const alike = [own.toUpperCase(), own, own.replace('o', 'ö')];
    const run = async (...statements: readonly string[]) => {
      await using connection = await connectTo(port, admin);
      for (const statement of statements) await connection.run(statement);
    };

    beforeAll(() =>
      run(
        ...alike.flatMap((schema, at) => [
          `create database \`${schema}\``,
          `create table \`${schema}\`.t (of${at} int primary key)`,
        ]),
      ),
    );
    afterAll(() => run(...alike.map((schema) => `drop database \`${schema}\``)));

    test('reads the same catalog over one, two and three connections', async () => {
      const [one, ...others] = await Promise.all(
        [1, 2, 3].map((connections) => read(reader, { database: 'shop', connections })),
      );
      for (const other of others) expect(other.tables).toEqual(one?.tables);
    });

    test('reads the same thousand tables over one, two and three connections', async () => {
      const [one, ...others] = await Promise.all(
        [1, 2, 3].map((connections) => read(reader, { database: 'many', connections })),
      );
      expect(one?.tables.length).toBe(1000);
      for (const other of others) expect(other.tables).toEqual(one?.tables);
    });

    test('reads over one connection when the account may have no more', async () => {
      const limited = { user: 'mooring_limited', password: 'limited' };
      const { missing } = await read(limited);
      expect(missing).toMatchObject([{ reason: 'tables-denied' }]);
    });

    test('reads only the databases of its scope, or all except system databases', async () => {
      const schemasOf = async (asked: MysqlReadOptions) => [
        ...new Set((await read(admin, asked)).tables.map(({ schema }) => schema)),
      ];
      const all = await schemasOf({});
      expect(all).toEqual(expect.arrayContaining(['many', 'odd name.with "quotes"', 'shop', own]));
      for (const system of ['mysql', 'sys', 'information_schema', 'performance_schema'])
        expect(all).not.toContain(system);
      expect(await schemasOf({ scope: { excludedSchemas: ['shop', 'many', "it's", '\\'] } })).toEqual(
        all.filter((schema) => schema !== 'shop' && schema !== 'many'),
      );
      expect(await schemasOf({ scope: { schemas: ['shop', own], excludedSchemas: [] } })).toEqual([
        own,
        'shop',
      ]);
      expect(await schemasOf({ database: 'shop', scope: { excludedSchemas: ['shop'] } })).toEqual([]);
      expect(await schemasOf({ scope: { schemas: [], excludedSchemas: [] } })).toEqual([]);
      expect(await schemasOf({ scope: { schemas: ["' or 1 = 1 -- ", '\\'], excludedSchemas: [] } })).toEqual(
        [],
      );
    });

    test('emits all tables in byte order', async () => {
      const { tables } = await read(admin);
      const places = tables.map((table) => Buffer.from(`${table.schema}\0${table.name}`));
      expect(places).toEqual(places.toSorted(Buffer.compare));
    });

    test('reports nothing missing for an empty database', async () => {
      const empty = `empty_${process.pid}`;
      await run(`create database ${empty}`);
      expect(await read(admin, { database: empty })).toMatchObject({ tables: [], missing: [] });
      await run(`drop database ${empty}`);
    });

    test('distinguishes databases whose names differ only in case or accents', async () => {
      const found = async (asked: MysqlReadOptions) =>
        (await read(admin, asked)).tables
          .filter(({ schema }) => alike.includes(schema))
          .map(({ schema, columns, primary_key }) => [schema, columns.map((each) => each.name), primary_key]);
      const all = alike.map((schema, at) => [schema, [`of${at}`], [`of${at}`]]);
      expect(await found({})).toEqual(all);
      for (const [at, schema] of alike.entries()) {
        expect(await found({ database: schema })).toEqual([all[at]]);
        expect(await found({ scope: { schemas: [schema, 'shop'], excludedSchemas: [] } })).toEqual([all[at]]);
        expect(await found({ scope: { excludedSchemas: [schema] } })).toEqual(all.toSpliced(at, 1));
        expect(await found({ database: schema, scope: { excludedSchemas: alike.toSpliced(at, 1) } })).toEqual(
          [all[at]],
        );
      }
    });

    test.each(['5.5.30', '8.4.0', '5.5.5-10.1.2-MariaDB'])(
      'reads the same catalog through a proxy that announces version %s',
      async (version) => {
        const straight = await read(reader, { database: 'shop' });
        await using proxy = await greetingAs(version, port);
        expect(await createMysqlCatalogReader(proxy.port)(reader, { database: 'shop' })).toMatchObject({
          tables: straight.tables,
          missing: straight.missing,
        });
      },
    );
  });
});

/** Forwards both directions, but replaces the version in the server's first packet, as ProxySQL does. */
const greetingAs = (version: string, port: number) =>
  listen(
    createServer((socket) => {
      const other = connect(port, '127.0.0.1');
      other.on('error', () => socket.destroy());
      other.on('close', () => socket.destroy());
      socket.on('close', () => other.destroy());
      other.once('data', (greeting) => {
        const rest = greeting.subarray(greeting.indexOf(0, 5));
        const packet = Buffer.concat([greeting.subarray(0, 5), Buffer.from(version), rest]);
        packet.writeUIntLE(packet.length - 4, 0, 3);
        socket.write(packet);
        other.pipe(socket);
        socket.pipe(other);
      });
    }),
  );

describe('parts of the MySQL column query', () => {
  /** Whether a part returns the table of that name, on a server that orders names by `rank`. */
  const has = (part: string, name: string, rank: (name: string) => number) =>
    part
      .split(' and ')
      .slice(1)
      .every((condition) => {
        const [, operator, hex = ''] = /^table_name (<|>=) _utf8mb4 x'([0-9a-f]*)'$/.exec(condition) ?? [];
        const bound = rank(Buffer.from(hex, 'hex').toString());
        return operator === '<' ? rank(name) < bound : operator === '>=' && rank(name) >= bound;
      });
  const many = fc.uniqueArray(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }), {
    minLength: 500,
    maxLength: 700,
    size: 'max',
  });

  test('return each table once, whatever the order of names on the server', () => {
    fc.assert(
      fc.property(many, fc.infiniteStream(fc.nat()), (names, numbers) => {
        const ranks = new Map(names.map((name) => [name, numbers.next().value ?? 0]));
        const rank = (name: string) => ranks.get(name) ?? -1;
        const parts = splitMysqlQuery('select 1', names);
        expect(parts.length).toBe(4);
        for (const name of [...names, 'made meanwhile'])
          expect(parts.filter((part) => has(part, name, rank)).length).toBe(1);
      }),
      { numRuns: 20 },
    );
  });

  test('have about the same size if the server orders names as we do', () => {
    const names = Array.from({ length: 2000 }, (_, at) => `t${at}`).sort();
    const counts = splitMysqlQuery('select 1', names).map(
      (part) => names.filter((name) => has(part, name, (one) => names.indexOf(one))).length,
    );
    for (const count of counts) expect(Math.abs(count - 500)).toBeLessThan(30);
  });

  test('are a single query for few tables', () => {
    expect(splitMysqlQuery('select 1', ['a', 'b'])).toEqual(['select 1']);
  });

  test('are all awaited, also the part of a connection that opens late', async () => {
    const names = Array.from({ length: 600 }, (_, at) => `t${String(at).padStart(3, '0')}`);
    const late = Promise.withResolvers<MysqlClient>();
    const allParts = Promise.withResolvers<void>();
    let part = 0;
    /** Answers like MySQL 9. The part of the late connection comes when no other part is left. */
    const link = (isLate = false): MysqlClient => ({
      allow: () => {},
      [Symbol.asyncDispose]: async () => {},
      ask: async (sql, row = () => {}) => {
        if (sql.startsWith('select version()')) row(['9.7.4', 0]);
        if (sql === 'show grants') row(['GRANT SELECT ON *.* TO `me`@`%`']);
        if (sql.startsWith('select table_name from')) {
          await setImmediate(); // by then the first connection has done everything else
          for (const name of names) row([name]);
        }
        if (sql.includes('information_schema.tables') && sql.startsWith('select table_schema'))
          for (const name of names) row(['shop', name, 'BASE TABLE', 'InnoDB', '', 1, 1]);
        if (!sql.includes('information_schema.columns')) return;
        late.resolve(link(true));
        if (isLate) {
          await allParts.promise;
          await setImmediate();
        } else await setImmediate();
        part++;
        const mine = names.filter((name) =>
          has(sql.slice(sql.indexOf(' and table_name')), name, (one) => names.indexOf(one)),
        );
        for (const name of mine) row([name, 'id', 1, 'int', 'NO', null, '', '']);
        if (part === 3) allParts.resolve();
      },
    });
    const opened = [Promise.resolve(link()), late.promise];
    const tables: Table[] = [];
    await introspectMysql(link(), { excludedSchemas: [] }, (some) => void tables.push(...some), {
      database: 'shop',
      connections: 3,
      openClient: () => opened.shift() ?? Promise.resolve(undefined),
    });
    expect(part).toBe(4);
    expect(tables.map(({ columns }) => columns.length)).toEqual(names.map(() => 1));
  });
});
