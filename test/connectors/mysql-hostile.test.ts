import type { Socket } from 'node:net';
import { TLSSocket, createSecureContext } from 'node:tls';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Target } from '../../shared/connectors/connector.ts';
import { examine, openSession } from '../../shared/connectors/examine.ts';
import type { ExamineOptions } from '../../shared/connectors/examine.ts';
import { mysql } from '../../shared/connectors/mysql/connector.ts';
import { pem, plainServer } from '../network/servers.ts';

type Mode = ExamineOptions['tlsAsk']['mode'];

const password = { auth_method: 'password', password: 'obviously-fake' };
const targetOf = (port: number, seconds = 1): Target => ({
  config: { host: 'localhost', port, database: 'shop', username: 'me' },
  credentials: password,
  options: { ssl_mode: 'disable', query_timeout_seconds: seconds, max_connections: 1 },
  role: 'source',
});
const optionsOf = (mode: Mode, policy: ExamineOptions['policy'] = { loopback: true }): ExamineOptions => ({
  policy,
  environment: 'default',
  tlsAsk: { mode },
  options: { connection_timeout_seconds: 1 },
});

/** A packet with its length and number. */
const packet = (number: number, ...parts: readonly (Buffer | string | readonly number[])[]) => {
  const body = Buffer.concat(
    parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from(part))),
  );
  const header = Buffer.alloc(4);
  header.writeUIntLE(body.length, 0, 3);
  header.writeUInt8(number & 255, 3);
  return Buffer.concat([header, body]);
};

const tlsFlag = 1 << 11;
const capabilities = 1 | 4 | 8 | 512 | 8192 | 32768 | (1 << 17) | (1 << 19) | (1 << 21);
const greetingOf = ({ version = '8.4.0', tls = false, plugin = 'mysql_native_password' } = {}) => {
  const flags = Buffer.alloc(4);
  flags.writeUInt32LE(tls ? capabilities | tlsFlag : capabilities);
  return packet(
    0,
    [10],
    `${version}\0`,
    [1, 0, 0, 0],
    'saltsalt\0',
    flags.subarray(0, 2),
    [45, 2, 0],
    flags.subarray(2),
    [21],
    Buffer.alloc(10),
    'saltsaltsalt\0',
    `${plugin}\0`,
  );
};
const fine = (number: number) => packet(number, [0, 0, 0, 2, 0, 0, 0]);
const refusal = (number: number, errno: number, text = 'no') =>
  packet(number, [0xff, errno & 255, errno >> 8], `#28000${text}`);
const end = (number: number) => packet(number, [0xfe, 0, 0, 2, 0]);
const lengthCoded = (text: string) =>
  Buffer.concat([Buffer.from([0xfc, text.length & 255, text.length >> 8]), Buffer.from(text)]);
const column = (number: number, type = 253) =>
  packet(number, ...['def', '', '', '', 'v', 'v'].map(lengthCoded), [
    0x0c,
    45,
    0,
    255,
    0,
    0,
    0,
    type,
    0,
    0,
    0,
    0,
    0,
  ]);
const table = (...rows: readonly string[]) =>
  Buffer.concat([
    packet(1, [1]),
    column(2),
    end(3),
    ...rows.map((row, at) => packet(4 + at, lengthCoded(row))),
    end(4 + rows.length),
  ]);

const isQuery = (said: Buffer) => said[3] === 0 && said[4] === 3;
const queryIn = (said: Buffer) => said.toString('utf8', 5);

/** Lets everybody in, and answers queries as it is told. */
const letting = (answer: (socket: Socket, query: string) => void) => (socket: Socket, said: Buffer) => {
  if (!isQuery(said)) return void socket.write(fine(said.readUInt8(3) + 1));
  const query = queryIn(said);
  if (query.startsWith('set session') || query.startsWith('do ')) return void socket.write(fine(1));
  answer(socket, query);
};

/** What a test against such a server says, and what the server was told. */
const tried = async ({ greeting = greetingOf(), answer = () => {} }: Behaviour, mode: Mode = 'disable') => {
  const told: Buffer[] = [];
  await using server = await plainServer((socket) => {
    socket.on('data', (said) => {
      told.push(said);
      answer(socket, said);
    });
    socket.write(greeting);
  });
  const { details, steps } = await examine(mysql, targetOf(server.port), optionsOf(mode));
  return { details, failed: steps.find(({ status }) => status === 'failed'), told: Buffer.concat(told) };
};

interface Behaviour {
  readonly greeting?: Buffer;
  readonly answer?: (socket: Socket, said: Buffer) => void;
}

/** Writes until the other side has had enough. */
const pour = (socket: Socket, piece: () => Buffer) => {
  const more = () => {
    while (!socket.destroyed && socket.write(piece()));
    if (!socket.destroyed) socket.once('drain', more);
  };
  more();
};

describe('at the door, a server that', () => {
  test.each([
    ['speaks SSH', Buffer.from('SSH-2.0-OpenSSH_9.6\r\n')],
    ['speaks SMTP', Buffer.from('220 mail.example.test ESMTP\r\n')],
    ['announces sixteen megabytes', packet(0, 'x').fill(0xff, 0, 3)],
    ['greets with nothing', packet(0)],
    ['greets in another protocol', packet(0, [9], '3.23\0')],
    ['greets without end of its version', packet(0, [10], 'x'.repeat(200))],
    ['says more than its greeting', Buffer.concat([greetingOf(), fine(1)])],
    ['greets with half an error', packet(0, [0xff])],
  ])('%s speaks another protocol', async (_, greeting) => {
    for (const mode of ['disable', 'require'] as const) {
      const { failed } = await tried({ greeting }, mode);
      expect(failed).toMatchObject({ step: 'connect', code: 'protocol-mismatch' });
    }
  });

  test.each([
    [1040, 'too-many-connections'],
    [1129, 'permission-denied'],
    [1130, 'permission-denied'],
  ])('refuses everybody with %s says why, and is not quoted', async (errno, code) => {
    const greeting = packet(0, [0xff, errno & 255, errno >> 8], 'give me more');
    const { failed, details } = await tried({ greeting }, 'require');
    expect(failed).toMatchObject({ step: 'connect', code, native_code: String(errno) });
    expect(JSON.stringify([failed, details])).not.toContain('give me more');
  });

  test('greets a byte at a time, slowly, is a timeout', async () => {
    await using server = await plainServer((socket) => {
      let at = 0;
      const drip = setInterval(() => socket.write(greetingOf().subarray(at, (at += 1))), 100);
      socket.on('close', () => clearInterval(drip));
    });
    const { steps } = await examine(mysql, targetOf(server.port), optionsOf('disable'));
    expect(steps.find(({ status }) => status === 'failed')).toMatchObject({
      step: 'connect',
      code: 'timeout',
    });
  });

  test('stands where the policy forbids is not dialled', async () => {
    await using server = await plainServer((socket) => void socket.write(greetingOf()));
    const { details } = await examine(mysql, targetOf(server.port), optionsOf('disable', {}));
    expect(details).toMatchObject({ code: 'host-forbidden' });
    expect(server.accepted).toEqual([]);
  });
});

describe('asked for TLS, a server that', () => {
  test('has none is told no name and no password, unless the caller allows that', async () => {
    const strict = await tried({}, 'require');
    expect(strict.failed).toMatchObject({ step: 'tls', code: 'tls-unsupported' });
    expect(strict.told).toHaveLength(0);
  });

  test('answers in clear is refused before a name is told', async () => {
    const { details, told } = await tried(
      { greeting: greetingOf({ tls: true }), answer: (socket) => socket.write(fine(2)) },
      'require',
    );
    expect(['protocol-mismatch', 'tls-unsupported']).toContain('code' in details && details.code);
    expect(told.includes('me\0')).toBe(false);
  });

  test('is told the same before TLS and in it, and hears the password in TLS alone', async () => {
    const clear: Buffer[] = [];
    const secret: Buffer[] = [];
    await using server = await plainServer((socket) => {
      socket.write(greetingOf({ tls: true, plugin: 'caching_sha2_password' }));
      socket.once('data', (said) => {
        clear.push(said.subarray(0, 36));
        const context = createSecureContext({ key: pem('server.key'), cert: pem('server.crt') });
        // The greeting of TLS may have come with it.
        socket.pause();
        if (said.length > 36) socket.unshift(said.subarray(36));
        const secure = new TLSSocket(socket, { isServer: true, secureContext: context });
        secure.on('error', () => {});
        secure.on('data', (bytes: Buffer) => {
          secret.push(bytes);
          // 4: "send the password as it is".
          secure.write(secret.length === 1 ? packet(3, [1, 4]) : refusal(5, 1045));
        });
      });
    });
    const { details } = await examine(mysql, targetOf(server.port), optionsOf('require'));
    expect(details).toMatchObject({ code: 'authentication-failed' });
    const [login] = secret;
    expect(clear[0]?.subarray(4, 8)).toEqual(login?.subarray(4, 8));
    expect([clear[0]?.[3], login?.[3]]).toEqual([1, 2]);
    expect(Buffer.concat(secret).includes('obviously-fake\0')).toBe(true);
  });
});

describe('before it has let us in, a server that', () => {
  test.each([
    ['wants the password in clear', packet(2, [0xfe], 'mysql_clear_password\0', 'salt\0'), 'tls-required'],
    ['wants a plugin that there is not', packet(2, [0xfe], 'client_ed25519\0', 'salt\0'), 'server-error'],
    ['wants what every object has', packet(2, [0xfe], 'constructor\0', 'salt\0'), 'server-error'],
    ['sends rows', table('x'), 'protocol-mismatch'],
    ['numbers its packets as it likes', fine(77), 'protocol-mismatch'],
    ['sends an empty packet', packet(2), 'protocol-mismatch'],
    ['announces sixteen megabytes', packet(2, 'x').fill(0xff, 0, 3), 'protocol-mismatch'],
    ['wants more of a login that there was not', packet(2, [1, 9, 9, 9]), 'protocol-mismatch'],
  ])('%s', async (_, answer, code) => {
    const { failed, told } = await tried({ answer: (socket) => void socket.write(answer) });
    expect(failed).toMatchObject({ step: 'authenticate', code });
    expect(told.includes('obviously-fake')).toBe(false);
  });

  test('gives no key of its own to have the password under gets none', async () => {
    const { failed, told } = await tried({
      greeting: greetingOf({ plugin: 'caching_sha2_password' }),
      answer: (socket, said) =>
        void socket.write(packet(said.readUInt8(3) + 1, [1], said.readUInt8(3) === 1 ? [4] : 'no key')),
    });
    expect(failed).toMatchObject({ step: 'authenticate', code: 'protocol-mismatch' });
    expect(told.includes('obviously-fake')).toBe(false);
  });

  test('says nothing more is a timeout', async () => {
    expect((await tried({})).failed).toMatchObject({ step: 'authenticate', code: 'timeout' });
  });

  test('sends anything at all leaves the process standing', async () => {
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
          const { details } = await tried(
            greets
              ? { answer: (socket) => void socket.end(bytes) }
              : { greeting: bytes, answer: (socket) => socket.end() },
          );
          expect(details).toHaveProperty(greets ? 'code' : 'error');
        },
      ),
      { numRuns: Number(process.env['FUZZ_RUNS'] ?? 60) },
    );
  }, 90_000);
});

describe('once it has let us in, a server that', () => {
  test('tells an old version is too old, and both versions are named', async () => {
    const old = (version: string) =>
      tried({
        greeting: greetingOf({ version }),
        answer: letting((socket) => void socket.write(table(version))),
      });
    for (const [version, minimum] of [
      ['5.6.51', '5.7'],
      ['5.5.5-10.1.48-MariaDB', '10.3'],
      ['10.2.44-MariaDB-log', '10.3'],
    ] as const) {
      const { failed, details } = await old(version);
      expect(failed).toMatchObject({ step: 'query', code: 'unsupported-version' });
      expect(details).toMatchObject({ error: expect.stringContaining(minimum) });
    }
  });

  test('lacks a setting of ours is taken as it is', async () => {
    const { failed } = await tried({
      answer: (socket, said) => {
        if (!isQuery(said)) return void socket.write(fine(2));
        if (queryIn(said).startsWith('set')) return void socket.write(refusal(1, 1193));
        socket.write(
          queryIn(said).includes('version')
            ? table('8.0.11-TiDB-v8')
            : table('GRANT SELECT ON *.* TO `me`@`%`'),
        );
      },
    });
    expect(failed).toBeUndefined();
  });

  test('sends rows without end is cut short', async () => {
    let sent = 0;
    const { failed } = await tried({
      answer: letting((socket) => {
        socket.on('close', () => (sent = socket.bytesWritten));
        socket.write(Buffer.concat([packet(1, [1]), column(2), end(3)]));
        let number = 3;
        pour(socket, () => packet((number += 1), lengthCoded('x'.repeat(60_000))));
      }),
    });
    expect(failed).toMatchObject({ step: 'query', code: 'protocol-mismatch' });
    expect(sent).toBeLessThan(64 * 2 ** 20);
  });

  test.each([
    ['wants a file of ours', packet(1, [0xfb], '/etc/passwd')],
    ['announces columns that never come', packet(1, [0xfd, 0xff, 0xff, 0xff])],
    ['answers that it is done', fine(1)],
    [
      'answers with a row of nothing',
      Buffer.concat([packet(1, [1]), column(2), end(3), packet(4, [0xfd, 0xff, 0xff, 0x7f])]),
    ],
    ['closes', Buffer.alloc(0)],
  ])('%s fails at the query, and gets nothing', async (_, answer) => {
    const { failed, told } = await tried({ answer: letting((socket) => socket.end(answer)) });
    expect(failed).toMatchObject({ step: 'query' });
    expect(['protocol-mismatch', 'connection-reset']).toContain(failed?.code);
    expect(told.includes('root:')).toBe(false);
  });

  test('is silent is a timeout', async () => {
    const { failed } = await tried({ answer: letting(() => {}) });
    expect(failed).toMatchObject({ step: 'query', code: 'timeout' });
  });

  test('answers anything at all leaves the process standing', async () => {
    const piece = fc.oneof(
      fc
        .tuple(fc.integer({ min: 1, max: 6 }), fc.uint8Array({ minLength: 1, maxLength: 60 }))
        .map(([number, body]) => packet(number, Buffer.from(body))),
      fc
        .integer({ min: 0, max: 255 })
        .map((type) => Buffer.concat([packet(1, [1]), column(2, type), end(3)])),
      fc.string().map((text) => packet(4, lengthCoded(text))),
      fc.integer({ min: 1, max: 6 }).map(end),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { minLength: 1, maxLength: 6 }), async (pieces) => {
        const { details } = await tried({ answer: letting((socket) => socket.end(Buffer.concat(pieces))) });
        expect(Object.keys(details)).not.toEqual([]);
      }),
      { numRuns: Number(process.env['FUZZ_RUNS'] ?? 60) },
    );
  }, 90_000);

  test('says good-bye to nobody does not hold us up', async () => {
    await using server = await plainServer((socket) => {
      socket.write(greetingOf());
      socket.on('data', (said) => {
        if (said[4] !== 1) letting(() => {})(socket, said);
      });
    });
    const session = await openSession(mysql, targetOf(server.port), optionsOf('disable'));
    await session[Symbol.asyncDispose]();
    expect(process.getActiveResourcesInfo()).not.toContain('TCPSocketWrap');
  });

  test('gives its second connection to nobody answers on the first', async () => {
    let connections = 0;
    const second = Promise.withResolvers<void>();
    await using server = await plainServer((socket) => {
      connections += 1;
      if (connections > 1) {
        second.resolve();
        return; // silent
      }
      socket.write(greetingOf());
      socket.on('data', (said) =>
        letting(
          (_, query) =>
            void socket.write(query.startsWith('show') ? table('GRANT SELECT ON *.* TO `me`@`%`') : table()),
        )(socket, said),
      );
    });
    const target = targetOf(server.port);
    await using session = await openSession(
      mysql,
      { ...target, options: { ...target.options, max_connections: 3 } },
      optionsOf('disable'),
    );
    expect(await session.introspect({ excludedSchemas: [] }, () => {})).toEqual([]);
    await second.promise;
  });
});
