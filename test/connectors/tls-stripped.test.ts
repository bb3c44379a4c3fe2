import { describe, expect, test } from '@jest/globals';
import type { SslMode } from '../../shared/connectors/connector.ts';
import { openSession, tryLogin } from '../contracts/logins.ts';
import { directTo, fillCredentials, findSample } from '../contracts/samples.ts';
import { formIn, startMint } from '../properties/destinations/secrets.ts';
import { kafka } from '../recording/kafka.ts';
import { mysqlSaying } from '../recording/mysql.ts';
import { oracleWith } from '../recording/oracle.ts';
import { startRecorder } from '../recording/recorder.ts';
import { tds } from '../recording/tds.ts';

describe('server with TLS that redirects to a server without TLS', () => {
  test.each([
    ['kafka', kafka, 'sasl', 'sasl_password'],
    ['sqlserver', tds, 'password', 'password'],
  ] as const)(
    '%s receives the secret, and with prefer the second server does not',
    async (type, server, method, field) => {
      await using first = await startRecorder(server);
      await using second = await startRecorder(server);
      const secret = startMint()(field);
      const sentOn = async (mode: SslMode, tls: 'trusted' | 'off') => {
        first.behave({ tls, asks: 'clear', announces: second.port });
        second.behave({ tls: 'off', asks: 'clear' });
        for (const one of [first, second]) await one.reset(() => [secret.value]);
        const outcome = await openSession(type, {
          ...directTo(type, first.port),
          credentials: {
            auth_method: method,
            ...fillCredentials(findSample(type), '')[method],
            [field]: secret.value,
          },
          options: { ssl_mode: mode, query_timeout_seconds: 5 },
          role: 'source',
        });
        for (const one of [first, second]) await one.idle();
        const heardBy = ({ heard }: typeof first) => heard.some((one) => formIn(one, secret) === 'clear');
        expect(first.announcements).toContainEqual({ from: first.port, to: second.port });
        return { code: outcome.failure?.code, first: heardBy(first), second: heardBy(second) };
      };
      expect(await sentOn('prefer', 'trusted')).toEqual({
        code: 'tls-unsupported',
        first: true,
        second: false,
      });
      expect(await sentOn('disable', 'off')).toMatchObject({ first: true, second: true });
    },
  );
});

describe('server that asks for the secret in an invalid way', () => {
  test.each([0, 16, 24])(
    'an Oracle server whose part of the key has %d bytes receives no password',
    async (bytes) => {
      for (const mode of ['prefer', 'disable'] as const) {
        const server = { server: oracleWith(bytes), asks: 'clear' } as const;
        const { failure, form } = await tryLogin('oracle', { secret: 'password' }, server, mode);
        expect([form, failure?.code]).toEqual([undefined, 'protocol-mismatch']);
      }
    },
  );

  test.each([
    ['ends in the next packet', 'sha256_passwor', true],
    ['is none of letters', 'sha256_passwörd\0', true],
    ['is nobody’s', 'client_ed25519\0', false],
  ])(
    'a MySQL server receives only a proof when it requests a plugin whose name %s',
    async (_, plugin, refused) => {
      const server = { server: mysqlSaying(plugin), asks: 'clear' } as const;
      const { failure, form } = await tryLogin('mysql', { secret: 'password' }, server, 'disable');
      expect(form).toBe('proof'); // the scramble that is sent with the name
      expect(failure?.code).toBe(refused ? 'protocol-mismatch' : 'server-error');
    },
  );
});
