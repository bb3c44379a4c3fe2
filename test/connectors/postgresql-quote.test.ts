import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { quotePostgresqlName } from '../../shared/connectors/postgresql/quote.ts';
import { quoteRedshiftName as quoteInRedshift } from '../../shared/connectors/redshift/quote.ts';
import { onEngine, reach } from '../engines/reach.ts';
import { connectToPostgresql } from './collect-postgresql-catalog.ts';

for (const version of ['11', '14', '18']) {
  const env = reach('postgres', { POSTGRES_VERSION: version });
  onEngine(env, () => {
    const server = () =>
      connectToPostgresql({
        host: env['POSTGRES_HOST'],
        port: Number(env['POSTGRES_PORT']),
        user: env['POSTGRES_USER'],
        password: env['POSTGRES_PASSWORD'],
        database: 'shop',
      });

    test(`every keyword that PostgreSQL ${version} quotes is quoted`, async () => {
      await using client = await server();
      const { rows } = await client.query<{ word: string; quoted: string }>(
        'select word, quote_ident(word) as quoted from pg_get_keywords()',
      );
      expect(rows.length).toBeGreaterThan(400);
      expect(
        rows.filter(({ word, quoted }) => word !== quoted && quotePostgresqlName(word) !== quoted),
      ).toEqual([]);
    });

    test(`any other name is quoted as PostgreSQL ${version} does`, async () => {
      await using client = await server();
      const word = fc.oneof(
        fc.string({ unit: 'grapheme', minLength: 1 }),
        fc.stringMatching(/^[a-zA-Z0-9_$".\s]{1,12}$/),
      );
      const names = fc
        .sample(word, 500)
        .filter((name) => name !== '' && name.isWellFormed() && !name.includes('\0'));
      const { rows } = await client.query<{ quoted: string }>(
        'select quote_ident(name) as quoted from unnest($1::text[]) with ordinality as t (name, at) order by at',
        [names],
      );
      expect(names.map(quotePostgresqlName)).toEqual(rows.map(({ quoted }) => quoted));
    });
  });
}

test('a word that only Redshift reserves is quoted only for Redshift', () => {
  expect(quoteInRedshift('tag')).toBe('"tag"');
  expect(quotePostgresqlName('tag')).toBe('tag');
  expect(quoteInRedshift('select')).toBe('"select"');
});
