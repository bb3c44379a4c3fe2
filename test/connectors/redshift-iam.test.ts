import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runSourceTest } from '../../shared/connectors/run-source-test.ts';
import { connectors } from '../../shared/connectors/registry.ts';
import { describeConnector } from '../../shared/domain/input/connector-catalogue.ts';
import { onEngine, reach } from '../engines/reach.ts';
import { plainServer } from '../network/servers.ts';
import { startAwsApi } from './aws-api.ts';
import { cluster, keys, password, createRedshiftStandIn, workgroup } from './redshift-stand-in.ts';

const engine = reach('postgres', { POSTGRES_VERSION: '18' });

onEngine(engine, () => {
  describe('Redshift login with AWS keys, on a PostgreSQL that accepts the temporary passwords', () => {
    const { database, reader, start, stop, tried, handsOut } = createRedshiftStandIn(engine);
    beforeAll(start);
    afterAll(stop);

    test('to a cluster uses the identifier in its host, and the temporary password from AWS', async () => {
      await using api = await startAwsApi(keys.secret_access_key, handsOut());
      const { status, details, steps, names, log } = await tried({ endpoint: api.url });
      expect([status, details]).toEqual([
        'connected',
        expect.objectContaining({ version: 'Redshift 1.0.87428' }),
      ]);
      expect(names).toEqual([cluster, 'localhost']);
      expect(steps.find(({ step }) => step === 'authenticate')).toMatchObject({ status: 'passed' });
      const [asked] = api.asked;
      expect(api.asked).toHaveLength(1);
      expect(asked).toMatchObject({
        signed: true,
        scope: expect.stringMatching(/^AKIAOBVIOUSLYFAKE\/\d{8}\/eu-west-1\/redshift\/aws4_request$/),
      });
      expect(asked?.headers).not.toHaveProperty('x-amz-security-token');
      expect(Object.fromEntries(new URLSearchParams(asked?.body))).toEqual({
        Action: 'GetClusterCredentials',
        Version: '2012-12-01',
        ClusterIdentifier: 'shop',
        DbUser: reader,
        DbName: database,
        AutoCreate: 'false',
        DurationSeconds: '900',
      });
      expect(log.clean(`said ${password} to ${encodeURIComponent(password)}`)).toBe(
        'said [secret] to [secret]',
      );
    });

    test('to a workgroup uses the serverless API', async () => {
      await using api = await startAwsApi(keys.secret_access_key, handsOut());
      const { status } = await tried({ endpoint: api.url, host: workgroup, username: 'whoever' });
      expect(status).toBe('connected');
      expect(api.asked).toMatchObject([
        {
          signed: true,
          scope: expect.stringMatching(/\/eu-west-1\/redshift-serverless\/aws4_request$/),
          headers: { 'x-amz-target': 'RedshiftServerless.GetCredentials' },
        },
      ]);
      expect(JSON.parse(api.asked[0]?.body ?? '')).toEqual({
        workgroupName: 'shop',
        dbName: database,
        durationSeconds: 900,
      });
    });

    test('sends each request only to the endpoint configured for its API', async () => {
      await using clusters = await startAwsApi(keys.secret_access_key, handsOut());
      await using workgroups = await startAwsApi(keys.secret_access_key, handsOut());
      const endpoints = { redshift: clusters.url, 'redshift-serverless': workgroups.url };
      expect((await tried({ endpoints })).status).toBe('connected');
      expect([clusters.asked.length, workgroups.asked.length]).toEqual([1, 0]);
      expect((await tried({ endpoints, host: workgroup, username: 'whoever' })).status).toBe('connected');
      expect([clusters.asked.length, workgroups.asked.length]).toEqual([1, 1]);
      for (const [host, other, official] of [
        [cluster, 'redshift-serverless', 'redshift.eu-west-1.amazonaws.com'],
        [workgroup, 'redshift', 'redshift-serverless.eu-west-1.amazonaws.com'],
      ] as const) {
        const { names } = await tried({
          endpoints: { [other]: clusters.url },
          host,
          deny: ['127.0.0.1:443'],
        });
        expect(names).toEqual([host, official]);
      }
    });

    test('to a custom host name uses the cluster and region in the credentials', async () => {
      await using api = await startAwsApi(keys.secret_access_key, handsOut());
      const credentials = {
        ...keys,
        region: 'us-gov-west-1',
        cluster_identifier: 'other',
        session_token: 'made-up',
      };
      const { status, log } = await tried({ endpoint: api.url, host: 'dwh.example.test', credentials });
      expect(status).toBe('connected');
      expect(log.clean('GRANT USAGE ON SCHEMA other')).toBe('GRANT USAGE ON SCHEMA other'); // neither name is a secret
      expect(api.asked).toMatchObject([
        {
          signed: true,
          scope: expect.stringContaining('/us-gov-west-1/redshift/'),
          headers: { 'x-amz-security-token': 'made-up' },
          body: expect.stringContaining('ClusterIdentifier=other'),
        },
      ]);
    });

    test.each([
      [{}, 'credentials.cluster_identifier'],
      [{ cluster_identifier: 'shop' }, 'credentials.region'],
      [{ workgroup_name: 'shop' }, 'credentials.region'],
      [{ workgroup_name: 'shop', cluster_identifier: 'shop', region: 'eu-west-1' }, 'credentials'],
    ])('with credentials %j fails for a host that does not contain the missing parts', async (more, path) => {
      const { failed, details } = await tried({
        host: 'dwh.example.test',
        credentials: { ...keys, ...more },
      });
      expect(failed).toMatchObject({ step: 'authenticate', code: 'invalid-request' });
      expect(details).toMatchObject({ error: expect.stringContaining(`${path}: expected `) });
    });

    test('without a configured endpoint uses the regional AWS host, after the egress policy allows it', async () => {
      for (const [host, name] of [
        [cluster, 'redshift.eu-west-1.amazonaws.com'],
        [workgroup, 'redshift-serverless.eu-west-1.amazonaws.com'],
        [`${cluster.replace('eu-west-1', 'cn-north-1')}.cn`, 'redshift.cn-north-1.amazonaws.com.cn'],
      ] as const) {
        const { failed, names, steps } = await tried({ host, deny: ['127.0.0.1:443'] });
        expect(names).toEqual([host, name]);
        expect(failed).toMatchObject({
          step: 'authenticate',
          code: 'host-forbidden',
          remediation: expect.stringContaining(name),
        });
        expect(steps.slice(0, 3).map(({ status }) => status)).toEqual(['passed', 'passed', 'passed']);
      }
    });

    test('never uses the identity, region or endpoints of the probe', async () => {
      const own = {
        AWS_ACCESS_KEY_ID: 'AKIAOUROWN',
        AWS_SECRET_ACCESS_KEY: 'our-own',
        AWS_SESSION_TOKEN: 'our-own-token',
        AWS_REGION: 'ap-south-1',
        AWS_ENDPOINT_URL: 'https://localhost:1',
        AWS_ENDPOINT_URL_REDSHIFT: 'https://localhost:1',
        AWS_MAX_ATTEMPTS: '7',
        _X_AMZN_TRACE_ID: 'Root=our-own',
        AWS_LAMBDA_FUNCTION_NAME: 'probe',
      };
      const before = Object.fromEntries(Object.keys(own).map((name) => [name, process.env[name]]));
      Object.assign(process.env, own);
      try {
        await using api = await startAwsApi(keys.secret_access_key, (_, response) =>
          response.writeHead(503).end(),
        );
        await tried({ endpoint: api.url });
        expect(api.asked).toMatchObject([
          { signed: true, scope: expect.stringMatching(/^AKIAOBVIOUSLYFAKE\/.*eu-west-1/) },
        ]);
        expect(JSON.stringify(api.asked)).not.toMatch(/our-?own|ap-south/i);
        const { names } = await tried({ deny: ['127.0.0.1:443'] });
        expect(names).toEqual([cluster, 'redshift.eu-west-1.amazonaws.com']);
      } finally {
        for (const [name, value] of Object.entries(before)) {
          if (value === undefined) delete process.env[name];
          else process.env[name] = value;
        }
      }
    });

    test('of a user that the database does not have fails with the statement that creates it', async () => {
      await using api = await startAwsApi(keys.secret_access_key, handsOut('IAM:order'));
      const { failed } = await tried({ endpoint: api.url, username: 'order' });
      expect(failed).toMatchObject({
        step: 'authenticate',
        code: 'authentication-failed',
        native_code: '28P01',
        remediation: expect.stringContaining('CREATE USER "order" PASSWORD DISABLE;'),
      });
    });

    const clear = reach('postgres', { POSTGRES_VERSION: '18', POSTGRES_TLS: 'off' });
    onEngine(clear, () => {
      test('without TLS fails before AWS is asked for a password', async () => {
        await using api = await startAwsApi(keys.secret_access_key, handsOut());
        const { failed } = await tried({
          endpoint: api.url,
          mode: 'prefer',
          port: Number(clear['POSTGRES_PORT']),
        });
        expect(failed).toMatchObject({ step: 'authenticate', code: 'tls-required' });
        expect(api.asked).toHaveLength(0);
      });
    });

    test('has its secret and optional fields in the connector catalogue', () => {
      const { credentials, secret_fields, default_auth_method } = describeConnector('redshift');
      expect(default_auth_method).toBe('password');
      expect(secret_fields.toSorted()).toEqual(['password', 'secret_access_key', 'session_token']);
      expect(credentials['iam']).toMatchObject({
        required: ['access_key_id', 'secret_access_key'],
        properties: { region: {}, cluster_identifier: {}, workgroup_name: {} },
      });
    });

    test('fails with a remediation when the driver does not support the password hash', async () => {
      await using server = await plainServer((socket) => {
        socket.once('data', () => socket.write('N'));
        socket.on(
          'data',
          (said) => said.length > 8 && socket.write(Buffer.from('520000000c0000000d73616c74', 'hex')),
        );
      });
      const target = {
        config: { host: '127.0.0.1', port: server.port, database, username: reader },
        credentials: { auth_method: 'password', password },
        options: { ssl_mode: 'prefer', query_timeout_seconds: 1 },
        role: 'source',
      } as const;
      const { steps } = await runSourceTest(connectors.redshift, target, {
        policy: { loopback: true },
        environment: 'default',
        tlsSettings: { mode: 'prefer' },
        options: { connection_timeout_seconds: 5 },
      });
      expect(steps.find(({ status }) => status === 'failed')).toMatchObject({
        step: 'authenticate',
        code: 'authentication-failed',
        native_code: '13',
        remediation: expect.stringContaining('SHA-256 hash'),
      });
    });
  });
});
