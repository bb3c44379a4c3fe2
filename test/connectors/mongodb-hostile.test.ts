import { once } from 'node:events';
import { createServer } from 'node:tls';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Binary } from 'mongodb';
import type { SessionTarget } from '../../shared/connectors/connector.ts';
import { runSourceTest, openManagedSession } from '../../shared/connectors/run-source-test.ts';
import { mongodb } from '../../shared/connectors/mongodb/connector.ts';
import { closedPort, listen, pem, plainServer } from '../network/servers.ts';
import type { Running } from '../network/servers.ts';
import {
  startFakeMongodb,
  startFakeTlsMongodb,
  hello,
  certificateHello,
  opMsg,
  opReply,
  raw,
  answerMongodbCommands,
} from './mongodb-server.ts';
import { writeByteByByte, writeUntilClosed } from '../network/endless-writes.ts';

const password = { auth_method: 'password', password: 'obviously-fake' };
const certificate = { auth_method: 'certificate' };

const targetOf = (port: number, credentials: SessionTarget['credentials'], config = {}): SessionTarget => ({
  config: { host: 'localhost', port, username: 'me', auth_source: 'admin', ...config },
  credentials,
  options: { ssl_mode: 'disable', query_timeout_seconds: 5 },
  role: 'source',
});
const optionsOf = (mode: 'disable' | 'require' | 'prefer', seconds = 5) => ({
  policy: { loopback: true },
  environment: 'default',
  tlsSettings: { mode, cert: pem('client.crt'), key: pem('client.key') },
  options: { connection_timeout_seconds: seconds },
});

/** Tests the server, and returns the result with the failed step. */
const tried = async (server: Running, credentials: SessionTarget['credentials'] = password, seconds = 5) => {
  const mode = credentials === certificate ? 'require' : 'disable';
  const { details, steps } = await runSourceTest(
    mongodb,
    targetOf(server.port, credentials),
    optionsOf(mode, seconds),
  );
  return { details, failed: steps.find(({ status }) => status === 'failed') };
};

describe('MongoDB login to a hostile server', () => {
  test.each([
    ['speaks first, as MySQL does', Buffer.from('J\0\0\0\n8.4.0\0…………')],
    ['announces a message of two gigabytes', Buffer.from([0xff, 0xff, 0xff, 0x7f])],
    ['announces a message of negative length', Buffer.from([0xff, 0xff, 0xff, 0xff])],
    [
      'sends a compressed message',
      raw.message(2012, raw.int32(2013), raw.int32(1e9), Buffer.from([2, 0x78, 0x9c, 3, 0, 0, 0, 0, 1])),
    ],
    [
      'sends a document of length -1',
      raw.message(2013, raw.int32(0), Buffer.from([0]), raw.int32(-1), Buffer.alloc(9)),
    ],
    ['announces two billion documents', opReply(hello, 2 ** 31 - 1)],
    ['sets the flag moreToCome', opMsg(hello, 2)],
    ['sends a checksum', Buffer.concat([opMsg(hello, 1)])],
    ['sends a section of another kind', raw.message(2013, raw.int32(0), Buffer.from([1]), Buffer.alloc(20))],
    ['sends a request instead of an answer', raw.message(2004, Buffer.alloc(40))],
  ])('fails with protocol-mismatch when the server %s', async (_, said) => {
    await using server = await plainServer((socket) => void socket.write(said));
    expect((await tried(server)).failed).toMatchObject({ step: 'authenticate', code: 'protocol-mismatch' });
  });

  test('stops reading from a server that sends without end', async () => {
    let sent = 0;
    const chatter = opReply({ ...hello, text: 'x'.repeat(60_000) });
    await using server = await plainServer((socket) => {
      socket.on('close', () => (sent = socket.bytesWritten));
      writeUntilClosed(socket, chatter);
    });
    expect((await tried(server)).failed).toMatchObject({ step: 'authenticate', code: 'protocol-mismatch' });
    expect(sent).toBeLessThan(64 * 2 ** 20);
  });

  test('reports a timeout for a server that sends one byte at a time', async () => {
    await using server = await plainServer((socket) => {
      writeByteByByte(socket, opReply(hello), 50);
    });
    expect((await tried(server)).failed).toMatchObject({ step: 'authenticate', code: 'timeout' });
  });

  test('reports client-certificate-required when the server closes after the TLS handshake', async () => {
    await using server = await listen(
      createServer({ key: pem('server.key'), cert: pem('server.crt') }, (socket) => socket.end()),
    );
    const { steps } = await runSourceTest(mongodb, targetOf(server.port, password), optionsOf('require'));
    expect(steps.find(({ status }) => status === 'failed')).toMatchObject({
      step: 'authenticate',
      code: 'client-certificate-required',
    });
  });

  test('reports connection-reset when the server closes the connection', async () => {
    await using server = await plainServer((socket) => void socket.once('data', () => socket.end()));
    expect((await tried(server)).failed).toMatchObject({ code: 'connection-reset' });
  });

  test.each([
    ['3.6', 6],
    ['4.0', 7],
    ['before 2.6', 0],
  ])('refuses version %s and names the oldest version that works', async (version, maxWireVersion) => {
    await using server = await startFakeMongodb({ ...hello, maxWireVersion });
    const { details } = await tried(server);
    expect(details).toMatchObject({ code: 'unsupported-version', error: expect.stringContaining(version) });
    expect(details).toMatchObject({ error: expect.stringContaining('4.4') });
  });

  test.each(['i=4000000000', 'i= 4000000000'])(
    'fails with protocol-mismatch when SCRAM asks for billions of iterations: %s',
    async (i) => {
      const payload = new Binary(Buffer.from(`r=abc,s=c2FsdA==,${i}`));
      await using early = await startFakeMongodb({
        ...hello,
        speculativeAuthenticate: { conversationId: 1, done: false, payload },
      });
      expect((await tried(early)).failed).toMatchObject({ step: 'authenticate', code: 'protocol-mismatch' });
      await using late = await startFakeMongodb(hello, () => ({
        conversationId: 1,
        done: false,
        payload,
        ok: 1,
      }));
      expect((await tried(late)).failed).toMatchObject({ step: 'authenticate', code: 'protocol-mismatch' });
    },
  );

  test('fails with protocol-mismatch when the server sends no valid SCRAM signature', async () => {
    await using server = await startFakeMongodb(hello, ({ payload }) => {
      const nonce = /r=([^,]+)/.exec(Buffer.from(Object(payload).buffer ?? []).toString())?.[1];
      const said = Object(payload).buffer?.includes('p=') ? 'v=AAAA' : `r=${nonce}x,s=c2FsdA==,i=4096`;
      return { conversationId: 1, done: true, payload: new Binary(Buffer.from(said)), ok: 1 };
    });
    expect((await tried(server)).failed).toMatchObject({ step: 'authenticate', code: 'protocol-mismatch' });
  });

  test('fails when the server calls itself an arbiter', async () => {
    await using server = await startFakeMongodb({ ...hello, arbiterOnly: true }, () => ({
      ok: 1,
      version: '6.0.0',
    }));
    expect((await tried(server)).failed).toMatchObject({ step: 'authenticate', code: 'server-error' });
  });

  test('sends neither the password nor our own identity to a server that wants another mechanism', async () => {
    const commands: string[] = [];
    await using server = await startFakeMongodb(
      { ...hello, saslSupportedMechs: ['PLAIN', 'MONGODB-AWS'] },
      (command) => {
        commands.push(JSON.stringify(command));
        return { ok: 0, code: 18, codeName: 'AuthenticationFailed', errmsg: 'give me more' };
      },
    );
    const { details } = await tried(server);
    expect(details).toMatchObject({ code: 'authentication-failed' });
    expect(commands.join()).toMatch(/SCRAM-SHA-1/);
    expect(commands.join()).not.toMatch(/obviously-fake|PLAIN|AWS/);
    expect(JSON.stringify(details)).not.toContain('give me more');
  });

  test('fails with a problem code, and does not crash, for random answers', async () => {
    const value = fc.oneof(
      fc.integer(),
      fc.string(),
      fc.boolean(),
      fc.constant(null),
      fc.constant({}),
      fc.constant([]),
    );
    const greeting = fc.record(
      Object.fromEntries(
        [
          'ok',
          'maxWireVersion',
          'minWireVersion',
          'isWritablePrimary',
          'speculativeAuthenticate',
          'payload',
          '$clusterTime',
          'operationTime',
          'connectionId',
          'compression',
          'saslSupportedMechs',
          'code',
          'setName',
          'hosts',
          'msg',
          '__nodejs_mock_server__',
          'logicalSessionTimeoutMinutes',
        ].map((name) => [name, value]),
      ),
      { requiredKeys: [] },
    );
    const piece = fc.oneof(
      greeting.map((some) => opReply({ ...hello, ...some })),
      greeting.map((some) => opMsg({ ...hello, ...some })),
      fc.uint8Array({ minLength: 1, maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
      fc
        .uint8Array({ minLength: 5, maxLength: 60 })
        .map((bytes) =>
          raw.message(2013, raw.int32(0), Buffer.from([0]), raw.int32(bytes.length + 4), bytes),
        ),
    );
    await fc.assert(
      fc.asyncProperty(piece, greeting, async (first, then) => {
        await using server = await startFakeMongodb(first, (_, socket) => {
          socket.end();
          return { ok: 1, ...then };
        });
        const { details } = await tried(server, password, 0.3);
        expect(details).toHaveProperty('code');
      }),
      { numRuns: Number(process.env['FUZZ_RUNS'] ?? 60) },
    );
  });
});

describe('MongoDB session with a hostile server', () => {
  const open = async (server: Running, config = {}) =>
    openManagedSession(mongodb, targetOf(server.port, certificate, config), optionsOf('require'));

  test('does not dial the other members that the server announces', async () => {
    await using trap = await plainServer();
    const me = `127.0.0.1:${trap.port}`;
    await using server = await startFakeTlsMongodb(
      { ...certificateHello, hosts: [me], primary: me, me, setName: 'rs0' },
      ({ buildInfo }) =>
        buildInfo ? { ok: 1, version: '6.0.0' } : { ok: 1, authInfo: {}, cursor: { id: 0n, firstBatch: [] } },
    );
    const { details } = await tried(server, certificate);
    expect(details).toMatchObject({ version: 'MongoDB 6.0.0' });
    expect(trap.accepted.length).toBe(0);
    expect(server.accepted.length).toBe(1);
  });

  test('shortens the version that the server reports', async () => {
    await using server = await startFakeTlsMongodb(certificateHello, () => ({
      ok: 1,
      version: `6.0.0 ${'x'.repeat(50_000)}`,
    }));
    await using session = await open(server);
    expect(await session.ping()).toBe('MongoDB 6.0.0');
  });

  test.each([
    ['has no version', opMsg({ ok: 1 })],
    ['has a version that is not a string', opMsg({ ok: 1, version: { $gt: '' } })],
    [
      'answers with invalid BSON',
      raw.message(2013, raw.int32(0), Buffer.from([0]), raw.int32(12), Buffer.alloc(8, 0x7f)),
    ],
    ['answers with an error', opMsg({ ok: 0, code: 59, errmsg: 'not for callers' })],
  ])('fails at the query step when the server %s', async (_, answer) => {
    await using server = await startFakeTlsMongodb(certificateHello, () => answer);
    const { failed, details } = await tried(server, certificate);
    expect(failed).toMatchObject({ step: 'query' });
    expect(JSON.stringify(details)).not.toContain('not for callers');
  });

  test('stops reading an answer that never ends', async () => {
    let sent = 0;
    await using server = await startFakeTlsMongodb(certificateHello, (_, socket) => {
      socket.on('close', () => (sent = socket.bytesWritten));
      writeUntilClosed(socket, opMsg({ ok: 1, version: 'x'.repeat(100_000) }).fill(0xff, 0, 4));
      return undefined;
    });
    expect((await tried(server, certificate)).failed).toMatchObject({
      step: 'query',
      code: 'protocol-mismatch',
    });
    expect(sent).toBeLessThan(64 * 2 ** 20);
  });

  /** A server with one collection; `answer` changes its answers to other commands. */
  const withCollection = (answer: (command: Readonly<Record<string, unknown>>) => object | undefined) =>
    startFakeTlsMongodb(certificateHello, (command) => {
      if (command['listCollections'])
        return { ok: 1, cursor: { id: 0n, firstBatch: [{ name: 'c', type: 'collection' }] } };
      if (command['connectionStatus']) return { ok: 1, authInfo: {} };
      if (command['listDatabases']) return { ok: 1, databases: [{ name: 'shop' }] };
      return { ok: 1, cursor: { id: 0n, firstBatch: [] }, ...answer(command) };
    });

  test('reads the other collections when many time out, each among others that answer', async () => {
    const names = Array.from(
      { length: 24 },
      (_, at) => `c${String(at).padStart(2, '0')}-${at % 2 === 0 ? 'silent' : 'fine'}`,
    );
    await using server = await startFakeTlsMongodb(certificateHello, (command) => {
      const empty = { ok: 1, cursor: { id: 0n, firstBatch: [] } };
      if (command['listCollections'])
        return {
          ok: 1,
          cursor: { id: 0n, firstBatch: names.map((name) => ({ name, type: 'collection' })) },
        };
      if (command['connectionStatus']) return { ok: 1, authInfo: {} };
      return Object.values(command).some((value) => String(value).endsWith('silent')) ? undefined : empty;
    });
    const target = targetOf(server.port, certificate, { database: 'shop' });
    const options = { ...target.options, query_timeout_seconds: 2, max_connections: 4 };
    await using session = await openManagedSession(mongodb, { ...target, options }, optionsOf('require'));
    const read: string[] = [];
    const missing = await session.introspect({ excludedSchemas: [] }, (tables) => {
      read.push(...tables.map(({ name }) => name));
    });
    expect(read.toSorted()).toEqual(names.toSorted());
    expect(missing).toMatchObject([{ count: 12 }]);
  });

  test('reads at most a thousand documents from a cursor that never ends', async () => {
    const killed: unknown[] = [];
    let asked = 0;
    const documents = Array.from({ length: 100 }, (_, n) => ({ n }));
    await using server = await withCollection(({ aggregate, getMore, killCursors, cursors, pipeline }) => {
      if (killCursors) killed.push(cursors);
      if (getMore) asked++;
      if (getMore) return { cursor: { id: 7n, nextBatch: documents } };
      return aggregate && JSON.stringify(pipeline).includes('$sample')
        ? { cursor: { id: 7n, firstBatch: documents } }
        : undefined;
    });
    await using session = await open(server, { database: 'shop' });
    let columns = 0;
    await session.introspect(
      { excludedSchemas: [] },
      ([table]) => void (columns = table?.columns.length ?? 0),
    );
    expect({ columns, asked }).toEqual({ columns: 1, asked: 9 });
    expect(killed).toEqual([[7n]].map((ids) => ids.map(() => expect.anything())));
  });

  test.each([
    ['needs too much memory for a sample is asked for its first documents', 292, ['sample', 'find'], []],
    ['refuses a sample is not asked again', 13, ['sample'], ['tables-denied']],
    ['fails at a sample is not asked again', 96, ['sample'], ['columns-unread']],
  ])('a server that %s', async (_, code, requests, reasons) => {
    const asked: string[] = [];
    await using server = await withCollection(({ aggregate, find, pipeline }) => {
      const samples = aggregate !== undefined && JSON.stringify(pipeline).includes('$sample');
      if (!samples && find === undefined) return undefined;
      asked.push(samples ? 'sample' : 'find');
      return samples ? { ok: 0, code, errmsg: 'no' } : { cursor: { id: 0n, firstBatch: [{ n: 1 }] } };
    });
    await using session = await open(server, { database: 'shop' });
    const missing = await session.introspect({ excludedSchemas: [] }, () => undefined);
    expect([asked, missing.map(({ reason }) => reason)]).toEqual([requests, reasons]);
  });

  test('reads at most 2000 fields and reports that there are more', async () => {
    const documents = Array.from({ length: 50 }, (_, n) =>
      Object.fromEntries(Array.from({ length: 100 }, (__, i) => [`f${n}_${i}`, i])),
    );
    await using server = await withCollection(() => ({ cursor: { id: 0n, firstBatch: documents } }));
    await using session = await open(server, { database: 'shop' });
    let columns = 0;
    const missing = await session.introspect(
      { excludedSchemas: [] },
      ([table]) => void (columns = table?.columns.length ?? 0),
    );
    expect(columns).toBe(2000);
    expect(missing).toMatchObject([{ reason: 'limit', count: 1 }]);
  });

  test('reads or fails with a code, and does not crash, for random cursors', async () => {
    const value = fc.oneof(
      fc.integer(),
      fc.string(),
      fc.constant(null),
      fc.constant({}),
      fc.constant([]),
      fc.constant(['x']),
      fc.constant([{}]),
      fc.constant({ a: [{ b: 1 }] }),
    );
    const answer = fc.record(
      {
        cursor: fc.record({ id: value, firstBatch: value, nextBatch: value }, { requiredKeys: [] }),
        ok: fc.constantFrom(1, 0),
        code: fc.constantFrom(13, 50, 26, 1),
      },
      { requiredKeys: [] },
    );
    const collection = fc.record(
      {
        name: value,
        type: value,
        options: fc.oneof(
          value,
          fc.record({ validator: fc.oneof(value, fc.record({ $jsonSchema: fc.object() })) }),
        ),
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(answer, collection, async (said, listed) => {
        await using server = await startFakeTlsMongodb(certificateHello, (command) => {
          if (command['connectionStatus']) return { ok: 1, authInfo: said };
          if (command['listDatabases']) return { ok: 1, databases: [{ name: 'shop' }] };
          if (command['listCollections']) return { ok: 1, cursor: { id: 0n, firstBatch: [listed] } };
          return { ok: 1, ...said };
        });
        await using session = await open(server);
        const [outcome] = await Promise.allSettled([session.introspect({ excludedSchemas: [] }, () => {})]);
        expect(outcome.status === 'fulfilled' || outcome.reason.code !== undefined).toBe(true);
      }),
      { numRuns: Number(process.env['FUZZ_RUNS'] ?? 60) },
    );
  });

  test('closes its socket when it is disposed of', async () => {
    await using server = await startFakeTlsMongodb(certificateHello);
    const session = await open(server);
    const [socket] = server.accepted;
    expect(socket?.destroyed).toBe(false);
    const closed = socket && once(socket, 'close');
    await session[Symbol.asyncDispose]();
    await closed;
  });
});

describe('MongoDB session over TLS', () => {
  test('sends no unencrypted login to a server without TLS, unless ssl_mode allows that', async () => {
    const commands: object[] = [];
    await using server = await plainServer((socket) => {
      socket.once('data', (bytes: Buffer) => {
        if (bytes[0] === 0x16) return void socket.end();
        answerMongodbCommands(hello, (command) => void commands.push(command))(socket);
        socket.emit('data', bytes);
      });
    });
    const target = targetOf(server.port, password);
    const { details } = await runSourceTest(mongodb, target, optionsOf('require'));
    expect(details).toMatchObject({ code: 'tls-unsupported' });
    expect(commands).toEqual([]);
    await runSourceTest(mongodb, target, optionsOf('prefer'));
    expect(commands).toMatchObject([{ saslStart: 1 }]);
  });
});

test('a MongoDB session skips a member that is down and an arbiter', async () => {
  await using server = await startFakeTlsMongodb(certificateHello, () => ({
    ok: 1,
    version: '6.0.0',
    authInfo: {},
  }));
  await using arbiter = await startFakeTlsMongodb({ ...certificateHello, arbiterOnly: true });
  const hosts = [`localhost:${await closedPort()}`, `localhost:${arbiter.port}`, `localhost:${server.port}`];
  const { config, ...target } = targetOf(0, certificate);
  const { host: _, ...rest } = config;
  const { status } = await runSourceTest(
    mongodb,
    { ...target, config: { ...rest, hosts } },
    optionsOf('require'),
  );
  expect(status).toBe('connected');
});
