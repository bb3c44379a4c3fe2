import { describe, expect, test } from '@jest/globals';
import type { SslMode } from '../../shared/connectors/connector.ts';
import { runSourceTest } from '../../shared/connectors/run-source-test.ts';
import { connectors, type ConnectorType } from '../../shared/connectors/registry.ts';
import { closedPort, plainServer } from '../network/servers.ts';
import { buildMinimalConnection, directTo, findSample, readablePrivateKey } from './samples.ts';
import { secureServer } from './service.ts';

/** The contract of every connector with a server that cannot be used. It needs no engine. */
export const unreachableContract = (type: ConnectorType) => {
  /**
   * The budget is longer than any test waits. Only the limit of a step can end the test, and no driver may
   * start again.
   */
  const tried = async (port: number, seconds = 20, mode: SslMode = 'require') => {
    const scheme = mode === 'disable' ? 'http' : 'https';
    const { credentials } = buildMinimalConnection(type, readablePrivateKey());
    const { status, steps } = await runSourceTest(
      connectors[type],
      {
        ...directTo(type, port, scheme),
        credentials,
        options: { ssl_mode: mode, query_timeout_seconds: 600 },
        role: 'source',
      },
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

  describe('unreachable server', () => {
    test('fails at once with connection-refused on a closed port', async () => {
      const { status, failed } = await tried(await closedPort());
      expect(status).toBe('failed');
      expect(failed).toMatchObject([{ step: 'connect', code: 'connection-refused' }]);
    });

    // In protocols in which the server speaks first, its first bytes belong to the connect step.
    test('fails at the limit of the step on a silent port, after one connection', async () => {
      await using server = await plainServer();
      const { status, failed } = await tried(server.port, 1);
      expect(status).toBe('failed');
      expect(failed).toMatchObject([
        { step: expect.stringMatching(/^(connect|tls|authenticate)$/), code: 'timeout' },
      ]);
      expect(server.accepted).toHaveLength(1);
    });

    test('fails at the limit of the step on a port that is silent at the login, after one connection', async () => {
      // Services with a fixed host are logged in to over TLS. The others log in without TLS here.
      const secure = findSample(type).directTo === 'endpoint';
      await using server = secure ? await secureServer(() => {}) : await plainServer();
      const { status, failed } = await tried(server.port, 1, secure ? 'require' : 'disable');
      expect(status).toBe('failed');
      expect(failed).toMatchObject([
        { step: expect.stringMatching(/^(connect|authenticate)$/), code: 'timeout' },
      ]);
      expect(server.accepted).toHaveLength(1);
    });

    test('fails with connection-reset on a port that resets the connection, after one connection', async () => {
      await using server = await plainServer((socket) => socket.resetAndDestroy());
      const { status, failed } = await tried(server.port);
      expect(status).toBe('failed');
      expect(failed).toMatchObject([{ code: 'connection-reset' }]);
      expect(server.accepted).toHaveLength(1);
    });
  });
};
