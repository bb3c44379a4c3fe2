import { expect, test } from '@jest/globals';
import { generateKeyPairSync } from 'node:crypto';
import { runSourceTest } from '../../shared/connectors/run-source-test.ts';
import { connectors, type ConnectorType } from '../../shared/connectors/registry.ts';
import { pem } from '../network/servers.ts';
import { http, type Service } from '../recording/http.ts';
import { postgresql } from '../recording/postgresql.ts';
import { type Protocol, startRecorder } from '../recording/recorder.ts';

const token = 'obviously-fake-token-of-a-service';
const passphrase = 'obviously-fake';
const rsa = (cipher: object = {}) =>
  generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem', ...cipher },
  }).privateKey;

const json = (status: number, body: object) => ({ status, body: JSON.stringify(body) });

/** Each service issues short-lived credentials, if the method asks for them, and then refuses every login. */
const services: Readonly<Record<string, Service>> = {
  bigquery: {
    answer: ({ path }) => (path === '/token' ? json(200, { access_token: token }) : json(401, {})),
  },
  databricks: {
    answer: ({ path }) => (path.startsWith('/oidc/') ? json(200, { access_token: token }) : json(401, {})),
  },
  s3: {
    answer: ({ body }) =>
      body.includes('AssumeRole')
        ? {
            status: 200,
            body: `<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>fake</AccessKeyId><SecretAccessKey>${token}-key</SecretAccessKey><SessionToken>${token}</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`,
          }
        : { status: 403, body: '<Error><Code>InvalidAccessKeyId</Code></Error>' },
  },
  snowflake: { answer: () => json(200, { success: false, code: '390144', message: 'no', data: null }) },
};

interface Row {
  readonly type: ConnectorType;
  readonly method: string;
  readonly config: (port: number) => Readonly<Record<string, unknown>>;
  readonly credentials: Readonly<Record<string, string>>;
  readonly server?: Protocol;
  /** Matches a secret that a server issued, or that was derived from the given credentials. */
  readonly secret: RegExp;
}

const key = rsa({ cipher: 'aes-256-cbc', passphrase });

const rows: readonly Row[] = [
  {
    type: 'bigquery',
    method: 'service_account',
    config: () => ({ project_id: 'project-1' }),
    credentials: {
      service_account: JSON.stringify({
        client_email: 'reader@project-1.iam.gserviceaccount.com',
        private_key: rsa(),
      }),
    },
    secret: new RegExp(`^${token}$`),
  },
  {
    type: 'bigquery',
    method: 'service_account',
    config: () => ({ project_id: 'project-1' }),
    credentials: {
      service_account: JSON.stringify({
        client_email: 'reader@project-1.iam.gserviceaccount.com',
        private_key: rsa(),
      }),
    },
    secret: /^eyJ[\w-]+\.eyJ[\w-]+\.[\w-]+$/,
  },
  {
    type: 'databricks',
    method: 'oauth',
    config: () => ({ host: 'dbc-1.cloud.databricks.com', http_path: '/sql/1.0/warehouses/a' }),
    credentials: { client_id: 'me', client_secret: 'obviously-fake' },
    secret: new RegExp(`^${token}$`),
  },
  {
    type: 's3',
    method: 'role',
    config: (port) => ({
      bucket: 'shop',
      region: 'eu-west-1',
      access_key_id: 'me',
      endpoint: `https://localhost:${port}`,
    }),
    credentials: {
      secret_access_key: 'obviously-fake',
      role_arn: 'arn:aws:iam::123456789012:role/reader',
    },
    secret: new RegExp(`^${token}(-key)?$`),
  },
  {
    type: 'snowflake',
    method: 'key_pair',
    config: () => ({ account: 'myorg-sales', username: 'me', schema: 'PUBLIC' }),
    credentials: { private_key: key, private_key_passphrase: passphrase },
    secret: /^-----BEGIN PRIVATE KEY-----/,
  },
  {
    type: 'postgresql',
    method: 'iam',
    config: (port) => ({ host: 'localhost', port, database: 'shop', username: 'me' }),
    credentials: { access_key_id: 'me', secret_access_key: 'obviously-fake', region: 'eu-west-1' },
    server: postgresql,
    secret: /^localhost:\d+\/\?Action=connect/,
  },
];

test.each(rows)(
  '$type hides the secrets that $method obtains during a test',
  async ({ type, method, config, credentials, server, secret }) => {
    const service = services[type];
    await using recorder = await startRecorder(server ?? http(service ?? { answer: () => json(500, {}) }));
    recorder.behave({ tls: 'trusted', asks: 'clear' });
    const hidden: string[] = [];
    const { details } = await runSourceTest(
      connectors[type],
      {
        config: config(recorder.port),
        credentials: { auth_method: method, ...credentials },
        options: { ssl_mode: 'verify-full', query_timeout_seconds: 5 },
        role: 'source',
        endpoint: `https://localhost:${recorder.port}`,
        hide: (secrets) => hidden.push(...secrets),
      },
      {
        policy: { loopback: true },
        environment: 'default',
        tlsSettings: { mode: 'verify-full', ca: pem('ca.crt') },
        options: { connection_timeout_seconds: 5 },
      },
    );
    await recorder.idle();
    // Every server refuses the login, so this result shows that the test reached it.
    expect(details).toMatchObject({
      code: expect.stringMatching(/^(authentication-failed|protocol-mismatch)$/),
    });
    expect(hidden.filter((text) => secret.test(text))).not.toEqual([]);
    expect(hidden.every((text) => text.length >= 6)).toBe(true);
  },
);
