import { describe, expect, test } from '@jest/globals';
import type { Socket } from 'node:net';
import { runSourceTest } from '../../shared/connectors/run-source-test.ts';
import { sqlserver } from '../../shared/connectors/sqlserver/connector.ts';
import { plainServer } from '../network/servers.ts';

/** A message from the server in one packet. */
const message = (body: Buffer, type = 4) => {
  const header = Buffer.from([type, 1, 0, 0, 0, 0, 1, 0]);
  header.writeUInt16BE(8 + body.length, 2);
  return Buffer.concat([header, body]);
};
const ucs2 = (text: string, lengthBytes: number) => {
  const length = Buffer.alloc(lengthBytes);
  length.writeUIntLE(text.length, 0, lengthBytes);
  return Buffer.concat([length, Buffer.from(text, 'utf16le')]);
};
const token = (type: number, body: Buffer) => {
  const head = Buffer.from([type, 0, 0]);
  head.writeUInt16LE(body.length, 1);
  return Buffer.concat([head, body]);
};
const done = Buffer.from([0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
const ack = token(
  0xad,
  Buffer.concat([
    Buffer.from([1, 0x74, 0, 0, 4]),
    ucs2('Microsoft SQL Server', 1),
    Buffer.from([16, 0, 3, 0xe8]),
  ]),
);
/** Answers the prelogin with this encryption option: 0 off, 1 on, 2 not supported, 3 required. */
const greeting = (encryption: number) => message(Buffer.from([1, 0, 6, 0, 1, 0xff, encryption]));
const routing = (host: string, port: number) => {
  const target = Buffer.concat([Buffer.from([0, port & 255, port >> 8]), ucs2(host, 2)]);
  const size = Buffer.from([target.length & 255, target.length >> 8]);
  const change = token(0xe3, Buffer.concat([Buffer.from([20]), size, target, Buffer.from([0, 0])]));
  return message(Buffer.concat([ack, change, done]));
};

const tried = (
  port: number,
  mode: 'disable' | 'prefer' | 'require' = 'disable',
  seconds = 5,
  policy: object = {},
) =>
  runSourceTest(
    sqlserver,
    {
      config: { host: '127.0.0.1', port, database: 'shop', username: 'me' },
      credentials: { auth_method: 'password', password: 'never-to-be-seen' },
      options: { ssl_mode: mode, query_timeout_seconds: 5 },
      role: 'source',
    },
    {
      policy: { loopback: true, ...policy },
      environment: 'default',
      tlsSettings: { mode },
      options: { connection_timeout_seconds: seconds },
    },
  );

/** Answers the prelogin without encryption, and passes everything after it to `answer`. */
const pretend = (answer: (socket: Socket, count: number) => void) =>
  plainServer((socket) => {
    let count = 0;
    socket.on('data', () => {
      if (count++ === 0) socket.write(greeting(2));
      else answer(socket, count - 1);
    });
  });

describe('hostile SQL Server', () => {
  test('without encryption receives no password when TLS is required', async () => {
    const heard: Buffer[] = [];
    await using server = await plainServer((socket) => {
      socket.on('data', (bytes) => {
        heard.push(bytes);
        if (heard.length === 1) socket.write(greeting(2));
      });
    });
    const { details } = await tried(server.port, 'require');
    expect(details).toMatchObject({ code: 'tls-unsupported' });
    expect(heard.length).toBe(1);
  });

  test('that redirects to the cloud metadata address is not followed', async () => {
    await using server = await pretend((socket) => void socket.write(routing('169.254.169.254', 80)));
    const { details, steps } = await tried(server.port);
    expect(details).toMatchObject({ code: 'host-forbidden' });
    expect(steps.find(({ status }) => status === 'failed')).toMatchObject({ step: 'egress' });
  });

  test('that redirects to itself without end is abandoned', async () => {
    await using server = await pretend((socket) => void socket.write(routing('127.0.0.1', server.port)));
    const { details } = await tried(server.port);
    expect(details).toMatchObject({ code: 'protocol-mismatch' });
    expect(server.accepted.length).toBe(3);
  });

  test.each([
    ['answers the login with random bytes', Buffer.alloc(4000, 0xee)],
    ['answers the login with a packet of another type', message(Buffer.from('x'), 7)],
    ['answers the login with an empty packet', Buffer.from([4, 1, 0, 0, 0, 0, 1, 0])],
    ['answers the login with unknown tokens', message(Buffer.alloc(40, 0x01))],
    ['ends its answer without a result of the login', message(done)],
  ])('that %s fails the authenticate step', async (_, answer) => {
    await using server = await pretend((socket) => void socket.write(answer));
    const { status, steps } = await tried(server.port, 'disable', 1);
    expect(status).toBe('failed');
    expect(steps.find((step) => step.status === 'failed')).toMatchObject({ step: 'authenticate' });
  });

  test('that never ends its answer is abandoned before it fills memory', async () => {
    let sent = 0;
    const chunk = message(Buffer.alloc(30_000, 0xab));
    chunk[1] = 0; // more packets follow
    await using server = await pretend((socket) => {
      const pour = () => {
        while (!socket.destroyed && socket.write(chunk)) sent += chunk.length;
      };
      socket.on('drain', pour);
      pour();
    });
    const { details } = await tried(server.port);
    expect(details).toMatchObject({ code: 'protocol-mismatch' });
    expect(sent).toBeLessThan(2 ** 26);
  });

  test.each([
    ['answers PRELOGIN with text', Buffer.from('220 ready\r\n')],
    [
      'answers PRELOGIN with options beyond the end of its answer',
      message(Buffer.from([1, 0xff, 0xff, 0, 1, 0xff])),
    ],
    ['answers PRELOGIN without the encryption option', message(Buffer.from([0xff]))],
    ['sends data that nothing requested', Buffer.concat([greeting(1), Buffer.from('x')])],
  ])('that %s causes protocol-mismatch', async (_, answer) => {
    await using server = await plainServer((socket) => socket.once('data', () => socket.write(answer)));
    const { details } = await tried(server.port, 'require');
    expect(details).toMatchObject({ code: 'protocol-mismatch' });
  });

  test('that sends an incomplete prelogin answer fails at the time limit of the step', async () => {
    await using server = await plainServer((socket) =>
      socket.once('data', () => socket.write(Buffer.from([4, 1]))),
    );
    const { details } = await tried(server.port, 'require', 0.3);
    expect(details).toMatchObject({ code: 'timeout' });
  });
});
