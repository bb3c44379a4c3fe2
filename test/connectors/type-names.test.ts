import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { connectors } from '../../shared/connectors/registry.ts';
import { matchesType } from '../../shared/connectors/type-names.ts';

const load = async (type: 'postgresql' | 'mysql') => {
  const names = await connectors[type].loadTypeNames?.();
  if (!names) throw new Error(`${type} has no synonyms`);
  return names;
};

describe.each(['postgresql', 'mysql'] as const)('a type of %s', (type) => {
  test('matches itself, whatever it is', async () => {
    const names = await load(type);
    fc.assert(fc.property(fc.string(), (text) => matchesType(text, text, names)));
  });

  test('matches its synonyms both ways, and no other type', async () => {
    const names = await load(type);
    const name = fc.constantFrom(...names.synonyms.keys());
    fc.assert(
      fc.property(name, name, (one, other) => {
        const isSame = names.synonyms.get(one) === names.synonyms.get(other);
        expect([matchesType(one, other, names), matchesType(other, one, names)]).toEqual([isSame, isSame]);
      }),
    );
  });
});

test.each([
  ['postgresql', 'int4', 'integer', true],
  ['postgresql', 'serial', 'integer', true],
  ['postgresql', 'bool', 'boolean', true],
  ['postgresql', 'varchar', 'character varying(255)', true],
  ['postgresql', 'varchar(255)', 'character varying(255)', true],
  ['postgresql', 'varchar(40)', 'character varying(255)', false],
  ['postgresql', 'numeric(5, 2)', 'numeric(5,2)', true],
  ['postgresql', 'decimal(5)', 'numeric(5,0)', true],
  ['postgresql', 'numeric(5,2)', 'numeric', false],
  ['postgresql', 'timestamptz(3)', 'timestamp(3) with time zone', true],
  ['postgresql', 'timestamp', 'timestamp with time zone', false],
  ['postgresql', '_int4', 'integer[]', true],
  ['postgresql', 'int4[]', 'integer[]', true],
  ['postgresql', 'int4', 'integer[]', false],
  ['postgresql', 'public.mood', 'mood', true],
  ['postgresql', 'mood', 'public.mood', true],
  ['postgresql', 'app.mood', 'public.mood', false],
  ['postgresql', 'public.integer', 'integer', false],
  ['postgresql', 'pg_catalog.int4', 'integer', true],
  ['postgresql', 'pg_catalog.int4', 'integer', true],
  ['mysql', 'integer', 'int', true],
  ['mysql', 'int(11)', 'int', true],
  ['mysql', 'INT', 'int(11) unsigned', false],
  ['mysql', 'int unsigned', 'int(10) unsigned', true],
  ['mysql', 'bool', 'tinyint(1)', true],
  ['mysql', 'dec(10)', 'decimal(10,0)', true],
  ['mysql', 'varchar', 'varchar(40)', true],
  ['mysql', "enum('a','b')", "enum('a','b')", true],
  ['mysql', "enum('a')", "enum('a','b')", false],
] as const)('%s: asked for %s, a column of %s matches: %s', async (type, asked, found, matches) => {
  expect(matchesType(asked, found, await load(type))).toBe(matches);
});

test('where no synonyms are known, types differ in case alone', () => {
  expect([matchesType(' INT ', 'int', undefined), matchesType('int4', 'integer', undefined)]).toEqual([
    true,
    false,
  ]);
});
