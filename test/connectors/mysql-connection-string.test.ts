import { describe, expect, test } from '@jest/globals';
import { mysqlConnectionStrings } from '../../shared/connectors/mysql/connection-string.ts';
import { Problem } from '../../shared/problem.ts';

const { parse } = mysqlConnectionStrings;

const expectation = (text: string) => {
  try {
    parse(text);
  } catch (error) {
    if (error instanceof Problem && error.code === 'invalid-request')
      return error.extras.errors?.[0]?.expected;
    throw error;
  }
  return 'was accepted';
};

describe('MySQL connection string', () => {
  test.each([
    [
      'DigitalOcean',
      'mysql://doadmin:fake-one@db-1.example.test:25060/defaultdb?ssl-mode=REQUIRED',
      {
        config: { host: 'db-1.example.test', port: 25060, database: 'defaultdb', username: 'doadmin' },
        options: { ssl_mode: 'require' },
      },
    ],
    [
      'PlanetScale, for Prisma',
      'mysql://me:fake-one@aws.example.test/shop?sslaccept=strict&connection_limit=5&pool_timeout=10',
      { options: { ssl_mode: 'verify-full' } },
    ],
    [
      'PlanetScale, for mysql2',
      'mysql://me:fake-one@aws.example.test/shop?ssl={"rejectUnauthorized":true}',
      { options: { ssl_mode: 'verify-full' } },
    ],
    [
      'Connector/J’s options',
      'mysql://me:fake-one@db.example.test/shop?useSSL=true&requireSSL=true&verifyServerCertificate=false&serverTimezone=UTC&connectTimeout=5000&allowPublicKeyRetrieval=true',
      { options: { ssl_mode: 'require', connection_timeout_seconds: 5 } },
    ],
    [
      'Rails',
      'mysql2://me:fake-one@db.example.test/shop?pool=5&encoding=utf8mb4&reconnect=true',
      { options: {} },
    ],
    [
      'MariaDB',
      'mariadb://me:fake-one@[2001:db8::1]:3307/shop?connect_timeout=30',
      {
        config: { host: '2001:db8::1', port: 3307, database: 'shop', username: 'me' },
        options: { connection_timeout_seconds: 30 },
      },
    ],
    [
      'no database',
      'mysql://me:fake-one@db.example.test',
      { config: { host: 'db.example.test', username: 'me' }, options: {} },
    ],
  ])('is accepted as vendors show it: %s', (_, text, parts) => {
    expect(parse(text)).toMatchObject({ credentials: { password: 'fake-one' }, ...parts });
  });

  test.each([
    ['ssl-mode=DISABLED', 'disable'],
    ['sslMode=PREFERRED', 'prefer'],
    ['ssl_mode=VERIFY_CA', 'verify-ca'],
    ['sslmode=verify-full', 'verify-full'],
    ['ssl-mode=VERIFY_IDENTITY', 'verify-full'],
    ['useSSL=false', 'disable'],
    ['useSSL=false&requireSSL=true', 'require'],
    ['verifyServerCertificate=true&useSSL=true', 'verify-ca'],
    ['ssl=false', 'disable'],
    ['ssl={"rejectUnauthorized":false}', 'require'],
    ['sslaccept=accept_invalid_certs', 'require'],
    ['trustServerCertificate=true&useSSL=true', 'require'],
    ['tls=skip-verify&parseTime=true', 'require'],
    ['tls=true', 'verify-full'],
    ['useSSL=true&trustServerCertificate=false', 'verify-full'],
    ['useSSL=false&verifyServerCertificate=false', 'disable'],
    ['sslMode=REQUIRED&sslaccept=strict', 'verify-full'],
    ['sslMode=VERIFY_CA&useSSL=true', 'verify-ca'],
  ])('with %s sets ssl_mode %s', (option, ssl_mode) => {
    expect(parse(`mysql://db.example.test/shop?${option}`).options).toEqual({ ssl_mode });
  });

  test.each([
    ['connectTimeout=0', {}],
    ['connectTimeout=1500', { connection_timeout_seconds: 2 }],
    ['connect_timeout=900', { connection_timeout_seconds: 300 }],
  ])('with %s sets the options %j', (option, options) => {
    expect(parse(`mysql://db.example.test/shop?${option}`).options).toEqual(options);
  });
});

describe('rejected MySQL connection string', () => {
  test.each([
    ['several hosts', 'mysql://one.example.test,two.example.test/shop', 'one host'],
    ['a socket path', 'mysql://%2Fvar%2Frun%2Fmysqld.sock/shop', 'over TCP'],
    ['a socket as an option', 'mysql:///shop?socket=/var/run/mysqld.sock', 'no option socket'],
    ['a socket as another option', 'mysql://db.example.test/shop?socketPath=/x', 'no option socketPath'],
    [
      'local files',
      'mysql://db.example.test/shop?allowLoadLocalInfile=true',
      'no option allowLoadLocalInfile',
    ],
    [
      'several statements',
      'mysql://db.example.test/shop?allowMultiQueries=true',
      'no option allowMultiQueries',
    ],
    [
      'several statements in mysql2',
      'mysql://db.example.test/shop?multipleStatements=true',
      'no option multipleStatements',
    ],
    ['deserialization', 'mysql://db.example.test/shop?autoDeserialize=true', 'no option autoDeserialize'],
    ['classes to load', 'mysql://db.example.test/shop?queryInterceptors=x.Y', 'no option queryInterceptors'],
    ['flags of the driver', 'mysql://db.example.test/shop?flags=LOCAL_FILES', 'no option flags'],
    [
      'the path of a key',
      'mysql://db.example.test/shop?ssl-key=/etc/passwd',
      'no option ssl-key: send the certificate and its key themselves',
    ],
    ['the path of a CA', 'mysql://db.example.test/shop?ssl_ca=/etc/passwd', 'ssl.ca'],
    ['an option twice', 'mysql://db.example.test/shop?ssl-mode=REQUIRED&sslMode=DISABLED', 'ssl-mode once'],
    ['an unknown mode', 'mysql://db.example.test/shop?ssl-mode=constructor', 'verify-full for ssl-mode'],
    ['a timeout that is not a number', 'mysql://db.example.test/shop?connectTimeout=soon', 'a whole number'],
    ['a profile of the driver', 'mysql://db.example.test/shop?ssl=Amazon%20RDS', 'for ssl'],
    ['the name of an object property', 'mysql://db.example.test/shop?constructor=x', 'no option constructor'],
    ['an invalid option name', 'mysql://db.example.test/shop?hunter2!=x', 'no unknown option'],
    [
      'TLS required and disabled',
      'mysql://h/d?sslMode=VERIFY_IDENTITY&useSSL=false',
      'ssl-mode and useSSL that',
    ],
    [
      'TLS disabled and required',
      'mysql://h/d?ssl-mode=DISABLED&requireSSL=true',
      'requireSSL and ssl-mode that',
    ],
    [
      'TLS disabled with a verified certificate',
      'mysql://h/d?useSSL=false&verifyServerCertificate=true',
      'verifyServerCertificate and useSSL that',
    ],
    [
      'a certificate that is verified and not verified',
      'mysql://h/d?sslMode=VERIFY_CA&verifyServerCertificate=false',
      'ssl-mode and verifyServerCertificate that',
    ],
    [
      'a certificate that is verified and trusted',
      'mysql://h/d?sslaccept=strict&trustServerCertificate=true',
      'sslaccept and trustServerCertificate that',
    ],
    ['contradicting options of two drivers', 'mysql://h/d?tls=skip-verify&ssl={}', 'ssl and tls that'],
    ['an option that no client has', 'mysql://h/d?Tail', 'no unknown option (option 1 of the query)'],
    ['a scheme in the host', 'mysql://http://db.example.test/shop', 'one scheme'],
    ['a broken escape', 'mysql://me:%zz@db.example.test/shop', 'hexadecimal'],
    ['a JDBC URL', 'jdbc:mysql://db.example.test/shop', 'begins with mysql://'],
  ])('names what is expected instead: %s', (_, text, expected) =>
    expect(expectation(text)).toContain(expected),
  );
});
