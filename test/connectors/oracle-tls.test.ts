import { describe, expect, test } from '@jest/globals';
import { runSourceTest } from '../../shared/connectors/run-source-test.ts';
import { oracle } from '../../shared/connectors/oracle/connector.ts';
import { plainServer } from '../network/servers.ts';
import { optionsOf, targetOf } from './oracle-furniture.ts';

describe('a server that does not speak TLS where it is asked for', () => {
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
    const { steps } = await runSourceTest(oracle, targetOf(server.port), optionsOf('require', 'ca.crt', 6));
    expect(server.accepted.length).toBe(answers.length);
    return steps.find(({ status }) => status === 'failed');
  };

  test('and resets, has reset', async () =>
    expect(await against('reset')).toMatchObject({ step: 'tls', code: 'connection-reset' }));

  test('but HTTP, has none', async () =>
    expect(await against(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'))).toMatchObject({
      step: 'tls',
      code: 'tls-unsupported',
    }));

  test(
    'and is silent, and hangs up on what is no TLS, has not answered',
    async () => expect(await against('silence', 'end')).toMatchObject({ step: 'tls', code: 'timeout' }),
    20_000,
  );

  test(
    'and is silent to everything, has not answered',
    async () => expect(await against('silence', 'silence')).toMatchObject({ step: 'tls', code: 'timeout' }),
    20_000,
  );
});
