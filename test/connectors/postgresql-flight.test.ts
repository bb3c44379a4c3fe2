import { describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import pg from 'pg';
import { openManagedSession } from '../../shared/connectors/run-source-test.ts';
import { introspectPostgresql } from '../../shared/connectors/postgresql/introspect.ts';
import { connectors } from '../../shared/connectors/registry.ts';
import { writeUntilClosed } from '../network/endless-writes.ts';

/** A message of the protocol: https://www.postgresql.org/docs/current/protocol-message-formats.html */
const message = (type: string, body: string | Buffer) => {
  const bytes = Buffer.concat([Buffer.from(type), Buffer.alloc(4), Buffer.from(body)]);
  bytes.writeInt32BE(bytes.length - 1, 1);
  return bytes;
};

const welcome = Buffer.concat([message('R', '\0\0\0\0'), message('Z', 'I')]);
const done = message('C', 'SET\0');
const columns = message('T', Buffer.concat([Buffer.from('\0\x01x\0'), Buffer.alloc(18)]));
const nothing = message('D', Buffer.from([0, 1, 255, 255, 255, 255]));

const send = (bytes: Buffer) => (socket: Socket) => void socket.write(bytes);

/** Sends rows with one field each, without end. */
const rowsForEver = (socket: Socket) => {
  const megabyte = Buffer.alloc(2 ** 20, 'x');
  const size = Buffer.alloc(4);
  size.writeInt32BE(megabyte.length);
  const row = message('D', Buffer.concat([Buffer.from('\0\x01'), size, megabyte]));
  socket.write(columns);
  writeUntilClosed(socket, row);
};

/** Starts one field and never completes it. */
const fieldForEver = (socket: Socket) => {
  const chunk = Buffer.alloc(2 ** 20, 'x');
  socket.write(columns);
  socket.write(Buffer.from('D\x7f\xff\xff\xff\0\x01\x7f\xff\xff\xf0', 'latin1'));
  writeUntilClosed(socket, chunk);
};

/**
 * Sends small rows without end. Each row describes its own table when the driver reads tables, because a row
 * in memory takes far more than its bytes.
 */
const smallRowsForEver = (socket: Socket) => {
  const field = (text: string) => {
    const size = Buffer.alloc(4);
    size.writeInt32BE(text.length);
    return Buffer.concat([size, Buffer.from(text)]);
  };
  const rest = ['1', 't', 'r', 'f', '1', '1', '0', 'all'].map(field);
  let oid = 16_384;
  const some = () =>
    Buffer.concat(
      Array.from({ length: 2000 }, () =>
        message('D', Buffer.concat([Buffer.from([0, 9]), field(`${(oid += 1)}`), ...rest])),
      ),
    );
  socket.write(Buffer.concat(Array<Buffer>(tablesAt).fill(done)));
  socket.write(columns);
  writeUntilClosed(socket, some);
};

/** The number of statements before the one that reads tables. */
const tablesAt = 8;

/** Accepts every login, and answers the first query with `answer`. */
const pretend = async (answer: (socket: Socket) => void, hear: (query: string) => void = () => {}) => {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => {
      socket.write(welcome);
      socket.once('data', (query) => {
        hear(query.toString());
        answer(socket);
      });
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return { port, [Symbol.asyncDispose]: async () => void server.close() };
};

test.each([
  ['is ready before it answered', 'protocol-mismatch', send(message('Z', 'I'))],
  ['asks for a copy', 'protocol-mismatch', send(message('G', '\0\0\0'))],
  ['begins a copy', 'protocol-mismatch', send(message('d', 'x'))],
  [
    'says null where nothing can be',
    'protocol-mismatch',
    send(Buffer.concat([...Array<Buffer>(5).fill(done), columns, nothing])),
  ],
  ['falls silent', 'timeout', send(done)],
  ['never ends its rows', 'source-too-large', rowsForEver],
  ['never ends a field', 'source-too-large', fieldForEver],
  ['never ends its small rows', 'source-too-large', smallRowsForEver],
])('PostgreSQL introspection of a server that %s fails with %s', async (_, code, answer) => {
  await using server = await pretend(answer);
  const client = new pg.Client({ host: '127.0.0.1', port: server.port, user: 'u', password: 'p' });
  client.on('error', () => {});
  await client.connect();
  const queryTimeoutMs = code === 'timeout' ? 50 : 100_000; // the amount of data limits the others, even on a slow machine
  const reading = introspectPostgresql(client, { excludedSchemas: [] }, () => {}, { queryTimeoutMs });
  await expect(reading).rejects.toMatchObject({ code });
  // Data that the server has already sent is ignored: no listener remains after the failure.
  expect(client.listenerCount('error')).toBeLessThanOrEqual(3);
});

describe.each(['postgresql', 'redshift'] as const)('%s connection test', (type) => {
  test.each([
    [2, 2000],
    [60, 10_000],
  ])(
    'opens a read-only transaction that limits every statement to %d s or the limit of the step',
    async (seconds, limit) => {
      const queries: string[] = [];
      await using server = await pretend(
        (socket) => socket.destroy(),
        (said) => queries.push(said),
      );
      const session = openManagedSession(
        connectors[type],
        {
          config: { host: '127.0.0.1', port: server.port, database: 'shop', username: 'me' },
          credentials: { auth_method: 'password', password: 'obviously-fake' },
          options: { ssl_mode: 'disable', query_timeout_seconds: seconds },
          role: 'source',
        },
        {
          policy: { loopback: true },
          environment: 'default',
          tlsSettings: { mode: 'disable' },
          options: { connection_timeout_seconds: 5 },
        },
      );
      await using opened = await session;
      await expect(opened.ping()).rejects.toThrow();
      const [first = ''] = queries;
      expect(first).toMatch(/^.{5}begin (transaction )?.*read only/is);
      expect(first).toMatch(new RegExp(`statement_timeout'?[ =,]+'?${limit}\\b`));
    },
  );
});
