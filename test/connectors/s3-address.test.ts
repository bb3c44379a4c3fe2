import { describe, expect, test } from '@jest/globals';
import type { SessionTarget } from '../../shared/connectors/connector.ts';
import { runSourceTest } from '../../shared/connectors/run-source-test.ts';
import { s3 } from '../../shared/connectors/s3/connector.ts';

/** Returns the names that a test resolves for a target. Every name resolves to a forbidden address. */
const namesFor = async (
  config: Readonly<Record<string, unknown>>,
  {
    credentials = {},
    ...named
  }: Pick<SessionTarget, 'endpoint' | 'endpoints'> & { credentials?: object } = {},
) => {
  const names: string[] = [];
  const target: SessionTarget = {
    config: { bucket: 'shop-data', region: 'eu-west-1', access_key_id: 'AKIAOBVIOUSLYFAKE', ...config },
    credentials: { auth_method: 'access_key', secret_access_key: 'obviously-fake', ...credentials },
    options: { ssl_mode: 'verify-full', query_timeout_seconds: 1 },
    role: 'source',
    ...named,
  };
  const { details } = await runSourceTest(s3, target, {
    policy: {},
    environment: 'default',
    tlsSettings: { mode: 'verify-full' },
    options: { connection_timeout_seconds: 30 }, // includes the time that loading the SDK takes
    resolve: async (name) => {
      names.push(name);
      return ['169.254.169.254'];
    },
  });
  expect(details).toMatchObject({ code: 'host-forbidden' });
  return names;
};

describe('S3 host', () => {
  test.each([
    ['the bucket’s own host', {}, 'shop-data.s3.eu-west-1.amazonaws.com'],
    ['that of its region', { region: 'us-east-1' }, 'shop-data.s3.us-east-1.amazonaws.com'],
    ['China’s', { region: 'cn-north-1' }, 'shop-data.s3.cn-north-1.amazonaws.com.cn'],
    [
      'one that a certificate covers, for a name with dots',
      { bucket: 'shop.data' },
      's3.eu-west-1.amazonaws.com',
    ],
    ['the endpoint that is named', { endpoint: 'https://s3.example.test:9000' }, 's3.example.test'],
  ])('is %s', async (_, config, name) => {
    expect(await namesFor(config)).toEqual([name]);
  });

  test("is the deployment's S3 endpoint instead of Amazon's, unless the connection names an endpoint", async () => {
    const endpoint = 'https://vpce.example.test';
    expect(await namesFor({}, { endpoint })).toEqual(['vpce.example.test']);
    expect(await namesFor({ endpoint: 'https://s3.example.test' }, { endpoint })).toEqual([
      's3.example.test',
    ]);
  });

  test('for the role method is first the STS endpoint', async () => {
    const credentials = { auth_method: 'role', role_arn: 'arn:aws:iam::123456789012:role/reader' };
    expect(await namesFor({}, { credentials })).toEqual(['sts.eu-west-1.amazonaws.com']);
    expect(await namesFor({ endpoint: 'https://s3.example.test' }, { credentials })).toEqual([
      's3.example.test',
    ]);
    const endpoints = { sts: 'https://vpce.sts.example.test' };
    expect(await namesFor({}, { credentials, endpoints })).toEqual(['vpce.sts.example.test']);
    const both = { credentials, endpoint: 'https://vpce.s3.example.test' };
    expect(await namesFor({}, both)).toEqual(['vpce.s3.example.test']);
    expect(await namesFor({}, { ...both, endpoints })).toEqual(['vpce.sts.example.test']);
    // Keys of another server are not valid for AWS.
    expect(await namesFor({ endpoint: 'https://s3.example.test' }, { credentials, endpoints })).toEqual([
      's3.example.test',
    ]);
  });
});

test('an S3 connection requests the keys of a role only over TLS', async () => {
  const { details } = await runSourceTest(
    s3,
    {
      config: {
        endpoint: 'http://s3.example.test',
        bucket: 'shop-data',
        region: 'eu-west-1',
        access_key_id: 'AKIAOBVIOUSLYFAKE',
      },
      credentials: {
        auth_method: 'role',
        secret_access_key: 'obviously-fake',
        role_arn: 'arn:aws:iam::123456789012:role/reader',
      },
      options: { ssl_mode: 'disable', query_timeout_seconds: 1 },
      role: 'source',
    },
    {
      policy: {},
      environment: 'default',
      tlsSettings: { mode: 'disable' },
      options: { connection_timeout_seconds: 1 },
      resolve: async () => [],
    },
  );
  expect(details).toMatchObject({ code: 'tls-required' });
});

describe('S3 connection string', () => {
  const parse = (text: string) => s3.connectionString?.parse(text);

  test('has the endpoint, the session token and the role as options, and the prefix as path', async () => {
    const options = new URLSearchParams({
      region: 'eu-west-1',
      endpoint: 'https://s3.example.test:9000',
      session_token: 'obviously-fake',
      role_arn: 'arn:aws:iam::123456789012:role/reader',
    });
    expect(await parse(`s3://key:secret@shop-data/lake/raw%20data/?${options.toString()}`)).toEqual({
      config: {
        bucket: 'shop-data',
        prefix: 'lake/raw data/',
        access_key_id: 'key',
        region: 'eu-west-1',
        endpoint: 'https://s3.example.test:9000',
      },
      credentials: {
        secret_access_key: 'secret',
        session_token: 'obviously-fake',
        role_arn: 'arn:aws:iam::123456789012:role/reader',
      },
      options: {},
    });
  });

  test('keeps a plus sign in a session token', async () => {
    expect(await parse('s3://shop-data/?session_token=FwoG+obviously/fake==')).toMatchObject({
      credentials: { session_token: 'FwoG+obviously/fake==' },
    });
  });

  test.each([
    's3://KEY:SECRET@minio.example.test:9000@bucket/x',
    's3://https://minio.example.test:9000/bucket',
    's3://b?region=a&region=b',
    's3://b:9000/x',
    's3://b?toString=1',
    's3://k:a%zz@b',
  ])('is rejected: %s', async (text) => {
    await expect((async () => parse(text))()).rejects.toMatchObject({ code: 'invalid-request' });
  });
});
