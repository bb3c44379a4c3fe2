import { describe, expect, test } from '@jest/globals';
import { sqlserverConnectionStrings } from '../../shared/connectors/sqlserver/connection-string.ts';
import { Problem } from '../../shared/problem.ts';

const { parse } = sqlserverConnectionStrings;
const expectation = (text: string) => {
  try {
    parse(text);
  } catch (error) {
    if (error instanceof Problem) return error.extras.errors?.[0]?.expected;
    throw error;
  }
  return 'was accepted';
};

const base = { host: 'db.example.test', database: 'shop', username: 'me' };

describe('SQL Server connection string', () => {
  test.each([
    ['a URL', 'sqlserver://me:fake-one@db.example.test:14330/shop', { ...base, port: 14330 }, {}],
    ['Go', 'sqlserver://me:fake-one@db.example.test:1433?database=shop&encrypt=disable', { ...base, port: 1433 }, { ssl_mode: 'disable' }],
    ['Azure’s portal, JDBC', 'jdbc:sqlserver://db.example.test:1433;database=shop;user=me;password=fake-one;encrypt=true;trustServerCertificate=false;loginTimeout=30;', { ...base, port: 1433 }, { ssl_mode: 'verify-full', connection_timeout_seconds: 30 }],
    ['Go, with an instance', 'sqlserver://me:fake-one@db.example.test/SQLEXPRESS?database=shop', { ...base, instance: 'SQLEXPRESS' }, {}],
    ['JDBC, with an instance', 'jdbc:sqlserver://db.example.test\\SQLEXPRESS;database=shop;user=me;password=fake-one', { ...base, instance: 'SQLEXPRESS' }, {}],
    ['JDBC, with a property for the instance', 'jdbc:sqlserver://db.example.test;instanceName=SQLEXPRESS;database=shop;user=me;password=fake-one', { ...base, instance: 'SQLEXPRESS' }, {}],
    ['Prisma', 'sqlserver://db.example.test:1433;initial catalog=shop;user=me;password={fake-one};schema=dbo;connection limit=5;trustServerCertificate=true', { ...base, port: 1433 }, { ssl_mode: 'require' }],
  ])('is accepted: %s', (_, text, config, options) => {
    expect(parse(text)).toEqual({ config, credentials: { password: 'fake-one' }, options });
  }); // prettier-ignore

  test('may contain spaces around names and values', () => {
    const text =
      'jdbc:sqlserver:// db.example.test : 1433 ; user = me ; password = fake-one ; Initial Catalog = shop ; ';
    expect(parse(text)).toEqual({
      config: { ...base, port: 1433 },
      credentials: { password: 'fake-one' },
      options: {},
    });
  });

  test.each([
    ['Encrypt=true;TrustServerCertificate=true', 'require'],
    ['Encrypt=true;TrustServerCertificate=false', 'verify-full'],
    ['Encrypt=strict;TrustServerCertificate=true', 'verify-full'],
    ['Encrypt=false;TrustServerCertificate=true', 'prefer'],
    ['TrustServerCertificate=false', 'verify-full'],
  ])('maps %s to ssl_mode %s', (pair, ssl_mode) => {
    expect(parse(`sqlserver://db.example.test;${pair}`).options).toEqual({ ssl_mode });
  });

  test('has a plus sign for a space in the query, as in Go, but not in a secret', () => {
    expect(parse('sqlserver://db.example.test?database=my+shop&connection+timeout=5')).toMatchObject({
      config: { database: 'my shop' },
      options: { connection_timeout_seconds: 5 },
    });
    expect(expectation('sqlserver://db.example.test?password=a+b')).toContain('%2B for a plus');
    expect(parse('sqlserver://db.example.test?password=a%2Bb').credentials).toEqual({ password: 'a+b' });
  });

  test('may contain separators in a password in braces', () => {
    expect(
      parse('sqlserver://db.example.test;user=me;password={a;b}}c=d};database=shop').credentials,
    ).toEqual({
      password: 'a;b}c=d',
    });
  });

  test.each([
    ['true', 'verify-full'],
    ['mandatory', 'verify-full'],
    ['strict', 'verify-full'],
    ['false', 'prefer'],
    ['optional', 'prefer'],
    ['disable', 'disable'],
  ])('maps encrypt=%s to ssl_mode %s', (encrypt, ssl_mode) => {
    expect(parse(`sqlserver://db.example.test/shop?encrypt=${encrypt}`).options).toEqual({ ssl_mode });
  });
});

describe('invalid SQL Server connection string', () => {
  test.each([
    ['an instance beside a port', 'sqlserver://me@db.example.test:1433/SQLEXPRESS?database=shop', 'port or instance, not both'],
    ['the same with semicolons', 'sqlserver://db.example.test\\SQLEXPRESS:1433;database=shop', 'port or instance, not both'],
    ['an instance twice', 'sqlserver://db.example.test\\SQLEXPRESS;instanceName=OTHER', 'instance once'],
    ['an instance of an instance', 'sqlserver://db.example.test\\SQL\\EXPRESS;database=shop', 'host:port or host\\instance'],
    ['several hosts', 'sqlserver://one.example.test,two.example.test;database=shop', 'one host'],
    ['a database twice', 'sqlserver://db.example.test;database=shop;databaseName=other', 'database once'],
    ['Windows authentication', 'sqlserver://db.example.test;integratedSecurity=true', 'no option integratedSecurity'],
    ['the path of a trust store', 'sqlserver://db.example.test;trustStore=/etc/passwd', 'no option trustStore'],
    ['another host name in the certificate', 'sqlserver://db.example.test/shop?hostNameInCertificate=x', 'no option hostNameInCertificate'],
    ['the name of an object property', 'sqlserver://db.example.test/shop?constructor=x', 'no option constructor'],
    ['an unknown encryption', 'sqlserver://db.example.test/shop?encrypt=constructor', 'disable for encrypt'],
    ['TLS disabled with a verified certificate', 'sqlserver://h;Encrypt=disable;TrustServerCertificate=false', 'trustServerCertificate and encrypt that'],
    ['optional TLS with a verified certificate', 'sqlserver://h;Encrypt=false;TrustServerCertificate=false', 'trustServerCertificate and encrypt that'],
    ['a password twice', 'sqlserver://h;password=;pwd=fake-one', 'password once'],
    ['quotes, which JDBC keeps', 'sqlserver://h;password="fake;one"', 'in braces'],
    ['quotes around a whole value', "sqlserver://h;password='fake-one'", 'in braces'],
    ['a brace that is not closed', 'sqlserver://h;password={fake-one', 'to end with }'],
    ['text after a closing brace', 'sqlserver://h;password={fake}-one', 'to end with }'],
    ['two options without a semicolon', 'sqlserver://h;database=shop PWD=fake-one', 'in braces'],
    ['an option that no client has', 'sqlserver://h;database=shop;Tail=x', 'no unknown option (option 2 of the list)'],
    ['a scheme in the host', 'sqlserver://https://db.example.test/shop', 'one scheme'],
    ['a port that is not a number', 'sqlserver://db.example.test:port;database=shop', 'a port from 1'],
  ])('is rejected: %s', (_, text, expected) => expect(expectation(text)).toContain(expected)); // prettier-ignore
});
