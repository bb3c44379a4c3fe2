import { TLSSocket, createSecureContext } from 'node:tls';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { runSourceTest } from '../../shared/connectors/run-source-test.ts';
import { mysql } from '../../shared/connectors/mysql/connector.ts';
import { pem, plainServer } from '../network/servers.ts';
import {
  targetOf,
  optionsOf,
  packet,
  greetingOf,
  encodeOkPacket,
  refusal,
  table,
  testFakeMysql,
} from './mysql-server.ts';
import { writeByteByByte } from '../network/endless-writes.ts';

describe('MySQL greeting of a hostile server', () => {
  test.each([
    ['speaks SSH', Buffer.from('SSH-2.0-OpenSSH_9.6\r\n')],
    ['speaks SMTP', Buffer.from('220 mail.example.test ESMTP\r\n')],
    ['announces sixteen megabytes', packet(0, 'x').fill(0xff, 0, 3)],
    ['greets with nothing', packet(0)],
    ['greets in another protocol', packet(0, [9], '3.23\0')],
    ['greets without end of its version', packet(0, [10], 'x'.repeat(200))],
    ['says more than its greeting', Buffer.concat([greetingOf(), encodeOkPacket(1)])],
    ['greets with half an error', packet(0, [0xff])],
  ])('fails with protocol-mismatch when the server %s', async (_, greeting) => {
    for (const mode of ['disable', 'require'] as const) {
      const { failed } = await testFakeMysql({ greeting }, mode);
      expect(failed).toMatchObject({ step: 'connect', code: 'protocol-mismatch' });
    }
  });

  test.each([
    [1040, 'too-many-connections'],
    [1129, 'permission-denied'],
    [1130, 'permission-denied'],
  ])('maps the error %s in place of a greeting, and does not repeat its text', async (errno, code) => {
    const greeting = packet(0, [0xff, errno & 255, errno >> 8], 'give me more');
    const { failed, details } = await testFakeMysql({ greeting }, 'require');
    expect(failed).toMatchObject({ step: 'connect', code, native_code: String(errno) });
    expect(JSON.stringify([failed, details])).not.toContain('give me more');
  });

  test('times out when it arrives one byte at a time', async () => {
    await using server = await plainServer((socket) => {
      writeByteByByte(socket, greetingOf(), 100);
    });
    const { steps } = await runSourceTest(mysql, targetOf(server.port), optionsOf('disable'));
    expect(steps.find(({ status }) => status === 'failed')).toMatchObject({
      step: 'connect',
      code: 'timeout',
    });
  });

  test('is not read from an address that the egress policy forbids', async () => {
    await using server = await plainServer((socket) => void socket.write(greetingOf()));
    const { details } = await runSourceTest(mysql, targetOf(server.port), optionsOf('disable', {}));
    expect(details).toMatchObject({ code: 'host-forbidden' });
    expect(server.accepted).toEqual([]);
  });
});

describe('MySQL login over TLS', () => {
  test('sends neither a name nor a password to a server without TLS', async () => {
    const strict = await testFakeMysql({}, 'require');
    expect(strict.failed).toMatchObject({ step: 'tls', code: 'tls-unsupported' });
    expect(strict.told).toHaveLength(0);
  });

  test('sends no name when the server answers unencrypted', async () => {
    const { details, told } = await testFakeMysql(
      { greeting: greetingOf({ tls: true }), answer: (socket) => socket.write(encodeOkPacket(2)) },
      'require',
    );
    expect(['protocol-mismatch', 'tls-unsupported']).toContain('code' in details && details.code);
    expect(told.includes('me\0')).toBe(false);
  });

  test('sends the same capabilities before and within TLS, and the password only within TLS', async () => {
    const clear: Buffer[] = [];
    const secret: Buffer[] = [];
    await using server = await plainServer((socket) => {
      socket.write(greetingOf({ tls: true, plugin: 'caching_sha2_password' }));
      socket.once('data', (said) => {
        clear.push(said.subarray(0, 36));
        const context = createSecureContext({ key: pem('server.key'), cert: pem('server.crt') });
        // The ClientHello may have come with it.
        socket.pause();
        if (said.length > 36) socket.unshift(said.subarray(36));
        const secure = new TLSSocket(socket, { isServer: true, secureContext: context });
        secure.on('error', () => {});
        secure.on('data', (bytes: Buffer) => {
          secret.push(bytes);
          // 4 asks for full authentication: the client sends the password itself.
          secure.write(secret.length === 1 ? packet(3, [1, 4]) : refusal(5, 1045));
        });
      });
    });
    const { details } = await runSourceTest(mysql, targetOf(server.port), optionsOf('require'));
    expect(details).toMatchObject({ code: 'authentication-failed' });
    const [login] = secret;
    expect(clear[0]?.subarray(4, 8)).toEqual(login?.subarray(4, 8));
    expect([clear[0]?.[3], login?.[3]]).toEqual([1, 2]);
    expect(Buffer.concat(secret).includes('obviously-fake\0')).toBe(true);
  });
});

describe('MySQL login to a hostile server', () => {
  test.each([
    ['wants the password in clear', packet(2, [0xfe], 'mysql_clear_password\0', 'salt\0'), 'tls-required'],
    ['wants a plugin that there is not', packet(2, [0xfe], 'client_ed25519\0', 'salt\0'), 'server-error'],
    ['wants what every object has', packet(2, [0xfe], 'constructor\0', 'salt\0'), 'server-error'],
    ['sends rows', table('x'), 'protocol-mismatch'],
    ['numbers its packets as it likes', encodeOkPacket(77), 'protocol-mismatch'],
    ['sends an empty packet', packet(2), 'protocol-mismatch'],
    ['announces sixteen megabytes', packet(2, 'x').fill(0xff, 0, 3), 'protocol-mismatch'],
    ['wants more of a login that there was not', packet(2, [1, 9, 9, 9]), 'protocol-mismatch'],
  ])('fails without sending the password when the server %s', async (_, answer, code) => {
    const { failed, told } = await testFakeMysql({ answer: (socket) => void socket.write(answer) });
    expect(failed).toMatchObject({ step: 'authenticate', code });
    expect(told.includes('obviously-fake')).toBe(false);
  });

  test('sends no password when the server gives no public key to encrypt it', async () => {
    const { failed, told } = await testFakeMysql({
      greeting: greetingOf({ plugin: 'caching_sha2_password' }),
      answer: (socket, said) =>
        void socket.write(packet(said.readUInt8(3) + 1, [1], said.readUInt8(3) === 1 ? [4] : 'no key')),
    });
    expect(failed).toMatchObject({ step: 'authenticate', code: 'protocol-mismatch' });
    expect(told.includes('obviously-fake')).toBe(false);
  });

  test('reports a timeout when the server does not answer', async () => {
    expect((await testFakeMysql({})).failed).toMatchObject({ step: 'authenticate', code: 'timeout' });
  });

  test('fails, and does not crash, for random answers', async () => {
    const piece = fc.oneof(
      fc
        .tuple(fc.integer({ min: 0, max: 4 }), fc.uint8Array({ maxLength: 60 }))
        .map(([number, body]) => packet(number, Buffer.from(body))),
      fc
        .tuple(fc.constantFrom(0, 1, 2, 0xfe, 0xff, 0xfb), fc.uint8Array({ maxLength: 40 }))
        .map(([marker, body]) => packet(2, [marker], Buffer.from(body))),
      fc.uint8Array({ minLength: 1, maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(piece, { minLength: 1, maxLength: 4 }),
        fc.boolean(),
        async (pieces, greets) => {
          const bytes = Buffer.concat(pieces);
          const { details } = await testFakeMysql(
            greets
              ? { answer: (socket) => void socket.end(bytes) }
              : { greeting: bytes, answer: (socket) => socket.end() },
          );
          expect(details).toHaveProperty(greets ? 'code' : 'error');
        },
      ),
      { numRuns: Number(process.env['FUZZ_RUNS'] ?? 60) },
    );
  });
});
