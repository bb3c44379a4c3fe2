import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import type { Connector, SslMode, SessionTarget } from '../../shared/connectors/connector.ts';
import { runSourceTest } from '../../shared/connectors/run-source-test.ts';
import { connectors } from '../../shared/connectors/registry.ts';
import { secureServer } from '../contracts/service.ts';
import { closedPort, plainServer } from '../network/servers.ts';

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const keyFile = JSON.stringify({
  client_email: 'me@mooring-test.iam.gserviceaccount.com',
  private_key: String(privateKey.export({ type: 'pkcs8', format: 'pem' })),
});
const password = { auth_method: 'password', password: 'obviously-fake' };

type At = (port: number) => Pick<SessionTarget, 'config' | 'credentials' | 'endpoint'>;
const host = 'localhost';
const database =
  (more: object = {}): At =>
  (port) => ({ config: { host, port, database: 'shop', username: 'me', ...more }, credentials: password });
const service =
  (config: SessionTarget['config'], credentials: SessionTarget['credentials']): At =>
  (port) => ({ config, credentials, endpoint: `https://${host}:${port}` });

/** How to direct each connector to a port of this machine. */
const all: Readonly<Record<keyof typeof connectors, At>> = {
  postgresql: database(),
  redshift: database(),
  mysql: database(),
  sqlserver: database(),
  oracle: (port) => ({ config: { host, port, service_name: 'shop', username: 'me' }, credentials: password }),
  mongodb: database({ auth_source: 'admin' }),
  kafka: (port) => ({
    config: { bootstrap_servers: `${host}:${port}` },
    credentials: { auth_method: 'sasl', sasl_username: 'me', sasl_password: 'obviously-fake' },
  }),
  s3: (port) => ({
    config: { endpoint: `https://${host}:${port}`, region: 'eu-west-1', bucket: 'shop', access_key_id: 'me' },
    credentials: { auth_method: 'access_key', secret_access_key: 'obviously-fake' },
  }),
  snowflake: service(
    { account: 'mooring', username: 'me', schema: 'PUBLIC' },
    { auth_method: 'password', password: 'obviously-fake' },
  ),
  bigquery: service(
    { project_id: 'mooring-test' },
    { auth_method: 'service_account', service_account: keyFile },
  ),
  databricks: service(
    { host: 'dbc-00000000-0000.cloud.databricks.com', http_path: '/sql/1.0/warehouses/0123456789abcdef' },
    { auth_method: 'token', token: 'obviously-fake' },
  ),
};

/**
 * The budget is longer than any test waits. Only the limit of a step can end the test, and no driver may
 * start again.
 */
const tried = async (connector: Connector, at: ReturnType<At>, seconds = 20, mode: SslMode = 'require') => {
  const { status, steps } = await runSourceTest(
    connector,
    { ...at, options: { ssl_mode: mode, query_timeout_seconds: 600 }, role: 'source' },
    {
      policy: { loopback: true },
      environment: 'default',
      tlsSettings: { mode },
      options: { connection_timeout_seconds: seconds },
      budget: 600_000,
    },
  );
  return { status, failed: steps.filter((step) => step.status === 'failed') };
};

describe.each(Object.entries(all))('%s connector against an unreachable server', (type, at) => {
  const connector = Object.entries<Connector>(connectors).find(([name]) => name === type)?.[1];
  if (!connector) throw new Error('there is no such connector');

  test('fails at once with connection-refused on a closed port', async () => {
    const { status, failed } = await tried(connector, at(await closedPort()));
    expect(status).toBe('failed');
    expect(failed).toMatchObject([{ step: 'connect', code: 'connection-refused' }]);
  });

  // In protocols in which the server speaks first, its first bytes belong to the connect step.
  test('fails at the limit of the step on a silent port, after one connection', async () => {
    await using server = await plainServer();
    const { status, failed } = await tried(connector, at(server.port), 1);
    expect(status).toBe('failed');
    expect(failed).toMatchObject([
      { step: expect.stringMatching(/^(connect|tls|authenticate)$/), code: 'timeout' },
    ]);
    expect(server.accepted).toHaveLength(1);
  });

  test('fails at the limit of the step on a port that is silent at the login, after one connection', async () => {
    // Connectors that speak only HTTPS log in over TLS. The others log in without TLS here.
    const secure = /^(s3|snowflake|bigquery|databricks)$/.test(type);
    await using server = secure ? await secureServer(() => {}) : await plainServer();
    const { status, failed } = await tried(connector, at(server.port), 1, secure ? 'require' : 'disable');
    expect(status).toBe('failed');
    expect(failed).toMatchObject([
      { step: expect.stringMatching(/^(connect|authenticate)$/), code: 'timeout' },
    ]);
    expect(server.accepted).toHaveLength(1);
  });

  test('fails with connection-reset on a port that resets the connection, after one connection', async () => {
    await using server = await plainServer((socket) => socket.resetAndDestroy());
    const { status, failed } = await tried(connector, at(server.port));
    expect(status).toBe('failed');
    expect(failed).toMatchObject([{ code: 'connection-reset' }]);
    expect(server.accepted).toHaveLength(1);
  });
});
