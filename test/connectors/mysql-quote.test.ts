import { describe, expect, test } from '@jest/globals';
import { quoteMysqlName } from '../../shared/connectors/mysql/quote.ts';
import { connectTo, onEachMysqlEngine } from './mysql-engines.ts';

test.each([
  ['orders', 'orders'],
  ['MixedCase', 'MixedCase'],
  ['select', '`select`'],
  ['Rank', '`Rank`'],
  ['returning', '`returning`'],
  ['2024_sales', '`2024_sales`'],
  ['a.b', '`a.b`'],
  ['with `tick`', '`with ``tick```'],
  ['ünïcode', '`ünïcode`'],
  ['', '``'],
])('the MySQL name %j is quoted as %s', (name, pasted) => expect(quoteMysqlName(name)).toBe(pasted));

onEachMysqlEngine(({ name, port, mariadb, admin }) => {
  describe(name, () => {
    test('accepts every unquoted word as a name', async () => {
      await using connection = await connectTo(port, admin, 'shop');
      const words = (await connection.run('select word from information_schema.keywords'))
        .map(([word]) => String(word).toLowerCase())
        .filter((word) => quoteMysqlName(word) === word);
      expect(words.length).toBeGreaterThan(300);
      for (const word of words) {
        await connection.run(`create temporary table ${word} (${word} int)`);
        await connection.run(`select ${word} from shop.${word}`);
        await connection.run(`drop temporary table ${word}`);
      }
    });

    // MariaDB does not list its reserved words.
    if (!mariadb)
      test('quotes every reserved word', async () => {
        await using connection = await connectTo(port, admin, 'shop');
        const reserved = await connection.run('select word from information_schema.keywords where reserved');
        expect(reserved.length).toBeGreaterThan(200);
        const words = reserved.map(([word]) => String(word).toLowerCase());
        expect(words.filter((word) => quoteMysqlName(word) === word)).toEqual([]);
      });
  });
});
