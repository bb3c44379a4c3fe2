import { Socket } from 'node:net';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { guardKafkaSocket as kafka } from '../../shared/connectors/kafka/guard.ts';
import { guardMongodbSocket as mongodb } from '../../shared/connectors/mongodb/guard.ts';
import { guardMysqlSocket as mysql } from '../../shared/connectors/mysql/guard.ts';
import { guardOracleSocket as oracle } from '../../shared/connectors/oracle/guard.ts';
import { guardPostgresqlSocket as postgresql } from '../../shared/connectors/postgresql/guard.ts';
import { guardSqlserverSocket as sqlserver } from '../../shared/connectors/sqlserver/guard.ts';
import { Problem } from '../../shared/problem.ts';
import { end, head, rowOf } from '../connectors/mysql-server.ts';
import { opMsg } from '../connectors/mongodb-server.ts';
import { hostileBytes } from './mutate.ts';

const big = 64 * 2 ** 20;

/** Each guard stands between the socket and a driver, after the login. */
const guards: Readonly<
  Record<string, readonly [guard: (socket: Socket) => unknown, valid: readonly Buffer[]]>
> = {
  postgresql: [
    (socket) => postgresql(socket, () => {}).allow(big),
    [
      Buffer.concat([
        Buffer.from([0x54, 0, 0, 0, 6, 0, 1]),
        Buffer.from([0x44, 0, 0, 0, 11, 0, 1, 0, 0, 0, 1, 0x61]),
        Buffer.from([0x43, 0, 0, 0, 6, 0x41, 0]),
        Buffer.from([0x5a, 0, 0, 0, 5, 0x49]),
      ]),
    ],
  ],
  mysql: [
    (socket) => {
      const { open, beginAnswer, allow } = mysql(socket, () => {});
      open();
      allow(big);
      beginAnswer();
    },
    [Buffer.concat([head(2), rowOf(5, ['a', 'b']), end(6)])],
  ],
  mongodb: [
    (socket) => mongodb(socket).allow(big),
    [opMsg({ ok: 1, cursor: { id: 0, firstBatch: [{ a: 'x'.repeat(200_000) }] } }), opMsg({ ok: 1 })],
  ],
  sqlserver: [
    (socket) => sqlserver(socket).allow(big),
    [Buffer.from([4, 1, 0, 12, 0, 0, 1, 0, 0xfd, 0, 0, 0])],
  ],
  oracle: [(socket) => oracle(socket).allow(big), [Buffer.from([0, 10, 0, 0, 6, 0, 0, 0, 0, 0])]],
  kafka: [(socket) => kafka(socket).open(), [Buffer.from([0, 0, 0, 6, 0, 0, 0, 1, 0, 0])]],
};

/** Returns the bytes that a driver would get, and the errors that destroyed the socket. */
const pass = (guard: (socket: Socket) => unknown, chunks: readonly Buffer[]) => {
  const socket = new Socket();
  const faults: unknown[] = [];
  const heard: Buffer[] = [];
  socket.destroy = (error) => {
    faults.push(error);
    return socket;
  };
  socket.on('data', (chunk: Buffer) => heard.push(chunk));
  guard(socket);
  for (const chunk of chunks) {
    if (faults.length > 0) break;
    socket.emit('data', chunk);
  }
  return { faults, heard: Buffer.concat(heard) };
};

test.each(Object.entries(guards))('%s: passes valid bytes in any pieces', (_, [guard, valid]) => {
  fc.assert(
    fc.property(
      fc.constantFrom(...valid),
      fc.array(fc.nat({ max: 5000 }), { maxLength: 5 }),
      (bytes, cuts) => {
        const places = [
          0,
          ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b),
          bytes.length,
        ];
        const chunks = places.slice(1).map((to, at) => bytes.subarray(places[at], to));
        expect(pass(guard, chunks)).toEqual({ faults: [], heard: bytes });
      },
    ),
    { numRuns: 100 },
  );
});

test.each(Object.entries(guards))(
  '%s: passes hostile bytes or ends the socket with a problem',
  (_, [guard, valid]) => {
    fc.assert(
      fc.property(hostileBytes(valid), (bytes) => {
        const { faults } = pass(guard, [bytes]);
        for (const fault of faults) expect(fault).toBeInstanceOf(Problem);
      }),
      { numRuns: 300 },
    );
  },
);
