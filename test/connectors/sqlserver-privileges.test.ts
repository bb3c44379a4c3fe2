import { expect, test } from '@jest/globals';
import { readSqlserverPrivileges } from '../../shared/connectors/sqlserver/privileges.ts';

const account = ['reader', 'login', 'shop', 0, 0, 0, 0, 'dbo', 0, 0, 0, 0, 0, 0];

test('SQL Server privileges are listed for each schema that lacks them, however many others there are', () => {
  const schemas = Array.from({ length: 40 }, (_, at) => [`s${at}`, 3, at < 30 ? 0 : 2, at < 39 ? 0 : 1]);
  const { missing, excess } = readSqlserverPrivileges([[account], schemas], 'source');
  expect(missing.map(({ grant }) => grant)).toEqual(
    Array.from({ length: 10 }, (_, at) => `GRANT SELECT ON SCHEMA::[s${at + 30}] TO [reader];`),
  );
  expect(excess).toEqual([
    {
      what: 'INSERT, UPDATE, DELETE on 1 tables of schema s39',
      revoke: 'REVOKE INSERT, UPDATE, DELETE ON SCHEMA::[s39] FROM [reader];',
    },
  ]);
});
