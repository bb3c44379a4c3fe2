import { describe, expect, test } from '@jest/globals';
import * as v from 'valibot';
import { mongodbConnectionStrings } from '../../shared/connectors/mongodb/connection-string.ts';
import { mongodb } from '../../shared/connectors/mongodb/connector.ts';

const parse = async (text: string) => mongodbConnectionStrings.parse(text);
const refused = (text: string): Promise<unknown> =>
  parse(text).catch((error: unknown) => Object(error).extras.errors[0].expected);

describe('MongoDB connection string', () => {
  test.each([
    ['mongodb://db.example.test', { host: 'db.example.test' }],
    ['mongodb://me@db.example.test:27018/', { host: 'db.example.test', port: 27018, username: 'me' }],
    [
      'mongodb://[2001:db8::1]:27018/shop',
      { host: '2001:db8::1', port: 27018, database: 'shop', auth_source: 'shop' },
    ],
    [
      'mongodb://a.example.test,b.example.test:27018/?replicaSet=rs0',
      { hosts: ['a.example.test:27017', 'b.example.test:27018'], replica_set: 'rs0' },
    ],
    ['mongodb://[::1],b.example.test', { hosts: ['[::1]:27017', 'b.example.test:27017'] }],
    [
      'mongodb://me@h/shop?authSource=admin',
      { host: 'h', database: 'shop', username: 'me', auth_source: 'admin' },
    ],
    [
      'mongodb+srv://me@cluster0.example.test/shop?retryWrites=true&w=majority&appName=Cluster0',
      { srv: 'cluster0.example.test', database: 'shop', username: 'me' },
    ],
  ])('is parsed into a valid config: %s', async (text, config) => {
    expect((await parse(text)).config).toEqual(config);
    expect(v.is(mongodb.config, { username: 'me', ...config })).toBe(true);
  });

  test.each([
    ['tls=true', 'verify-full'],
    ['ssl=true', 'verify-full'],
    ['tls=false', 'disable'],
    ['tls=true&tlsAllowInvalidHostnames=true', 'verify-ca'],
    ['tlsAllowInvalidCertificates=true&TLS=true', 'require'],
    ['tlsInsecure=true', 'require'],
    ['tlsInsecure=false', 'verify-full'],
    ['tls=true&ssl=true', 'verify-full'],
    ['tlsAllowInvalidHostnames=true&tlsAllowInvalidCertificates=true', 'require'],
    ['tlsAllowInvalidCertificates=false&tlsAllowInvalidHostnames=true', 'verify-ca'],
    ['tlsAllowInvalidHostnames=false', 'verify-full'],
    ['', undefined],
  ])('with the options "%s" sets ssl_mode %s', async (query, mode) => {
    expect((await parse(`mongodb://h/?${query}`)).options.ssl_mode).toBe(mode);
  });

  test('takes connectTimeoutMS, rounded up to whole seconds', async () => {
    expect((await parse('mongodb://h/?connectTimeoutMS=1500')).options).toEqual({
      connection_timeout_seconds: 2,
    });
    expect((await parse('mongodb://h/?connectTimeoutMS=0')).options).toEqual({});
  });

  test('of an X.509 account asks for its certificate and for no password', async () => {
    const { config, credentials } = await parse(
      'mongodb://h/shop?authMechanism=MONGODB-X509&authSource=%24external',
    );
    expect(config).toEqual({ host: 'h', database: 'shop' });
    expect(credentials).toEqual({ auth_method: 'certificate' });
  });

  test.each([
    ['tlsCAFile=/etc/passwd', 'no option tlsCAFile: send the certificates themselves as ssl.ca'],
    [
      'tlsCertificateKeyFile=/var/task/key.pem',
      'no option tlsCertificateKeyFile: send the certificate and its key themselves as ssl.cert and ssl.key',
    ],
    ['proxyHost=evil.example.test', 'no option proxyHost'],
    ['authMechanismProperties=ENVIRONMENT:azure', 'no option authMechanismProperties'],
    ['authMechanism=MONGODB-AWS', 'SCRAM-SHA-256, SCRAM-SHA-1 or MONGODB-X509 for authMechanism'],
    ['authMechanism=PLAIN', 'SCRAM-SHA-256, SCRAM-SHA-1 or MONGODB-X509 for authMechanism'],
    ['srvServiceName=other', 'mongodb for srvServiceName'],
    ['authSource=a&authsource=b', 'the option authSource once'],
    ['tls=true&ssl=false', 'tls and ssl that do not contradict each other'],
    ['ssl=true&tls=false', 'ssl and tls that do not contradict each other'],
    ['tls=false&tlsInsecure=true', 'tlsInsecure and tls that do not contradict each other'],
    [
      'tls=false&tlsAllowInvalidCertificates=false',
      'tlsAllowInvalidCertificates and tls that do not contradict each other',
    ],
    [
      'tlsInsecure=false&tlsAllowInvalidCertificates=true',
      'tlsInsecure or tlsAllowInvalidCertificates, not both',
    ],
    ['Tail', 'no unknown option (option 1 of the query)'],
  ])('with %s is rejected: %s', async (query, expected) => {
    expect(await refused(`mongodb://h/?${query}`)).toBe(expected);
  });

  test.each([
    'mongodb://%2Ftmp%2Fmongodb.sock/shop',
    'mongodb+srv://a.example.test:27017',
    'mongodb+srv://a.test,b.test',
    'mongodb://a:b:c@h',
    'mongodb://h:1:2',
  ])('with an invalid host is rejected: %s', async (text) =>
    expect(await refused(text)).toEqual(expect.any(String)),
  );
});

describe('MongoDB config', () => {
  test.each([
    [{}, false],
    [{ host: 'h' }, true],
    [{ hosts: ['h:1', '[::1]:2', 'h'] }, true],
    [{ hosts: [] }, false],
    [{ srv: 'cluster0.example.test' }, true],
    [{ host: 'h', srv: 'cluster0.example.test' }, false],
    [{ host: 'h', hosts: ['h'] }, false],
    [{ hosts: ['/tmp/mongodb.sock'] }, false],
  ])('%j is valid: %s', (config, fits) =>
    expect(v.is(mongodb.config, { username: 'me', ...config })).toBe(fits),
  );
});
