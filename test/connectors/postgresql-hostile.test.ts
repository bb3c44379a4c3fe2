import type { Socket } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { SessionTarget } from '../../shared/connectors/connector.ts';
import { runSourceTest, openManagedSession } from '../../shared/connectors/run-source-test.ts';
import type { SourceSessionOptions } from '../../shared/connectors/run-source-test.ts';
import {
  buildPostgresqlBegin,
  postgresqlQuestionSettings,
} from '../../shared/connectors/postgresql/session-state.ts';
import { connectors } from '../../shared/connectors/registry.ts';
import { countOpenResources, pem, plainServer } from '../network/servers.ts';
import { TLSSocket, createSecureContext } from 'node:tls';
import { writeByteByByte, writeUntilClosed } from '../network/endless-writes.ts';

const targetOf = (port: number, credentials: SessionTarget['credentials'], seconds = 5): SessionTarget => ({
  config: { host: 'localhost', port, database: 'shop', username: 'me' },
  credentials,
  options: { ssl_mode: 'disable', query_timeout_seconds: seconds },
  role: 'source',
});
const password = { auth_method: 'password', password: 'obviously-fake' };
const optionsOf = (mode: SourceSessionOptions['tlsSettings']['mode'], seconds = 5): SourceSessionOptions => ({
  policy: { loopback: true },
  environment: 'default',
  tlsSettings: { mode },
  options: { connection_timeout_seconds: seconds },
});

/** The result of a test against a server that answers in this way, and the bytes that the server received. */
const tried = async (
  answer: (socket: Socket, said: Buffer) => void,
  mode: SourceSessionOptions['tlsSettings']['mode'] = 'disable',
  credentials: SessionTarget['credentials'] = password,
) => {
  const told: Buffer[] = [];
  await using server = await plainServer((socket) =>
    socket.on('data', (said) => {
      told.push(said);
      answer(socket, said);
    }),
  );
  const { details, steps } = await runSourceTest(
    connectors.postgresql,
    targetOf(server.port, credentials),
    optionsOf(mode),
  );
  return { details, failed: steps.find(({ status }) => status === 'failed'), told: Buffer.concat(told) };
};

const message = (type: string, ...parts: readonly (Buffer | string | number)[]) => {
  const body = Buffer.concat(
    parts.map((part) => (typeof part === 'number' ? int32(part) : Buffer.from(part))),
  );
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body]);
};
const int32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};
const letIn = Buffer.concat([message('R', 0), message('S', 'server_version\x0016.4\0'), message('Z', 'I')]);
/** Has no TLS, and asks for a cleartext password. */
const withoutTls = (socket: Socket, said: Buffer) =>
  void socket.write(said.readUInt32BE(4) === 80_877_103 ? 'N' : message('R', 3));
const isQuery = (said: Buffer) => said[0] === 'Q'.charCodeAt(0);

describe('PostgreSQL server at the TLS request', () => {
  test('that answers with an error causes server-error, and its text is not shown', async () => {
    const { details } = await tried(
      (socket) => socket.end(message('E', 'SFATAL\0C28P01\0Mgive me more\0\0')),
      'require',
    );
    expect(details).toMatchObject({ code: 'server-error' });
    expect(JSON.stringify(details)).not.toContain('give me more');
  });

  test('that sends data before the handshake causes protocol-mismatch', async () => {
    const { details } = await tried(
      (socket) => socket.write(Buffer.concat([Buffer.from('S'), letIn])),
      'require',
    );
    expect(details).toMatchObject({ code: 'protocol-mismatch' });
  });

  test('that closes the connection causes connection-reset', async () => {
    const { details } = await tried((socket) => socket.end(), 'require');
    expect(details).toMatchObject({ code: 'connection-reset' });
  });

  test('that has no TLS receives no cleartext password when TLS is required', async () => {
    const strict = await tried(withoutTls, 'require');
    expect(strict.details).toMatchObject({ code: 'tls-unsupported' });
    expect(strict.told.toString()).not.toContain(password.password);
  });
});

describe('PostgreSQL server before the login succeeds', () => {
  test('that speaks first, as MySQL does, causes protocol-mismatch', async () => {
    await using server = await plainServer((socket) => void socket.write('J\0\0\0\n8.4.0\0'));
    for (const mode of ['disable', 'require'] as const) {
      const { details } = await runSourceTest(
        connectors.postgresql,
        targetOf(server.port, password),
        optionsOf(mode),
      );
      expect(details).toMatchObject({ code: 'protocol-mismatch' });
    }
  });

  test.each([
    ['announces a gigabyte', message('R', 0).fill(0x3f, 1, 5)],
    ['announces less than nothing', Buffer.from([0x52, 0, 0, 0, 1])],
    ['reports an error that never ends', message('E', 'SFATAL\0C28P01\0Mno\0')],
    ['starts a copy', message('G', Buffer.from([0, 0, 0]))],
    ['sends rows', message('D', Buffer.from([0, 0]))],
  ])('that %s causes protocol-mismatch', async (_, said) => {
    const { failed } = await tried((socket) => void socket.write(said));
    expect(failed).toMatchObject({ step: 'authenticate', code: 'protocol-mismatch' });
  });

  test('that sends notices without end is stopped with protocol-mismatch', async () => {
    let sent = 0;
    const notice = message('N', 'SNOTICE\0C00000\0M', 'x'.repeat(60_000), '\0\0');
    const { failed } = await tried((socket) => {
      socket.on('close', () => (sent = socket.bytesWritten));
      writeUntilClosed(socket, notice);
    });
    expect(failed).toMatchObject({ step: 'authenticate', code: 'protocol-mismatch' });
    expect(sent).toBeLessThan(64 * 2 ** 20);
  });

  test('that sends single bytes at intervals causes timeout', async () => {
    const { failed } = await tried((socket) => {
      writeByteByByte(socket, letIn, 200);
    });
    expect(failed).toMatchObject({ step: 'authenticate', code: 'timeout' });
  });

  test('that requires a login method which the driver does not know causes a failure, not a crash', async () => {
    const redshift = await tried((socket) => void socket.write(message('R', 13, 'salt')));
    expect(redshift.failed).toMatchObject({ code: 'authentication-failed', native_code: '13' });
    const kerberos = await tried((socket) => void socket.write(message('R', 7)));
    expect(kerberos.failed).toMatchObject({ code: 'server-error' });
  });

  test('that requires billions of SCRAM iterations causes protocol-mismatch', async () => {
    const { failed } = await tried((socket, said) => {
      const nonce = /r=([^\0]+)$/.exec(said.toString())?.[1];
      socket.write(
        nonce
          ? message('R', 11, `r=${nonce}x,s=c2FsdA==,i=4000000000`)
          : message('R', 10, 'SCRAM-SHA-256\0\0'),
      );
    });
    expect(failed).toMatchObject({ step: 'authenticate', code: 'protocol-mismatch' });
  });

  test('that sends arbitrary bytes does not crash the process', async () => {
    const piece = fc.oneof(
      fc
        .tuple(fc.constantFrom(...'RSEKNZv'.split('')), fc.uint8Array({ maxLength: 40 }))
        .map(([type, body]) => message(type, Buffer.from(body))),
      fc.uint8Array({ minLength: 1, maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { minLength: 1, maxLength: 4 }), async (pieces) => {
        const { details } = await tried((socket) => void socket.end(Buffer.concat(pieces)));
        expect(details).toHaveProperty('code');
      }),
      { numRuns: Number(process.env['FUZZ_RUNS'] ?? 60) },
    );
  });
});

describe('PostgreSQL server after the login', () => {
  const columns = message(
    'T',
    Buffer.from([0, 1]),
    'name\0',
    0,
    Buffer.from([0, 0]),
    25,
    Buffer.from([0xff, 0xff]),
    0xffffffff,
    Buffer.from([0, 0]),
  );
  const row = message('D', Buffer.from([0, 1]), 100_000, 'x'.repeat(100_000));

  test('that sends rows without end is stopped with protocol-mismatch', async () => {
    let sent = 0;
    const { failed } = await tried((socket, said) => {
      if (!isQuery(said)) return void socket.write(letIn);
      socket.on('close', () => (sent = socket.bytesWritten));
      socket.write(columns);
      writeUntilClosed(socket, row);
    });
    expect(failed).toMatchObject({ step: 'query', code: 'protocol-mismatch' });
    expect(sent).toBeLessThan(64 * 2 ** 20);
  });

  test.each([
    ['ends in an error that never ends', message('E', 'SERROR\0C42501')],
    ['answers nonsense', message('D', Buffer.from([0x7f, 0xff]))],
    ['asks for a copy', message('G', Buffer.from([0, 0, 0]))],
    ['answers nothing, and is done', message('Z', 'I')],
    ['closes', Buffer.alloc(0)],
  ])('that %s fails the query step', async (_, answer) => {
    const { failed } = await tried((socket, said) => {
      if (isQuery(said)) socket.end(answer);
      else socket.write(letIn);
    });
    expect(failed).toMatchObject({ step: 'query' });
  });

  test('that answers with arbitrary bytes does not crash the process', async () => {
    const piece = fc
      .tuple(fc.constantFrom(...'CDTZENSAIGHdctns123R'.split('')), fc.uint8Array({ maxLength: 60 }))
      .map(([type, body]) => message(type, Buffer.from(body)));
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { minLength: 1, maxLength: 6 }), async (pieces) => {
        const { details } = await tried((socket, said) => {
          if (isQuery(said)) socket.end(Buffer.concat(pieces));
          else socket.write(letIn);
        });
        expect(details).toHaveProperty('code');
      }),
      { numRuns: Number(process.env['FUZZ_RUNS'] ?? 60) },
    );
  });

  test('that reports a very long version is shown with the version number only', async () => {
    const version = `16.4 (${'x'.repeat(50_000)})`;
    const done = message('C', 'SHOW\0');
    const answer = Buffer.concat([
      ...buildPostgresqlBegin(1000, postgresqlQuestionSettings).map(() => done),
      columns,
      message('D', Buffer.from([0, 1]), version.length, version),
      done,
      done,
      message('Z', 'I'),
    ]);
    await using server = await plainServer((socket) =>
      socket.on('data', (said) => socket.write(isQuery(said) ? answer : letIn)),
    );
    await using session = await openManagedSession(
      connectors.postgresql,
      targetOf(server.port, password),
      optionsOf('disable'),
    );
    expect(await session.ping()).toBe('PostgreSQL 16.4');
  });

  test('that never closes the connection does not delay the end of the session', async () => {
    await using server = await plainServer((socket) => void socket.once('data', () => socket.write(letIn)));
    const session = await openManagedSession(
      connectors.postgresql,
      targetOf(server.port, password),
      optionsOf('disable'),
    );
    await session[Symbol.asyncDispose]();
    expect(await countOpenResources(/^TCPSocketWrap$/)).toBe(0);
  });
});

describe('PostgreSQL client', () => {
  test('sends user, database and its name at login, whatever the environment variables of the process', async () => {
    const before = { ...process.env };
    Object.assign(process.env, {
      PGOPTIONS: '-c role=root',
      PGAPPNAME: 'else',
      PGPASSWORD: 'not-ours',
      PGREPLICATION: 'true',
    });
    try {
      const { told } = await tried((socket) => void socket.write(message('R', 3)), 'disable', {
        auth_method: 'certificate',
      });
      const startup = told.subarray(8).toString();
      expect(startup).toBe(
        'user\0me\0database\0shop\0application_name\0mooring\0client_encoding\0UTF8\0\0X\0\0\0\x04',
      );
    } finally {
      process.env = before;
    }
  });

  test.each(['disable', 'prefer'] as const)(
    'does not send an AWS token in cleartext with ssl_mode %s',
    async (mode) => {
      const keys = {
        auth_method: 'iam',
        access_key_id: 'AKIAOBVIOUSLYFAKE',
        secret_access_key: 'obviously-fake',
        region: 'eu-west-1',
      };
      const { failed, told } = await tried(withoutTls, mode, keys);
      expect(told.toString()).not.toContain('X-Amz');
      expect(failed).toMatchObject({ step: 'authenticate', code: 'tls-required' });
    },
  );

  test('sends a cleartext password only with ssl_mode disable', async () => {
    const preferring = await tried(withoutTls, 'prefer');
    expect(preferring.told.toString()).not.toContain(password.password);
    expect(preferring.failed).toMatchObject({
      step: 'authenticate',
      code: 'tls-unsupported',
      remediation: expect.stringMatching(/Turn on TLS .*scram-sha-256.* disable only if/),
    });
    const accepting = await tried(withoutTls, 'disable');
    expect(accepting.told.toString()).toContain(password.password);
  });

  test('sends an AWS token, signed for the host and user, over TLS', async () => {
    const told: Buffer[] = [];
    await using server = await plainServer((socket) => {
      socket.once('data', () => {
        socket.write('S');
        const context = createSecureContext({ key: pem('server.key'), cert: pem('server.crt') });
        const secure = new TLSSocket(socket, { isServer: true, secureContext: context });
        secure.on('error', () => {});
        secure.on('data', (said: Buffer) => {
          told.push(said);
          secure.write(told.length === 1 ? message('R', 3) : message('E', 'SFATAL\0C28P01\0Mno\0\0'));
        });
      });
    });
    const keys = {
      auth_method: 'iam',
      access_key_id: 'AKIAOBVIOUSLYFAKE',
      secret_access_key: 'obviously-fake',
      region: 'eu-west-1',
    };
    const { details, steps } = await runSourceTest(
      connectors.postgresql,
      targetOf(server.port, keys),
      optionsOf('require'),
    );
    expect(details).toMatchObject({ code: 'authentication-failed' });
    expect(steps.find(({ status }) => status === 'failed')?.remediation).toContain('GRANT rds_iam');
    expect(told[1]?.toString()).toMatch(
      /^p....localhost:\d+\/\?Action=connect&DBUser=me&X-Amz-Algorithm=.*AKIAOBVIOUSLYFAKE.*eu-west-1/s,
    );
    expect(Buffer.concat(told).toString()).not.toContain('obviously-fake');
  });
});
