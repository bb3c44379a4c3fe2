import type { Socket } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { SessionTarget } from '../../shared/connectors/connector.ts';
import {
  openManagedSession,
  runSourceTest,
  type SourceSessionOptions,
} from '../../shared/connectors/run-source-test.ts';
import { kafka } from '../../shared/connectors/kafka/connector.ts';
import {
  encodeInt32,
  encodeInt8,
  encodeKafkaArray,
  encodeKafkaString,
} from '../../shared/connectors/kafka/protocol-types.ts';
import { plainServer } from '../network/servers.ts';
import { encodeKafkaTopic, startKafkaBroker } from './kafka-broker.ts';

type Answer = (asked: { readonly key: number; readonly body: Buffer }, socket: Socket) => Buffer | undefined;

const sasl = { auth_method: 'sasl', sasl_username: 'me', sasl_password: 'obviously-fake' };
const scram = { ...sasl, sasl_mechanism: 'SCRAM-SHA-256' };

const buildTarget = (port: number, credentials: SessionTarget['credentials']): SessionTarget => ({
  config: { bootstrap_servers: `localhost:${port}` },
  credentials,
  options: { ssl_mode: 'disable', query_timeout_seconds: 5 },
  role: 'source',
});
const sessionOptions: SourceSessionOptions = {
  policy: { loopback: true },
  environment: 'default',
  tlsSettings: { mode: 'disable' },
  options: { connection_timeout_seconds: 5 },
};

/** Tests a server that answers with `answer`. Returns the result and how many bytes the server could send. */
const tried = async (answer: Answer, credentials: SessionTarget['credentials'] = { auth_method: 'none' }) => {
  let sent = 0;
  await using server = await plainServer((socket) => {
    socket.on('close', () => (sent = socket.bytesWritten));
    socket.on('data', (said) => {
      const body = said.subarray(14 + said.readInt16BE(12)); // after length, API key, version, correlation id and client id
      const answered = answer({ key: said.readInt16BE(4), body }, socket);
      if (answered) socket.write(frame(Buffer.concat([said.subarray(8, 12), answered])));
    });
  });
  const { details, steps } = await runSourceTest(
    kafka,
    buildTarget(server.port, credentials),
    sessionOptions,
  );
  return { details, steps, failed: steps.find(({ status }) => status === 'failed'), sent };
};

const frame = (body: Buffer) => Buffer.concat([encodeInt32(body.length), body]);
const int16 = (value: number) => encodeInt32(value).subarray(2);
const spoken = [
  [3, 8],
  [17, 1],
  [18, 0],
  [36, 0],
  [60, 0],
] as const;
const versions = (keys: readonly (readonly [number, number])[] = spoken) =>
  Buffer.concat([
    int16(0),
    encodeKafkaArray(keys.map(([key, most]) => Buffer.concat([int16(key), int16(0), int16(most)]))),
  ]);
const cluster = (host: string, port: number, topics: readonly Buffer[] = []) =>
  Buffer.concat([
    encodeInt32(0),
    encodeKafkaArray([
      Buffer.concat([encodeInt32(1), encodeKafkaString(host), encodeInt32(port), int16(-1)]),
    ]),
    int16(-1),
    encodeInt32(1),
    encodeKafkaArray(topics),
    encodeInt32(0),
  ]);

/** A server that speaks Kafka correctly, except for the given answers. */
const server =
  (odd: Readonly<Record<number, Answer>>): Answer =>
  (asked, socket) =>
    (
      odd[asked.key] ??
      ((): Buffer => (asked.key === 18 ? versions() : cluster('localhost', socket.localPort ?? 0)))
    )(asked, socket);

describe('test of a hostile Kafka broker', () => {
  test('connects to a correct broker, and derives the version from what it supports', async () => {
    expect((await tried(server({}))).details).toMatchObject({ version: 'Kafka 2.8 or later' });
  });

  test('refuses a broker older than 2.8', async () => {
    const old = server({
      18: () =>
        versions([
          [3, 8],
          [1, 12],
        ]),
    });
    expect((await tried(old)).details).toMatchObject({
      code: 'unsupported-version',
      error: expect.stringMatching(/2\.8 or later.* 2\.7\./),
    });
  });

  test.each(['169.254.169.254', '::ffff:a9fe:a9fe', '0xa9fea9fe', '10.0.0.1%eth0', 'no such host'])(
    'does not follow a broker that announces itself as %j',
    async (host) => {
      const { failed } = await tried(server({ 3: () => cluster(host, 80) }));
      expect(failed?.code).toMatch(/^host-(forbidden|not-found)$/);
    },
  );

  test.each([
    ['announces an answer of a gigabyte', Buffer.from([0x3f, 0, 0, 0])],
    ['announces an answer of negative length', Buffer.from([0xff, 0xff, 0xff, 0xff])],
    ['announces an empty answer', Buffer.from([0, 0, 0, 0])],
    ['speaks HTTP', Buffer.from('HTTP/1.1 200 OK\r\n\r\n')],
    ['speaks MySQL', Buffer.from('J\0\0\0\n8.4.0\0')],
    [
      'counts more rows than it sends',
      frame(Buffer.concat([encodeInt32(0), int16(0), encodeInt32(2 ** 30)])),
    ],
  ])('fails with protocol-mismatch when the server %s', async (_, said) => {
    const { failed } = await tried((_asked, socket) => void socket.write(said));
    expect(failed).toMatchObject({ step: 'authenticate', code: 'protocol-mismatch' });
  });

  test('fails with tls-required when the server answers with a TLS alert', async () => {
    const alert = Buffer.from([0x15, 3, 3, 0, 2, 2, 10]);
    const { failed } = await tried((_asked, socket) => void socket.end(alert));
    expect(failed).toMatchObject({ code: 'tls-required' });
  });

  test('fails with protocol-mismatch when SCRAM asks for billions of iterations', async () => {
    const { failed } = await tried(
      server({
        17: () => Buffer.concat([int16(0), encodeKafkaArray([encodeKafkaString('SCRAM-SHA-256')])]),
        36: ({ body }) => {
          const nonce = /r=([^,]+)$/.exec(body.toString())?.[1] ?? '';
          const challenge = Buffer.from(`r=${nonce}x,s=c2FsdA==,i=4000000000`);
          return Buffer.concat([int16(0), int16(-1), encodeInt32(challenge.length), challenge]);
        },
      }),
      scram,
    );
    expect(failed).toMatchObject({ step: 'authenticate', code: 'protocol-mismatch' });
  });

  test('fails with protocol-mismatch when the server accepts SCRAM without a valid signature', async () => {
    const { failed } = await tried(
      server({
        17: () => Buffer.concat([int16(0), encodeKafkaArray([encodeKafkaString('SCRAM-SHA-256')])]),
        36: ({ body }) => {
          const nonce = /r=([^,]+)$/.exec(body.toString())?.[1];
          const said = Buffer.from(body.includes('n,,') ? `r=${nonce}x,s=c2FsdA==,i=4096` : 'v=bm8=');
          return Buffer.concat([int16(0), int16(-1), encodeInt32(said.length), said]);
        },
      }),
      scram,
    );
    expect(failed).toMatchObject({ step: 'authenticate', code: 'protocol-mismatch' });
  });

  test('does not repeat a secret that the broker repeats', async () => {
    const echo = server({
      17: () => Buffer.concat([int16(0), encodeKafkaArray([encodeKafkaString('PLAIN')])]),
      36: () => Buffer.concat([int16(58), encodeKafkaString(sasl.sasl_password), encodeInt32(0)]),
    });
    const { details, failed } = await tried(echo, sasl);
    expect(failed).toMatchObject({ code: 'authentication-failed', native_code: '58' });
    expect(JSON.stringify([details, failed])).not.toContain(sasl.sasl_password);
  });

  test('stops reading from a server that sends without end', async () => {
    const { failed, sent } = await tried((_asked, socket) => {
      const piece = frame(Buffer.alloc(2 ** 20 - 4));
      const more = () => {
        while (!socket.destroyed && socket.write(piece));
        if (!socket.destroyed) socket.once('drain', more);
      };
      more();
      return undefined;
    });
    expect(failed).toMatchObject({ step: 'authenticate' });
    expect(sent).toBeLessThan(64 * 2 ** 20);
  });

  test('reports a timeout at authenticate when the broker never answers', async () => {
    const { failed } = await tried(() => undefined);
    expect(failed).toMatchObject({ step: 'authenticate', code: 'timeout' });
  });

  test('leaves out topics with names that Kafka does not allow', async () => {
    const names = ['a\nb', '$(x)', '', 'orders', 'a'.repeat(250)];
    await using broker = await startKafkaBroker({ topics: names.map((name) => encodeKafkaTopic(name)) });
    await using session = await openManagedSession(
      kafka,
      buildTarget(broker.port, { auth_method: 'none' }),
      sessionOptions,
    );
    const found: string[] = [];
    await session.introspect({ excludedSchemas: [] }, (tables) => {
      for (const { name } of tables) found.push(name);
    });
    expect(found).toEqual(['orders']);
  });

  test('grants nothing on a topic with a name that Kafka does not allow', async () => {
    const topic = (name: string) =>
      Buffer.concat([
        int16(0),
        encodeKafkaString(name),
        encodeInt8(0),
        encodeKafkaArray([]),
        encodeInt32(-(2 ** 31)), // the broker does not know the rights of the account
      ]);
    const { details, steps } = await tried(
      server({
        3: (_asked, socket) =>
          cluster('localhost', socket.localPort ?? 0, [topic('a\nb'), topic('$(x)'), topic('orders')]),
      }),
    );
    expect(details).not.toHaveProperty('code');
    const privileges = steps.find(({ step }) => step === 'privileges');
    expect(privileges).toMatchObject({ remediation: expect.stringMatching(/--topic orders$/) });
    expect(JSON.stringify(steps)).not.toContain('$(x)');
  });

  test('fails with a problem code, and does not crash, for random bytes', async () => {
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 60 }).map((bytes) => frame(Buffer.from(bytes))),
      fc
        .uint8Array({ maxLength: 60 })
        .map((bytes) => frame(Buffer.concat([encodeInt32(0), Buffer.from(bytes)]))),
      fc.uint8Array({ minLength: 1, maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { minLength: 1, maxLength: 4 }), async (pieces) => {
        const { details } = await tried((_asked, socket) => void socket.end(Buffer.concat(pieces)));
        expect(details).toHaveProperty('code');
      }),
      { numRuns: Number(process.env['FUZZ_RUNS'] ?? 60) },
    );
  });
});
