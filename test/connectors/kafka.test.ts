import { connect } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import type { SslMode, SessionTarget } from '../../shared/connectors/connector.ts';
import { runSourceTest } from '../../shared/connectors/run-source-test.ts';
import { kafka } from '../../shared/connectors/kafka/connector.ts';
import { readKafkaPrivileges } from '../../shared/connectors/kafka/privileges.ts';
import { aclOperations } from '../../shared/connectors/kafka/requests.ts';
import { sourceContract } from '../contracts/source.ts';
import { onEngine, reach } from '../engines/reach.ts';
import { pem, plainServer } from '../network/servers.ts';

const env = reach('kafka');
onEngine(env, () => {
  const at = ({ host = 'localhost', port }: { readonly host?: string; readonly port: number }) => ({
    config: { bootstrap_servers: `${host}:${port}` },
  });
  const on = (listener: string) => ({ config: { bootstrap_servers: env[`KAFKA_${listener}`] } });
  const as = (sasl_username = '', sasl_password = '', sasl_mechanism = 'PLAIN') => ({
    credentials: { auth_method: 'sasl', sasl_mechanism, sasl_username, sasl_password },
  });
  const reader = (mechanism?: string) => as(env['KAFKA_USER'], env['KAFKA_PASSWORD'], mechanism);
  const none = { auth_method: 'none' };

  describe('Kafka 4.3', () => {
    sourceContract({
      connector: kafka,
      ...on('SASL_SSL'),
      ...reader(),
      version: /^Kafka 4\.1 or later$/,
      inClear: true,
      at,
      certificates: {
        plain: on('SASL_PLAINTEXT'),
        off: on('SASL_PLAINTEXT'),
        expired: on('EXPIRED'),
        wronghost: on('WRONGHOST'),
        selfsigned: on('SELFSIGNED'),
      },
      refused: {
        'a wrong password': {
          ...as(env['KAFKA_USER'], 'never-the-right-one'),
          code: 'authentication-failed',
          native: '58',
        },
        'a wrong password with SCRAM': {
          ...as(env['KAFKA_USER'], 'never-the-right-one', 'SCRAM-SHA-512'),
          code: 'authentication-failed',
          native: '58',
        },
        'an unknown user': {
          ...as('nobody_at_all', 'no-one'),
          code: 'authentication-failed',
          native: '58',
        },
        'a missing login on a listener that requires SASL': {
          credentials: none,
          code: 'authentication-failed',
        },
        'a login on a listener without SASL': { ...on('SSL'), code: 'authentication-failed', native: '34' },
        'a mechanism that the listener does not support': {
          ...as(env['KAFKA_USER'], env['KAFKA_PASSWORD'], 'SCRAM-SHA-1'),
          code: 'authentication-failed',
          native: '33',
        },
      },
      many: as(env['KAFKA_MANY_USER'], env['KAFKA_MANY_PASSWORD']),
      odd: {
        ...as(env['KAFKA_ADMIN_USER'], env['KAFKA_ADMIN_PASSWORD']),
        names: ['Odd_name-1.with.ALL_the--characters', 'l'.repeat(249), 'orders.items'],
      },
      nobody: as(env['KAFKA_NOBODY_USER'], env['KAFKA_NOBODY_PASSWORD']),
      stall: async () => {
        const [, port = ''] = String(env['KAFKA_SASL_SSL']).split(':');
        // A login is short, and a list of a thousand topics is long: the proxy passes only half of the list.
        const running = await plainServer((near) => {
          const far = connect({ host: '127.0.0.1', port: Number(port) });
          let passed = 0;
          near.on('error', () => far.destroy()).on('close', () => far.destroy());
          far.on('error', () => near.destroy());
          near.pipe(far);
          far.on('data', (bytes: Buffer) => {
            passed += bytes.length;
            if (passed < 16_384) near.write(bytes);
          });
        });
        return Object.assign(running, {
          ...at({ port: running.port }),
          ...as(env['KAFKA_MANY_USER'], env['KAFKA_MANY_PASSWORD']),
        });
      },
    });

    const tried = (
      config: SessionTarget['config'],
      credentials: SessionTarget['credentials'],
      mode: SslMode = 'verify-full',
      {
        role = 'source' as SessionTarget['role'],
        ...certificate
      }: { role?: SessionTarget['role']; cert?: string; key?: string } = {},
    ) =>
      runSourceTest(
        kafka,
        { config, credentials, options: { ssl_mode: mode, query_timeout_seconds: 10 }, role },
        {
          policy: { loopback: true },
          environment: 'default',
          tlsSettings: { mode, ca: pem('ca.crt'), ...certificate },
          options: { connection_timeout_seconds: 5 },
        },
      );
    const failed = ({ steps }: Awaited<ReturnType<typeof tried>>) =>
      steps.find(({ status }) => status === 'failed');

    test.each(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'])('authenticates with %s', async (mechanism) => {
      const { steps } = await tried(on('SASL_SSL').config, reader(mechanism).credentials);
      expect(new Set(steps.map(({ status }) => status))).toEqual(new Set(['passed']));
    });

    test('authenticates with a client certificate', async () => {
      const shown = { cert: pem('client.crt'), key: pem('client.key') };
      const certificate = { auth_method: 'certificate' };
      const { steps } = await tried(on('SSL').config, certificate, 'verify-full', shown);
      expect(new Set(steps.map(({ status }) => status))).toEqual(new Set(['passed']));
    });

    test('connects to the next bootstrap server when the first is down', async () => {
      const servers = `localhost:1,${env['KAFKA_SASL_SSL']}`;
      const { status } = await tried({ bootstrap_servers: servers }, reader().credentials);
      expect(status).toBe('connected');
    });

    test('reports tls-required for an unencrypted request to a TLS listener', async () => {
      expect(failed(await tried(on('SSL').config, none, 'disable'))).toMatchObject({ code: 'tls-required' });
    });

    describe('security_protocol', () => {
      const saying = (listener: string, security_protocol: string, mode: SslMode) =>
        tried({ ...on(listener).config, security_protocol }, reader().credentials, mode);

      test('states what a listener speaks, while ssl_mode states what is acceptable', async () => {
        expect(failed(await saying('SASL_PLAINTEXT', 'SASL_PLAINTEXT', 'verify-full'))).toMatchObject({
          step: 'tls',
          code: 'tls-unsupported',
        });
        expect((await saying('SASL_PLAINTEXT', 'SASL_PLAINTEXT', 'prefer')).status).toBe('connected');
        expect(failed(await saying('SASL_SSL', 'SASL_SSL', 'disable'))).toMatchObject({
          step: 'tls',
          code: 'tls-required',
        });
        expect((await saying('SASL_SSL', 'SASL_SSL', 'prefer')).status).toBe('connected');
      });

      test('sends no password unencrypted when it names TLS, even with ssl_mode prefer', async () => {
        expect(failed(await saying('SASL_PLAINTEXT', 'SASL_SSL', 'prefer'))).toMatchObject({ step: 'tls' });
      });
    });

    test('applies the egress policy to an address that the cluster announces', async () => {
      expect(failed(await tried(on('HOSTILE').config, none, 'disable'))).toMatchObject({
        step: 'egress',
        code: 'host-forbidden',
      });
    });

    test('reports rights beyond reading as excess for a source, and none for a target', async () => {
      const admin = as(env['KAFKA_ADMIN_USER'], env['KAFKA_ADMIN_PASSWORD']).credentials;
      const asSource = await tried(on('SASL_SSL').config, admin);
      expect(asSource.steps.at(-1)).toMatchObject({
        status: 'warning',
        code: 'over-privileged',
        remediation: expect.stringMatching(/--remove --allow-principal User:admin .*--operation Write/),
      });
      const asTarget = await tried(on('SASL_SSL').config, admin, 'verify-full', { role: 'target' });
      expect(asTarget.steps.at(-1)).toMatchObject({ status: 'passed' });
      const readOnly = await tried(on('SASL_SSL').config, reader().credentials, 'verify-full', {
        role: 'target',
      });
      expect(readOnly.steps.at(-1)).toMatchObject({
        code: 'privileges-missing',
        remediation: expect.stringMatching(
          /--add --allow-principal User:reader --operation Write --topic orders/,
        ),
      });
    });
  });
});

test.each(['Alter', 'AlterConfigs', 'ClusterAction', 'Create'] as const)(
  'Kafka privileges report %s on the cluster as excess',
  (operation) => {
    const orders = {
      name: 'orders',
      internal: false,
      replicas: 1,
      partitions: [],
      may: 1 << aclOperations.Read,
    };
    const seen = { members: [], topics: [orders], may: 1 << aclOperations[operation] };
    const { missing, excess } = readKafkaPrivileges(seen, { role: 'source', principal: 'User:me' });
    expect(missing).toEqual([]);
    expect(excess).toEqual([
      {
        what: `${operation} on the cluster`,
        revoke: expect.stringContaining(`--operation ${operation} --cluster`),
      },
    ]);
  },
);
