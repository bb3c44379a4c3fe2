import { connect } from 'node:net';
import { TLSSocket } from 'node:tls';
import { describe, expect, test } from '@jest/globals';
import type { SslMode } from '../../shared/connectors/connector.ts';
import { runSourceTest, openManagedSession } from '../../shared/connectors/run-source-test.ts';
import { sqlserver } from '../../shared/connectors/sqlserver/connector.ts';
import { onEngine, reach } from '../engines/reach.ts';
import { pem, plainServer } from '../network/servers.ts';

const targetOf = (port: number, mode: SslMode, change: object = {}) => ({
  config: { host: 'localhost', port, database: 'shop', username: 'mooring_reader', ...change },
  credentials: { auth_method: 'password', password: 'p@ss:w/rd#1%' },
  options: { ssl_mode: mode, query_timeout_seconds: 10 },
  role: 'source' as const,
});
const optionsOf = (mode: SslMode, ca = 'ca.crt') => ({
  policy: { loopback: true },
  environment: 'default',
  tlsSettings: { mode, ca: pem(ca) },
  options: { connection_timeout_seconds: 5 },
});

/** Splits the bytes from a client into TLS records: the type and the length of each. */
const recordsOf = (bytes: Buffer) => {
  const records: { readonly type: number; readonly length: number }[] = [];
  for (let at = 0; at + 5 <= bytes.length; at += 5 + bytes.readUInt16BE(at + 3))
    records.push({ type: bytes.readUInt8(at), length: bytes.readUInt16BE(at + 3) });
  return records;
};
const applicationData = 0x17;

const env = reach('sqlserver', { SQLSERVER_DATA: 'strict' });
onEngine(env, () => {
  describe('SQL Server that requires TDS 8', () => {
    const port = Number(env['SQLSERVER_PORT']);

    test.each([
      ['verify-full', 'ca.crt', 'passed'],
      ['verify-full', 'other-ca.crt', 'certificate-untrusted'],
      ['verify-ca', 'ca.crt', 'tls-unverified'],
      ['require', 'other-ca.crt', 'tls-unverified'],
      ['prefer', 'other-ca.crt', 'tls-unverified'],
    ] as const)('applies ssl_mode %s with %s like any other server: %s', async (mode, ca, expected) => {
      const { status, steps } = await runSourceTest(sqlserver, targetOf(port, mode), optionsOf(mode, ca));
      const tls = steps.find(({ step }) => step === 'tls');
      expect(tls?.code ?? tls?.status).toBe(expected);
      expect(status).toBe(expected === 'certificate-untrusted' ? 'failed' : 'connected');
    });

    test('causes tls-required with ssl_mode disable', async () => {
      const { details, steps } = await runSourceTest(
        sqlserver,
        targetOf(port, 'disable'),
        optionsOf('disable'),
      );
      expect(details).toMatchObject({ code: 'tls-required' });
      expect(steps.find(({ step }) => step === 'authenticate')).toMatchObject({ status: 'failed' });
    });

    test('causes authentication-failed for a rejected login, and no other code', async () => {
      const target = targetOf(port, 'verify-full', { username: 'nobody_at_all' });
      const { details } = await runSourceTest(sqlserver, target, optionsOf('verify-full'));
      expect(details).toMatchObject({ code: 'authentication-failed' });
    });

    // Azure SQL closes the connection at a login whose packets share a TLS record:
    // https://github.com/tediousjs/tedious/issues/1182
    test('receives at most one packet per TLS record', async () => {
      const said: Buffer[][] = [];
      await using between = await plainServer((socket) => {
        const onward = connect({ host: '127.0.0.1', port });
        onward.on('error', () => socket.destroy());
        onward.on('close', () => socket.destroy());
        socket.on('close', () => onward.destroy());
        const own = said.push([]) - 1;
        socket.on('data', (bytes: Buffer) => said[own]?.push(bytes));
        socket.pipe(onward).pipe(socket);
      });
      const target = targetOf(between.port, 'verify-full');
      await using session = await openManagedSession(sqlserver, target, optionsOf('verify-full'));
      let count = 0;
      await session.introspect({ excludedSchemas: [] }, (some) => void (count += some.length));
      expect(count).toBeGreaterThan(0);
      // The first connection starts in plaintext, and the server closes it.
      expect(said.length).toBe(2);
      const lengths = recordsOf(Buffer.concat(said[1] ?? [])).map(({ type, length }) =>
        type === applicationData ? length : 0,
      );
      expect(Math.max(...lengths)).toBeGreaterThan(4000); // the statements of an introspection fill several packets
      expect(Math.max(...lengths)).toBeLessThan(4096 + 64);
    });
  });
});

/**
 * Closes a connection that does not start with TLS. Answers a TLS connection with `word`, or in TLS without
 * it. `names` are the requested ALPN protocols.
 */
const strictServer = async (word?: Buffer) => {
  const names: unknown[] = [];
  const server = await plainServer((socket) => {
    socket.once('data', (bytes: Buffer) => {
      if (bytes[0] !== 0x16) return void socket.destroy();
      if (word) return void socket.end(word);
      socket.pause().unshift(bytes);
      const secured = new TLSSocket(socket, {
        isServer: true,
        cert: pem('server.crt'),
        key: pem('server.key'),
        ALPNCallback: ({ protocols }) => {
          names.push(...protocols);
          return protocols[0];
        },
      });
      secured.on('error', () => {});
      secured.on('data', () => secured.end('220 ready\r\n'));
    });
  });
  return { ...server, names };
};

describe('SQL Server connection that the server closes at the prelogin', () => {
  test('is tried once more, with TLS first and the ALPN name of the protocol', async () => {
    await using server = await strictServer();
    const { steps } = await runSourceTest(
      sqlserver,
      targetOf(server.port, 'verify-full'),
      optionsOf('verify-full'),
    );
    expect(steps.find(({ status }) => status === 'failed')).toMatchObject({
      step: 'authenticate',
      code: 'protocol-mismatch',
    });
    expect(server.names).toEqual(['tds/8.0']);
    expect(server.accepted.length).toBe(2);
  });

  test.each([
    ['without sending data', Buffer.alloc(0)],
    ['with a TLS alert', Buffer.from([0x15, 3, 1, 0, 2, 2, 10])],
  ])('fails when the server closes it again %s', async (_, word) => {
    await using server = await plainServer((socket) => socket.once('data', () => socket.end(word)));
    const { details } = await runSourceTest(
      sqlserver,
      targetOf(server.port, 'require'),
      optionsOf('require'),
    );
    expect(details).toMatchObject({
      code: word.length === 0 ? 'connection-reset' : 'tls-unsupported',
    });
    expect(server.accepted.length).toBe(2);
  });

  test.each([
    ['TLS', undefined, 'tls-required'],
    ['a TLS alert', Buffer.from([0x15, 3, 1, 0, 2, 2, 40]), 'tls-required'],
    ['nothing', Buffer.alloc(0), 'connection-reset'],
    ['plain text', Buffer.from('220 ready\r\n'), 'connection-reset'],
  ])(
    'with ssl_mode disable is followed by a check for TLS, which the server answers with %s',
    async (_, word, code) => {
      await using server = await strictServer(word);
      const { details } = await runSourceTest(
        sqlserver,
        targetOf(server.port, 'disable'),
        optionsOf('disable'),
      );
      expect(details).toMatchObject({ code });
      expect(server.names).toEqual(word ? [] : ['tds/8.0']);
      expect(server.accepted.length).toBe(2);
    },
  );
});
