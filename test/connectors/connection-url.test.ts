import { describe, expect, test } from '@jest/globals';
import type { ConnectionStringParser } from '../../shared/connectors/connector.ts';
import {
  type ConnectionUrlDefinition,
  createConnectionUrlParser,
} from '../../shared/connectors/input/connection-url.ts';
import { createOptionSet } from '../../shared/connectors/input/known-options.ts';
import { Problem } from '../../shared/problem.ts';

/** All that a connector with usual URLs declares. */
const usual = createConnectionUrlParser({
  schemes: ['example', 'https', 'http'],
  schemeTls: { https: { least: 'require', usual: 'verify-full' }, http: 'disable' },
  address: 'username:password@host:port/database',
  options: {
    'user login': 'username',
    role: 'role',
    verify: { values: { true: 'verify-full', 'false none': { most: 'require' } } },
    connect_timeout: { timeout: 'seconds' },
  },
  ignored: 'application_name pool_size',
  clients: createOptionSet('compress sslcert'),
});

const define = (more: Partial<ConnectionUrlDefinition>) =>
  createConnectionUrlParser({
    schemes: ['example'],
    address: 'username:password@host:port/database',
    clients: createOptionSet('compress'),
    ...more,
  });

const findExpectation = ({ parse }: ConnectionStringParser, text: string) => {
  try {
    parse(text);
  } catch (error) {
    if (error instanceof Problem) return error.extras.errors?.[0]?.expected;
    throw error;
  }
  return undefined;
};

describe('a parser of connection URLs', () => {
  test('sets the fields that the address and the options name', () => {
    expect(
      usual.parse('example://m%20e:p%40ss@[::1]:1234/sh%2Fop?role=reader&connect_timeout=900&pool_size=5'),
    ).toEqual({
      config: { username: 'm e', host: '::1', port: 1234, database: 'sh/op', role: 'reader' },
      credentials: { password: 'p@ss' },
      options: { connection_timeout_seconds: 300 },
    });
  });

  test('sets no field for a part or an option that is empty', () => {
    expect(usual.parse('EXAMPLE://:@h:/?role=&connect_timeout=0')).toEqual({
      config: { host: 'h' },
      credentials: {},
      options: {},
    });
  });

  test('returns the fields in the order of the host, the path and the login, wherever they were set', () => {
    const parser = define({
      options: { role: 'role', user: 'username', sid: 'sid', host: 'host' },
      exclusive: [['database', 'sid']],
    });
    const { config } = parser.parse('example://:1?role=r&user=me&sid=s&host=h');
    expect(Object.keys(config)).toEqual(['host', 'port', 'sid', 'username', 'role']);
  });

  test.each([
    ['http://h', 80],
    ['http://h:1234', 1234],
    ['https://h', undefined],
    ['example://h', undefined],
  ])('names the port for connections without TLS only if the string turns TLS off: %s', (text, port) => {
    const parser = define({
      schemes: ['example', 'https', 'http'],
      schemeTls: { https: 'verify-full', http: 'disable' },
      plainPort: 80,
    });
    expect(parser.parse(text).config['port']).toBe(port);
  });

  test.each([
    ['example://h', undefined],
    ['https://h', 'verify-full'],
    ['http://h', 'disable'],
    ['https://h?verify=none', 'require'],
    ['example://h?verify=true', 'verify-full'],
  ])('derives ssl_mode from the scheme and the options: %s', (text, ssl_mode) => {
    expect(usual.parse(text).options.ssl_mode).toBe(ssl_mode);
  });

  test.each([
    ['other://h', 'a string that begins with example://'],
    ['example://me:a@b@h', 'example://username:password@host:port/database, with special characters percent-encoded'],
    ['example://me:%zz@h', 'two hexadecimal digits after each %: write % itself as %25'],
    ['example://http://h', 'one scheme: remove the second one before the host'],
    ['example://a,b', 'one host'],
    ['example://%2Ftmp%2Fsocket', 'a host that is reached over TCP, not a socket path'],
    ['example://h:1:2', 'example://username:password@host:port/database, with special characters percent-encoded'],
    ['example://me@h?user=you', 'username once, in the address or as the option user'],
    ['example://h?user=me&login=you', 'the option user once'],
    ['example://h?pool_size=1&pool_size=1', 'the option pool_size once'],
    ['example://h?verify=maybe', 'one of true, false, none for verify'],
    ['example://h?connect_timeout=soon', 'a whole number for connect_timeout'],
    ['example://h?compress=1', 'no option compress'],
    ['example://h?sslcert=/x', 'no option sslcert: send the certificate and its key themselves as ssl.cert and ssl.key'],
    ['example://h?Role=x&s3cret', 'no unknown options (options 1, 2 of the query)'],
    ['http://h?verify=true', 'verify and http:// that do not contradict each other'],
  ])('refuses %s', (text, expected) => {
    expect(findExpectation(usual, text)).toBe(expected);
  }); // prettier-ignore

  test('splits the path if the address names several fields', () => {
    const parser = define({ address: 'username:password@account/database/schema' });
    expect(parser.parse('example://a/b%2Fc/d').config).toEqual({
      account: 'a',
      database: 'b/c',
      schema: 'd',
    });
    expect(parser.parse('example://a/b').config).toEqual({ account: 'a', database: 'b' });
    expect(findExpectation(parser, 'example://a/b/c/d')).toContain('example://');
    expect(findExpectation(parser, 'example://a:1/b')).toMatch(/^no port: example:/);
  });

  test('accepts only the port that the address names, and no path if it names none', () => {
    const parser = define({ address: 'username:password@host:443' });
    expect(parser.parse('example://h:443/')).toEqual({ config: { host: 'h' }, credentials: {}, options: {} });
    expect(findExpectation(parser, 'example://h:8443')).toBe('the port 443 or none');
    expect(findExpectation(parser, 'example://h/x')).toMatch(/^no path: example:\/\/username:password@host,/);
  });

  test('rejects an address of another form when it is defined', () => {
    expect(() => define({ address: 'host:port' })).toThrow('username:password@host:port/database');
  });

  test.each([
    ['exact', 'max_rows=1', undefined],
    ['exact', 'MAX_ROWS=1', 'no unknown option (option 1 of the query)'],
    ['any-case', 'MAX_ROWS=1', undefined],
    ['any-case', 'maxRows=1', 'no unknown option (option 1 of the query)'],
    ['any-separator', 'Max-Rows=1', undefined],
  ] as const)('with the spelling %s reads the option %s', (spelling, option, expected) => {
    const parser = define({ options: { max_rows: 'max_rows' }, spelling });
    expect(findExpectation(parser, `example://h?${option}`)).toBe(expected);
  });

  test('reads a plus as a space if clients do, but refuses it in a secret', () => {
    const options = { role: 'role', token: 'token' };
    const parser = define({ options, credentials: ['password', 'token'], plusIsBlank: true });
    expect(parser.parse('example://h/a+b?role=a+b').config).toEqual({
      host: 'h',
      database: 'a+b',
      role: 'a b',
    });
    expect(findExpectation(parser, 'example://h?token=a+b')).toContain('%2B for a plus');
    expect(define({ options }).parse('example://h?token=a+b').config).toMatchObject({ token: 'a+b' });
  });

  test('keeps or skips options without a value as the definition says', () => {
    const options = { role: 'role', mode: { values: ['a'] } };
    expect(define({ options }).parse('example://h?role=').config).toEqual({ host: 'h' });
    expect(findExpectation(define({ options }), 'example://h?mode=')).toBe('a for mode');
    expect(define({ options, emptyValues: 'keep' }).parse('example://h?role=').config).toEqual({
      host: 'h',
      role: '',
    });
    expect(define({ options, emptyValues: 'skip' }).parse('example://h?role=&mode=').config).toEqual({
      host: 'h',
    });
  });

  test('refuses fields and options that exclude each other, unless one is empty', () => {
    const parser = define({
      options: { sid: 'sid', strict: { values: ['yes'] } },
      exclusive: [['database', 'sid'], ['sid', 'strict']],
    }); // prettier-ignore
    expect(findExpectation(parser, 'example://h/d?sid=s')).toBe('database or sid, not both');
    expect(findExpectation(parser, 'example://h?sid=s&strict=yes')).toBe('sid or strict, not both');
    expect(parser.parse('example://h/d?sid=').config).toEqual({ host: 'h', database: 'd' });
  });

  test('accepts options without effect more than once if the definition says so', () => {
    const parser = define({ ignored: 'tag', options: { role: 'role' }, ignoredMayRepeat: true });
    expect(findExpectation(parser, 'example://h?tag=a&tag=b')).toBeUndefined();
    expect(findExpectation(parser, 'example://h?role=a&role=b')).toContain('the option role once');
  });
});
