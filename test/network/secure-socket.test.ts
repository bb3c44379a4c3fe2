import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { TlsOptions } from 'node:tls';
import { describe, expect, test } from '@jest/globals';
import { createDialer } from '../../shared/network/create-dialer.ts';
import type { TlsSettings } from '../../shared/network/dialer.ts';
import { createStepRecorder } from '../../shared/network/step-recorder.ts';
import { Problem } from '../../shared/problem.ts';
import { pem, plainServer, tlsServer } from './servers.ts';
import type { Running } from './servers.ts';
import { writeByteByByte } from './endless-writes.ts';

const ca = pem('ca.crt');
const identity = (name: string): TlsOptions => ({ key: pem(`${name}.key`), cert: pem(`${name}.crt`) });
const asking = (
  ask: TlsSettings,
  to: Running,
  { host = 'localhost', negotiate }: { host?: string; negotiate?: (socket: Socket) => Promise<boolean> } = {},
) => dial(ask, to.port, host, negotiate);

/** Returns the code with which TLS fails, or the TLS step and the first words of the server. */
const dial = async (
  ask: TlsSettings,
  port: number,
  host: string,
  negotiate?: (socket: Socket) => Promise<boolean>,
  limit = 5000,
) => {
  using trail = createStepRecorder({ limits: () => limit, budget: 25_000 });
  await using dialer = createDialer({
    policy: { loopback: true },
    environment: 'default',
    tlsSettings: ask,
    recorder: trail,
    resolve: async () => ['127.0.0.1'],
  });
  try {
    const raw = await dialer.tcp({ host, port });
    const socket = await dialer.tls(raw, { host }, negotiate);
    const said = await dialer.step('authenticate', () => firstWord(socket));
    return { tls: trail.listSteps()[3], said, encrypted: socket !== raw };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return {
      failed: error.code,
      step: error.extras.step,
      native: error.extras.native_code,
      message: error.message,
    };
  }
};
const firstWord = (socket: Socket): Promise<string> =>
  new Promise((resolve, reject) => {
    socket.once('data', (data) => resolve(String(data)));
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('closed')));
    socket.write('hello');
  });

describe('certificate and ssl_mode', () => {
  const trusted = { ca };
  const cases: [
    name: string,
    ask: Omit<TlsSettings, 'mode'>,
    certificate: string,
    host: string,
    verifyCa: string,
    verifyFull: string,
  ][] = [
    ['a good one', trusted, 'server', 'localhost', 'tls-unverified', 'passed'],
    ['a good one, by address', trusted, 'server', '127.0.0.1', 'tls-unverified', 'passed'],
    [
      'a good one, by an odd spelling of the address',
      trusted,
      'server',
      '0x7f.1',
      'tls-unverified',
      'passed',
    ],
    ['a good one, with a final dot', trusted, 'server', 'LOCALHOST.', 'tls-unverified', 'passed'],
    [
      'a good one of several authorities',
      { ca: `${pem('other-ca.crt')}\n${ca}` },
      'server',
      'localhost',
      'tls-unverified',
      'passed',
    ],
    [
      'one of an unknown authority',
      {},
      'server',
      'localhost',
      'certificate-untrusted',
      'certificate-untrusted',
    ],
    [
      'one of another authority',
      { ca: pem('other-ca.crt') },
      'server',
      'localhost',
      'certificate-untrusted',
      'certificate-untrusted',
    ],
    [
      'one that is not Amazon’s',
      { ca: 'rds' },
      'server',
      'localhost',
      'certificate-untrusted',
      'certificate-untrusted',
    ],
    [
      'one for another name',
      trusted,
      'wronghost',
      'localhost',
      'tls-unverified',
      'certificate-hostname-mismatch',
    ],
    [
      'one for another name, by address',
      trusted,
      'wronghost',
      '127.0.0.1',
      'tls-unverified',
      'certificate-hostname-mismatch',
    ],
    [
      'one for another address',
      trusted,
      'server',
      '127.0.0.9',
      'tls-unverified',
      'certificate-hostname-mismatch',
    ],
    ['an expired one', trusted, 'expired', 'localhost', 'certificate-expired', 'certificate-expired'],
    [
      'a self-signed one',
      trusted,
      'selfsigned',
      'localhost',
      'certificate-untrusted',
      'certificate-untrusted',
    ],
    [
      'a self-signed one that is trusted by itself',
      { ca: pem('selfsigned.crt') },
      'selfsigned',
      'localhost',
      'tls-unverified',
      'passed',
    ],
  ];

  test.each(cases)('%s', async (_, ask, certificate, host, verifyCa, verifyFull) => {
    await using server = await tlsServer(identity(certificate), '0.0.0.0');
    const wanted = {
      require: 'tls-unverified',
      prefer: 'tls-unverified',
      'verify-ca': verifyCa,
      'verify-full': verifyFull,
    } as const;
    for (const mode of ['require', 'prefer', 'verify-ca', 'verify-full'] as const) {
      const result = await asking({ ...ask, mode }, server, { host });
      expect([mode, result.failed ?? result.tls?.code ?? result.tls?.status]).toEqual([mode, wanted[mode]]);
      if (result.failed) expect(result.step).toBe('tls');
      else
        expect(result).toMatchObject({
          said: 'hello',
          encrypted: true,
          tls: { protocol: 'TLSv1.3', expires_at: expect.stringMatching(/^20\d\d-.*Z$/) },
        });
    }
  });

  test('sends a server name for a name and none for an address', async () => {
    const names: (string | undefined)[] = [];
    await using server = await tlsServer({
      ...identity('server'),
      SNICallback: (name, done) => (names.push(name), done(null)),
    });
    await asking({ mode: 'require' }, server, { host: '127.0.0.1' });
    expect(names).toEqual([]);
    await asking({ mode: 'require' }, server, { host: 'LocalHost.' });
    expect(names).toEqual(['localhost']);
  });

  test('resumes no session, so every handshake shows the certificate', async () => {
    await using server = await tlsServer({ ...identity('server'), maxVersion: 'TLSv1.2' });
    for (let round = 0; round < 2; round += 1) {
      expect(await asking({ mode: 'verify-full', ca }, server)).toMatchObject({
        tls: { status: 'passed', protocol: 'TLSv1.2', expires_at: expect.any(String) },
      });
    }
  });
});

describe('server that negotiates TLS', () => {
  const yes = async () => true;
  const no = async () => false;
  const talker = (socket: Socket) => void socket.once('data', () => socket.write('hello'));

  test('without TLS: prefer continues in clear with a warning, the other modes fail', async () => {
    await using server = await plainServer(talker);
    expect(await asking({ mode: 'prefer' }, server, { negotiate: no })).toMatchObject({
      said: 'hello',
      encrypted: false,
      tls: { status: 'warning', code: 'tls-off' },
    });
    for (const mode of ['require', 'verify-ca', 'verify-full'] as const) {
      expect(await asking({ mode }, server, { negotiate: no })).toMatchObject({
        failed: 'tls-unsupported',
        step: 'tls',
      });
    }
  });

  test('with TLS: prefer is encrypted', async () => {
    await using server = await tlsServer(identity('selfsigned'));
    expect(await asking({ mode: 'prefer' }, server, { negotiate: yes })).toMatchObject({
      encrypted: true,
      tls: { code: 'tls-unverified' },
    });
  });

  test('that agrees and then fails the handshake: prefer does not fall back to clear', async () => {
    await using server = await plainServer(
      (socket) => void socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
    );
    expect(await asking({ mode: 'prefer' }, server, { negotiate: yes })).toMatchObject({
      failed: 'tls-unsupported',
    });
  });

  test('that sends more bytes in clear after its agreement is refused', async () => {
    await using server = await plainServer((socket) => void socket.write('Sinjected'));
    const negotiate = async (socket: Socket) => {
      await once(socket, 'readable');
      return String(socket.read(1)) === 'S';
    };
    expect(await asking({ mode: 'require' }, server, { negotiate })).toMatchObject({
      failed: 'protocol-mismatch',
      step: 'tls',
    });
  });

  test('with disable: is asked nothing, gets a warning, and no certificate is parsed', async () => {
    await using server = await plainServer(talker);
    const asked = () => Promise.reject(new Error('asked'));
    expect(await asking({ mode: 'disable', ca: 'nonsense' }, server, { negotiate: asked })).toMatchObject({
      said: 'hello',
      encrypted: false,
      tls: { status: 'warning', code: 'tls-off' },
    });
  });
});

describe('client certificate', () => {
  const demanding = (maxVersion: 'TLSv1.2' | 'TLSv1.3'): TlsOptions => ({
    ...identity('server'),
    ca,
    requestCert: true,
    rejectUnauthorized: true,
    maxVersion,
  });
  const own = { cert: pem('client.crt'), key: pem('client.key') };

  test.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'is accepted when the server demands it and it is sent (%s)',
    async (version) => {
      await using server = await tlsServer(demanding(version));
      expect(await asking({ mode: 'verify-full', ca, ...own }, server)).toMatchObject({
        said: 'hello',
        tls: { protocol: version },
      });
    },
  );

  test.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'is reported as required when it is missing, even if only the first read shows the alert (%s)',
    async (version) => {
      await using server = await tlsServer(demanding(version));
      expect(await asking({ mode: 'verify-full', ca }, server)).toMatchObject({
        failed: 'client-certificate-required',
        native: expect.stringMatching(/ALERT_(HANDSHAKE_FAILURE|CERTIFICATE_REQUIRED)$/),
      });
    },
  );
});

describe('unreadable certificate or key', () => {
  const other = pem('server.key');
  const locked = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'obviously-fake' },
  }).privateKey;
  const cert = pem('client.crt');
  const key = pem('client.key');
  const rows: [string, Partial<TlsSettings>, RegExp][] = [
    ['no PEM at all', { ca: 'nonsense' }, /ssl\.ca/],
    ['no text at all', { ca: '' }, /ssl\.ca/],
    ['one block cut off after a good one', { ca: `${ca}\n${ca.slice(0, 200)}` }, /ssl\.ca/],
    ['a damaged block', { ca: ca.replace(/\n[A-Za-z0-9+/]{20}/, '\nAAAAAAAAAAAAAAAAAAAA') }, /ssl\.ca/],
    ['a key for an authority', { ca: key }, /ssl\.ca/],
    ['a damaged certificate', { cert: 'nonsense', key }, /ssl\.cert/],
    ['a damaged key', { cert, key: 'nonsense' }, /ssl\.key/],
    ['a key under a passphrase', { cert, key: locked }, /ssl\.key/],
    ['a key of another certificate', { cert, key: other }, /ssl\.key to match/],
    ['a certificate without a key', { cert }, /ssl\.key/],
    ['a key without a certificate', { key }, /ssl\.cert/],
  ];
  test.each(rows)('%s', async (_, broken, message) => {
    await using server = await tlsServer(identity('server'));
    const result = await asking({ mode: 'require', ...broken }, server);
    expect(result).toMatchObject({
      failed: 'certificate-unreadable',
      step: 'tls',
      message: expect.stringMatching(message),
    });
    for (const line of String(Object.values(broken)).split('\n'))
      if (line.length > 8) expect(JSON.stringify(result)).not.toContain(line);
  });
});

describe('server that breaks the handshake', () => {
  const talkOnce = (say: (socket: Socket) => void) =>
    plainServer((socket) => void socket.once('data', () => say(socket)));
  const spoilt = (server: Running, limit?: number) =>
    dial({ mode: 'require' }, server.port, 'localhost', undefined, limit);

  test('by speaking HTTP', async () => {
    await using server = await talkOnce((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    expect(await spoilt(server)).toMatchObject({ failed: 'tls-unsupported', step: 'tls' });
  });
  test('without a common version', async () => {
    await using server = await tlsServer({
      ...identity('server'),
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
      ciphers: 'DEFAULT:@SECLEVEL=0',
    });
    expect(await spoilt(server)).toMatchObject({ failed: 'tls-unsupported' });
  });
  test('without a common cipher', async () => {
    await using server = await tlsServer({
      ...identity('server'),
      maxVersion: 'TLSv1.2',
      ciphers: 'ECDHE-RSA-AES128-GCM-SHA256',
    });
    expect(await spoilt(server)).toMatchObject({ failed: 'tls-unsupported' });
  });
  test('by closing the connection', async () => {
    await using server = await talkOnce((socket) => void socket.end());
    expect(await spoilt(server)).toMatchObject({ failed: 'connection-reset', step: 'tls' });
  });
  test('by a reset', async () => {
    await using server = await talkOnce((socket) => void socket.resetAndDestroy());
    expect(await spoilt(server)).toMatchObject({ failed: 'connection-reset', native: 'ECONNRESET' });
  });
  test('by silence', async () => {
    await using server = await plainServer();
    expect(await spoilt(server, 300)).toMatchObject({ failed: 'timeout', step: 'tls' });
  });
  test('byte by byte, slower than the limit', async () => {
    const drip = Buffer.from('160303400002000ffc0303', 'hex');
    await using server = await plainServer((socket) => {
      writeByteByByte(socket, drip, 50);
      socket.resume();
    });
    expect(await spoilt(server, 300)).toMatchObject({ failed: 'timeout', step: 'tls' });
  });
});
