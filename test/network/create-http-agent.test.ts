import { get as getPlain, createServer as createHttpServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { get, createServer } from 'node:https';
import { describe, expect, test } from '@jest/globals';
import { createDialer } from '../../shared/network/create-dialer.ts';
import type { TlsSettings } from '../../shared/network/dialer.ts';
import type { EgressPolicy } from '../../shared/network/egress.ts';
import { createHttpAgent } from '../../shared/network/http/create-http-agent.ts';
import type { LoginKind } from '../../shared/network/login-methods.ts';
import { createStepRecorder } from '../../shared/network/step-recorder.ts';
import { listen, pem } from './servers.ts';

const certificate = () => ({ cert: pem('server.crt'), key: pem('server.key') });
const secureServer = () => listen(createServer(certificate(), (_, response) => response.end('secure')));
const plainHttp = () => listen(createHttpServer((_, response) => response.end('plain')));

/** Creates an agent over its own dialer, and a function that sends one request through it. */
const wayOf = (
  tlsSettings: TlsSettings,
  secure = true,
  policy: EgressPolicy = { loopback: true },
  kind: LoginKind = 'none',
) => {
  const stack = new AsyncDisposableStack();
  const trail = stack.use(createStepRecorder({ limits: () => 5000, budget: 25_000 }));
  const dialer = stack.use(
    createDialer({ policy, environment: 'default', tlsSettings: tlsSettings, recorder: trail }),
  );
  const agent = createHttpAgent(dialer, { secure, login: { name: 'a token', kind, manual: '' } });
  stack.defer(() => agent.destroy());
  const ask = (url: string) =>
    new Promise<string>((resolve, reject) => {
      const read = (response: IncomingMessage) =>
        void response
          .setEncoding('utf8')
          .toArray()
          .then((parts) => resolve(parts.join('')), reject);
      (secure ? get : getPlain)(url, { agent }, read).on('error', reject);
    });
  const statuses = () =>
    Object.fromEntries(trail.listSteps().map(({ step, status, code }) => [step, code ?? status]));
  return { ask, statuses, [Symbol.asyncDispose]: () => stack.disposeAsync() };
};

describe('HTTP agent over the dialer', () => {
  test('records every step', async () => {
    await using server = await secureServer();
    await using way = wayOf({ mode: 'verify-full', ca: pem('ca.crt') });
    expect(await way.ask(`https://localhost:${server.port}/`)).toBe('secure');
    expect(way.statuses()).toMatchObject({
      resolve: 'passed',
      egress: 'passed',
      connect: 'passed',
      tls: 'passed',
    });
  });

  test('trusts no authority except the given one', async () => {
    await using server = await secureServer();
    await using way = wayOf({ mode: 'verify-full' });
    await expect(way.ask(`https://localhost:${server.port}/`)).rejects.toMatchObject({
      code: 'certificate-untrusted',
    });
  });

  test.each(['169.254.169.254', '[::ffff:169.254.169.254]', '127.0.0.1', '2130706433', '0x7f.1'])(
    'dials no forbidden address, also as a literal: %s',
    async (host) => {
      await using server = await secureServer();
      await using way = wayOf({ mode: 'require' }, true, {});
      await expect(way.ask(`https://${host}:${server.port}/`)).rejects.toMatchObject({
        code: 'host-forbidden',
      });
      expect(server.accepted).toHaveLength(0);
    },
  );

  test('sends nothing in clear to a port that should speak TLS', async () => {
    await using server = await secureServer();
    await using way = wayOf({ mode: 'disable' });
    await expect(way.ask(`https://localhost:${server.port}/`)).rejects.toMatchObject({
      code: 'tls-required',
    });
    expect(server.accepted.filter(({ bytesRead }) => bytesRead > 0)).toEqual([]);
  });

  test.each([
    ['disable', 'tls-off'],
    ['prefer', 'tls-off'],
    ['require', 'tls-unsupported'],
    ['verify-full', 'tls-unsupported'],
  ] as const)('over plain HTTP, ssl_mode %s results in %s', async (mode, code) => {
    await using server = await plainHttp();
    await using way = wayOf({ mode }, false);
    const answer = way.ask(`http://localhost:${server.port}/`);
    if (code === 'tls-off') expect(await answer).toBe('plain');
    else await expect(answer).rejects.toMatchObject({ code });
    expect(way.statuses()).toMatchObject({ tls: code });
  });

  test.each([
    ['disable', 'clear', 'password-in-clear'],
    ['prefer', 'clear', 'tls-unsupported'],
    ['disable', 'tls-only', 'tls-required'],
    ['prefer', 'tls-only', 'tls-required'],
  ] as const)(
    'over plain HTTP, ssl_mode %s with a login of kind %s results in %s',
    async (mode, kind, code) => {
      await using server = await plainHttp();
      await using way = wayOf({ mode }, false, { loopback: true }, kind);
      const answer = way.ask(`http://localhost:${server.port}/`);
      if (code === 'password-in-clear') expect(await answer).toBe('plain');
      else {
        await expect(answer).rejects.toMatchObject({ code });
        expect(server.accepted.filter(({ bytesRead }) => bytesRead > 0)).toEqual([]);
      }
    },
  );
});
