import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Connector } from '../../shared/connectors/connector.ts';
import { connectors, type ConnectorType } from '../../shared/connectors/registry.ts';
import { matchesType } from '../../shared/connectors/type-names.ts';
import { connectorTypes } from '../contracts/samples.ts';

/** The connectors whose types have synonyms. */
const types = connectorTypes.filter((type) => 'loadTypeNames' in connectors[type]);

const load = async (type: ConnectorType) => {
  const { loadTypeNames }: Connector = connectors[type];
  const names = await loadTypeNames?.();
  if (!names) throw new Error(`${type} has no synonyms`);
  return names;
};

describe.each(types)('%s type', (type) => {
  test('matches itself, whatever its name', async () => {
    const names = await load(type);
    fc.assert(fc.property(fc.string(), (text) => matchesType(text, text, names)));
  });

  test('matches its synonyms in both directions, and no other type', async () => {
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
  ['postgresql', 'float(24)', 'real', true],
  ['postgresql', 'float(25)', 'double precision', true],
  ['postgresql', 'float(25)', 'real', false],
  ['postgresql', 'float', 'double precision', true],
  ['redshift', 'varchar(20)', 'character varying(20)', true],
  ['redshift', 'nvarchar', 'character varying(20)', true],
  ['redshift', 'int4', 'bigint', false],
  ['sqlserver', 'integer', 'int', true],
  ['sqlserver', 'numeric(10)', 'decimal(10,0)', true],
  ['sqlserver', 'float(53)', 'float', true],
  ['sqlserver', 'float(24)', 'real', true],
  ['sqlserver', 'float', 'real', false],
  ['sqlserver', 'rowversion', 'timestamp', true],
  ['sqlserver', 'nvarchar(max)', 'nvarchar(max)', true],
  ['sqlserver', 'nvarchar(50)', 'nvarchar(max)', false],
  ['sqlserver', 'datetime2', 'datetime2(7)', true],
  ['oracle', 'integer', 'INTEGER', true],
  ['oracle', 'int', 'NUMBER(38,0)', true],
  ['oracle', 'number', 'INTEGER', true],
  ['oracle', 'int', 'NUMBER(10,0)', false],
  ['oracle', 'number(10)', 'NUMBER(10,0)', true],
  ['oracle', 'varchar2(40 byte)', 'VARCHAR2(40)', true],
  ['oracle', 'varchar2(40)', 'VARCHAR2(40 CHAR)', false],
  ['oracle', 'timestamp with time zone', 'TIMESTAMP(6) WITH TIME ZONE', true],
  ['oracle', 'timestamp', 'TIMESTAMP(6) WITH TIME ZONE', false],
  ['oracle', 'interval day to second', 'INTERVAL DAY(2) TO SECOND(6)', true],
  ['oracle', 'interval day(3) to second(6)', 'INTERVAL DAY(2) TO SECOND(6)', false],
  ['oracle', 'double precision', 'FLOAT(126)', true],
  ['snowflake', 'int', 'NUMBER(38,0)', true],
  ['snowflake', 'number', 'NUMBER(10,2)', true],
  ['snowflake', 'decimal(10, 2)', 'NUMBER(10,2)', true],
  ['snowflake', 'int', 'NUMBER(10,2)', false],
  ['snowflake', 'string', 'VARCHAR(16777216)', true],
  ['snowflake', 'char', 'VARCHAR(1)', true],
  ['snowflake', 'char(3)', 'VARCHAR(3)', true],
  ['snowflake', 'char', 'VARCHAR(3)', false],
  ['snowflake', 'timestamp_ntz(9)', 'TIMESTAMP_NTZ', true],
  ['snowflake', 'timestamp_tz', 'TIMESTAMP_NTZ', false],
  ['bigquery', 'integer', 'INT64', true],
  ['bigquery', 'array<integer>', 'ARRAY<INT64>', true],
  ['bigquery', 'struct<id int, at timestamp>', 'STRUCT<id INT64, at TIMESTAMP>', true],
  ['bigquery', 'array<string>', 'ARRAY<INT64>', false],
  ['bigquery', 'string', 'STRING(10)', true],
  ['databricks', 'long', 'bigint', true],
  ['databricks', 'array<integer>', 'array<int>', true],
  ['databricks', 'map<string, long>', 'map<string,bigint>', true],
  ['databricks', 'decimal', 'decimal(10,0)', true],
  ['mysql', 'integer', 'int', true],
  ['mysql', 'int(11)', 'int', true],
  ['mysql', 'INT', 'int(11) unsigned', false],
  ['mysql', 'int unsigned', 'int(10) unsigned', true],
  ['mysql', 'bool', 'tinyint(1)', true],
  ['mysql', 'dec(10)', 'decimal(10,0)', true],
  ['mysql', 'varchar', 'varchar(40)', true],
  ['mysql', "enum('a','b')", "enum('a','b')", true],
  ['mysql', "ENUM('a', 'b')", "enum('a','b')", true],
  ['mysql', "enum('A','b')", "enum('a','b')", false],
  ['mysql', "enum('a ','b')", "enum('a','b')", false],
  ['mysql', 'nvarchar(10)', 'varchar(10)', true],
  ['mysql', 'national char(3)', 'char(3)', true],
  ['mysql', 'float(53)', 'double', true],
  ['mysql', 'float(24)', 'float', true],
  ['mysql', 'serial', 'bigint unsigned', true],
  ['mysql', 'serial', 'bigint', false],
  ['mysql', 'char byte', 'binary(1)', true],
  ['postgresql', 'integer array', 'integer[]', true],
  ['postgresql', '_posint', 'posint[]', true],
  ['postgresql', '_posint', '_posint', true],
  ['postgresql', '_posint', 'posint', false],
  ['mysql', "enum('a')", "enum('a','b')", false],
] as const)(
  '%s: the requested type %s and a column of type %s match: %s',
  async (type, asked, found, matches) => {
    expect(matchesType(asked, found, await load(type))).toBe(matches);
  },
);

test('types without known synonyms match only if they differ in case or outer spaces alone', () => {
  expect([matchesType(' INT ', 'int', undefined), matchesType('int4', 'integer', undefined)]).toEqual([
    true,
    false,
  ]);
});
