import { describe, expect, test } from '@jest/globals';
import {
  createPostgresqlConnectionStrings,
  postgresqlConnectionStrings,
} from '../../shared/connectors/postgresql/connection-string.ts';
import { Problem } from '../../shared/problem.ts';

const { parse } = postgresqlConnectionStrings;
const expectation = (text: string) => {
  try {
    parse(text);
  } catch (error) {
    if (error instanceof Problem) return error.extras.errors?.[0]?.expected;
    throw error;
  }
  return 'was accepted';
};

describe('PostgreSQL connection string', () => {
  const me = { username: 'me' };
  test.each([
    ['Neon', 'postgresql://me:fake-one@ep-cool-1.eu-central-1.aws.neon.tech/shop?sslmode=require&channel_binding=require',
      { config: { ...me, host: 'ep-cool-1.eu-central-1.aws.neon.tech', database: 'shop' }, options: { ssl_mode: 'verify-full' } }],
    ['Supabase', 'postgresql://postgres.abc:fake-one@aws-0-eu-west-1.pooler.supabase.com:6543/postgres?pgbouncer=true&connection_limit=1',
      { config: { username: 'postgres.abc', host: 'aws-0-eu-west-1.pooler.supabase.com', port: 6543, database: 'postgres' }, options: {} }],
    ['Vercel', 'postgres://me:fake-one@db.example.test/shop?sslmode=require&supa=base-pooler.x&workaround=supabase-pooler.vercel',
      { config: { ...me, host: 'db.example.test', database: 'shop' }, options: { ssl_mode: 'require' } }],
    ['Prisma', 'postgresql://me:fake-one@db.example.test:5432/shop?schema=sales&connect_timeout=15&pool_timeout=20&sslaccept=strict',
      { config: { ...me, host: 'db.example.test', port: 5432, database: 'shop', schemas: ['sales'] }, options: { connection_timeout_seconds: 15, ssl_mode: 'verify-full' } }],
    ['PlanetScale', 'postgresql://me:fake-one@db.example.test/shop?sslmode=verify-full&sslrootcert=system',
      { config: { ...me, host: 'db.example.test', database: 'shop' }, options: { ssl_mode: 'verify-full' } }],
    ['Aiven', 'postgres://me:fake-one@db.example.test:14039/shop?sslmode=require',
      { config: { ...me, host: 'db.example.test', port: 14039, database: 'shop' }, options: { ssl_mode: 'require' } }],
    ['libpq, all as options', 'postgresql:///shop?host=db.example.test&port=6432&user=me&password=fake-one&application_name=x&target_session_attrs=read-write',
      { config: { ...me, host: 'db.example.test', port: 6432, database: 'shop' }, options: {} }],
    ['an IPv6 address', 'POSTGRESQL://me:fake-one@[2001:db8::7]:5433/shop',
      { config: { ...me, host: '2001:db8::7', port: 5433, database: 'shop' }, options: {} }],
    ['Unicode', 'postgresql://me:fake-one@db.example.test/%E8%A1%A8%20one',
      { config: { ...me, host: 'db.example.test', database: '表 one' }, options: {} }],
  ])('from a vendor is accepted: %s', (_, text, parts) => {
    expect(parse(text)).toEqual({ ...parts, credentials: { password: 'fake-one' } });
  }); // prettier-ignore

  test.each([
    ['disable', 'disable'],
    ['allow', 'prefer'],
    ['prefer', 'prefer'],
    ['require', 'require'],
    ['no-verify', 'require'],
    ['verify-ca', 'verify-ca'],
    ['verify-full', 'verify-full'],
  ])('maps sslmode=%s to ssl_mode %s', (mode, ssl_mode) => {
    expect(parse(`postgresql://db.example.test/shop?sslmode=${mode}`)?.options).toEqual({ ssl_mode });
  });

  test.each([
    ['ssl=true', { ssl_mode: 'require' }],
    ['ssl=0', { ssl_mode: 'disable' }],
    ['ssl=verify-full', { ssl_mode: 'verify-full' }],
    ['sslmode=verify-full&ssl=true', { ssl_mode: 'verify-full' }],
    ['sslmode=require&ssl=verify-ca', { ssl_mode: 'verify-ca' }],
    ['sslmode=require&sslaccept=strict', { ssl_mode: 'verify-full' }],
    ['sslmode=require&sslaccept=accept_invalid_certs', { ssl_mode: 'require' }],
    ['sslaccept=accept_invalid_certs', {}],
    ['sslrootcert=system', { ssl_mode: 'verify-full' }],
    ['sslmode=require&sslrootcert=system', { ssl_mode: 'verify-full' }],
    ['channel_binding=require', { ssl_mode: 'verify-full' }],
    ['sslmode=disable&channel_binding=prefer', { ssl_mode: 'disable' }],
    ['sslnegotiation=direct', { ssl_mode: 'require' }],
    ['gssencmode=prefer&ssl_min_protocol_version=TLSv1.2', {}],
    ['connect_timeout=0', {}],
    ['connect_timeout=9999', { connection_timeout_seconds: 300 }],
  ])('maps %s to options', (option, options) => {
    expect(parse(`postgresql://db.example.test/shop?${option}`)?.options).toEqual(options);
  });

  test('leaves out values that it does not contain', () => {
    expect(parse('postgresql://db.example.test')).toEqual({
      config: { host: 'db.example.test' },
      credentials: {},
      options: {},
    });
  });
});

describe('invalid PostgreSQL connection string', () => {
  test.each([
    ['several hosts', 'postgresql://one.example.test,two.example.test/shop', 'one host'],
    [
      'several hosts with ports',
      'postgresql://one.example.test:1,two.example.test:2/shop',
      'postgresql://user',
    ],
    ['several hosts as an option', 'postgresql:///shop?host=one.example.test,two.example.test', 'one host'],
    ['a socket path', 'postgresql:///shop?host=/var/run/postgresql', 'over TCP'],
    ['a percent-encoded socket path', 'postgresql://%2Fvar%2Frun%2Fpostgresql/shop', 'over TCP'],
    ['an abstract socket', 'postgresql:///shop?host=@mooring', 'postgresql://user'],
    ['a host in two places', 'postgresql://one.example.test/shop?host=two.example.test', 'host once'],
    ['an option twice', 'postgresql://db.example.test/shop?sslmode=require&sslmode=disable', 'sslmode once'],
    ['an unknown mode', 'postgresql://db.example.test/shop?sslmode=constructor', 'verify-full for sslmode'],
    ['the path of a root certificate', 'postgresql://db.example.test/shop?sslrootcert=/etc/passwd', 'ssl.ca'],
    ['the path of a key', 'postgresql://db.example.test/shop?sslkey=/etc/passwd', 'no option sslkey'],
    [
      'settings of the server',
      'postgresql://db.example.test/shop?options=-c%20role%3Droot',
      'no option options',
    ],
    ['a service file', 'postgresql://db.example.test/shop?service=prod', 'no option service'],
    ['hostaddr', 'postgresql://db.example.test/shop?hostaddr=127.0.0.1', 'no option hostaddr'],
    [
      'a replication connection',
      'postgresql://db.example.test/shop?replication=database',
      'no option replication',
    ],
    [
      'the name of an object property',
      'postgresql://db.example.test/shop?constructor=x',
      'no option constructor',
    ],
    ['an invalid option name', 'postgresql://db.example.test/shop?hunter2!=x', 'no unknown option'],
    ['TLS required and disabled', 'postgresql://h/d?sslmode=verify-full&ssl=false', 'sslmode and ssl that'],
    ['TLS disabled and required', 'postgresql://h/d?ssl=verify-full&sslmode=disable', 'ssl and sslmode that'],
    ['TLS preferred and disabled', 'postgresql://h/d?sslmode=prefer&ssl=0', 'sslmode and ssl that'],
    [
      'a certificate that is verified and not verified',
      'postgresql://h/d?sslmode=verify-ca&sslaccept=accept_invalid_certs',
      'sslmode and sslaccept that',
    ],
    [
      'the same in node-postgres',
      'postgresql://h/d?ssl=no-verify&sslrootcert=system',
      'sslrootcert and ssl that',
    ],
    [
      'TLS disabled with channel binding',
      'postgresql://h/d?sslmode=disable&channel_binding=require',
      'channel_binding and sslmode that',
    ],
    ['GSSAPI encryption', 'postgresql://h/d?gssencmode=require', 'disable or prefer for gssencmode'],
    [
      'required login methods',
      'postgresql://h/d?require_auth=scram-sha-256',
      'no option require_auth: set credentials.auth_method',
    ],
    [
      'the path of a certificate',
      'postgresql://h/d?sslcert=/x',
      'no option sslcert: send the certificate and its key',
    ],
    [
      'a minimum TLS version that is too new',
      'postgresql://h/d?ssl_min_protocol_version=TLSv1.3',
      'TLSv1.2 or older for ssl_min_protocol_version',
    ],
    [
      'an option that no client has',
      'postgresql://h/d?sslmode=require&Tail',
      'no unknown option (option 2 of the query)',
    ],
    [
      'two unknown options and a known one',
      'postgresql://h/d?Tr0ub=1&passfile=x&Tail',
      'no option passfile and no unknown options (options 1, 3 of the query)',
    ],
    ['a scheme in the host', 'postgresql://https://db.example.test/shop', 'one scheme'],
    ['a scheme for a host', 'postgresql://https:5432/shop', 'one scheme'],
    ['a password with an @', 'postgresql://me:fake@one@db.example.test/shop', 'percent-encoded'],
    ['a space', 'postgresql://me:fake one@db.example.test/shop', 'percent-encoded'],
    ['a broken escape', 'postgresql://me:%zz@db.example.test/shop', 'hexadecimal'],
    ['Redshift’s scheme', 'redshift://db.example.test/shop', 'begins with postgresql://'],
    ['key=value pairs', 'host=db.example.test user=me', 'postgresql://user'],
  ])('is rejected: %s', (_, text, expected) => expect(expectation(text)).toContain(expected));
});

test('a Redshift connection string has its own scheme', () => {
  const redshift = createPostgresqlConnectionStrings(['redshift']);
  expect(redshift.parse('redshift://me:fake-one@db.example.test:5439/dev')).toEqual({
    config: { host: 'db.example.test', port: 5439, database: 'dev', username: 'me' },
    credentials: { password: 'fake-one' },
    options: {},
  });
});
