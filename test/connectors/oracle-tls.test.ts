import { describe, expect, test } from '@jest/globals';
import { runSourceTest } from '../../shared/connectors/run-source-test.ts';
import { oracle } from '../../shared/connectors/oracle/connector.ts';
import { plainServer } from '../network/servers.ts';
import { buildOracleSessionOptions, buildOracleTarget } from './oracle-fixtures.ts';

describe('Oracle test that requires TLS, against a server without TLS', () => {
  const against = async (...answers: readonly ('silence' | 'end' | 'reset' | Buffer)[]) => {
    let count = 0;
    await using server = await plainServer((socket) => {
      const answer = answers[count++] ?? 'silence';
      socket.once('data', () => {
        if (answer === 'end') socket.end();
        else if (answer === 'reset') socket.resetAndDestroy();
        else if (answer !== 'silence') socket.write(answer);
      });
    });
    const { steps } = await runSourceTest(
      oracle,
      buildOracleTarget(server.port),
      buildOracleSessionOptions('require', 'ca.crt', 6),
    );
    expect(server.accepted.length).toBe(answers.length);
    return steps.find(({ status }) => status === 'failed');
  };

  test('reports connection-reset when the server resets the connection', async () =>
    expect(await against('reset')).toMatchObject({ step: 'tls', code: 'connection-reset' }));

  test('reports tls-unsupported when the server answers with HTTP', async () =>
    expect(await against(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'))).toMatchObject({
      step: 'tls',
      code: 'tls-unsupported',
    }));

  test(
    'reports timeout when the server is silent to TLS and closes a plaintext connection',
    async () =>
      expect(await against('silence', 'end')).toMatchObject({
        step: 'tls',
        code: 'timeout',
        remediation: expect.stringMatching(/did not answer the TLS handshake/),
      }),
    20_000,
  );

  test(
    'reports timeout when the server is silent to TLS and to plaintext',
    async () => expect(await against('silence', 'silence')).toMatchObject({ step: 'tls', code: 'timeout' }),
    20_000,
  );
});
