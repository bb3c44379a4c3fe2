import { describe, expect, test } from '@jest/globals';
import type { SslMode } from '../../shared/connectors/connector.ts';
import { examine } from '../../shared/connectors/examine.ts';
import { oracle } from '../../shared/connectors/oracle/connector.ts';
import { reach } from '../engines/reach.ts';
import { plainServer } from '../network/servers.ts';
import { optionsOf, targetOf } from './oracle-furniture.ts';

type Row = readonly [mode: SslMode, ca: string, expected: string];
const rows: Readonly<Record<string, readonly Row[]>> = {
  server: [
    ['verify-full', 'ca.crt', 'passed'],
    ['verify-full', 'other-ca.crt', 'certificate-untrusted'],
    ['verify-ca', 'ca.crt', 'tls-unverified'],
    ['verify-ca', 'other-ca.crt', 'certificate-untrusted'],
    ['require', 'other-ca.crt', 'tls-unverified'],
    ['prefer', 'other-ca.crt', 'tls-unverified'],
  ],
  expired: [
    ['verify-full', 'ca.crt', 'certificate-expired'],
    ['verify-ca', 'ca.crt', 'certificate-expired'],
    ['require', 'ca.crt', 'tls-unverified'],
  ],
  wronghost: [
    ['verify-full', 'ca.crt', 'certificate-hostname-mismatch'],
    ['verify-ca', 'ca.crt', 'tls-unverified'],
  ],
  selfsigned: [
    ['verify-full', 'ca.crt', 'certificate-untrusted'],
    ['require', 'ca.crt', 'tls-unverified'],
  ],
  // A listener in clear, which says nothing to a greeting of TLS.
  off: [
    ['verify-full', 'ca.crt', 'tls-unsupported'],
    ['require', 'ca.crt', 'tls-unsupported'],
    ['prefer', 'ca.crt', 'tls-off'],
    ['disable', 'ca.crt', 'tls-off'],
  ],
};

describe.each(Object.entries(rows))('a listener whose certificate is: %s', (ORACLE_TLS, there) => {
  const env = reach('oracle', { ORACLE_TLS });
  if (env)
    test.each(there)(
      'with %s and %s: %s',
      async (mode, ca, expected) => {
        // One that is silent is asked again after three seconds.
        const { steps } = await examine(
          oracle,
          targetOf(Number(env['ORACLE_PORT'])),
          optionsOf(mode, ca, 20),
        );
        const tls = steps.find(({ step }) => step === 'tls');
        expect(tls?.code ?? tls?.status).toBe(expected);
        expect(steps.find(({ step }) => step === 'authenticate')?.status).toBe(
          tls?.status === 'failed' ? 'skipped' : 'passed',
        );
      },
      30_000,
    );
});

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
    const { steps } = await examine(oracle, targetOf(server.port), optionsOf('require', 'ca.crt', 6));
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
