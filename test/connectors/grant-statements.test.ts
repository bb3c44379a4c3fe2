import { describe, expect, test } from '@jest/globals';
import { createGrantStatements, renderSqlComment } from '../../shared/connectors/sql/grant-statements.ts';

describe('the statements for an account', () => {
  const { grant, revoke } = createGrantStatements('ROLE reader');

  test('grant and revoke a privilege of the account itself', () => {
    expect(grant('CREATE TABLE')).toEqual({
      what: 'CREATE TABLE',
      grant: 'GRANT CREATE TABLE TO ROLE reader;',
    });
    expect(revoke('CREATE TABLE')).toEqual({
      what: 'CREATE TABLE',
      revoke: 'REVOKE CREATE TABLE FROM ROLE reader;',
    });
  });

  test('grant and revoke privileges on an object, which is described as in the statement or in other words', () => {
    expect(grant('SELECT', 'sales.orders')).toEqual({
      what: 'SELECT on sales.orders',
      grant: 'GRANT SELECT ON sales.orders TO ROLE reader;',
    });
    expect(revoke('INSERT, UPDATE', 'ALL TABLES IN SCHEMA "S"', '3 tables of schema S')).toEqual({
      what: 'INSERT, UPDATE on 3 tables of schema S',
      revoke: 'REVOKE INSERT, UPDATE ON ALL TABLES IN SCHEMA "S" FROM ROLE reader;',
    });
  });
});

test.each(['a\nb', 'a\rb', 'a\u2028b', 'a\u2029b', 'a\u0085b'])(
  'a SQL comment with the name %j stays on one line',
  (name) => expect(renderSqlComment(`drop ${name};`)).toBe('-- drop a b;'),
);
