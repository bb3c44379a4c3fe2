import type { Socket } from 'node:net';
import type { Bomb, Format, Outcome } from '../bomb.ts';
import { packetBomb, writeToSocketRepeatedly } from '../packets.ts';

const MB = 2 ** 20;
const int16 = (value: number) => Buffer.from([value >> 8, value & 255]);
const int32 = (value: number) =>
  Buffer.from([value >>> 24, (value >> 16) & 255, (value >> 8) & 255, value & 255]);
const message = (type: string, ...parts: readonly (Buffer | string)[]) => {
  const body = Buffer.concat(parts.map((part) => Buffer.from(part as string)));
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body]);
};
const letIn = Buffer.concat([
  message('R', int32(0)),
  message('S', 'server_version\x0016.4\0'),
  message('Z', 'I'),
]);
/** A row description with this number of unnamed columns: https://www.postgresql.org/docs/current/protocol-message-formats.html */
const described = (columns: number) =>
  message(
    'T',
    int16(columns),
    Buffer.alloc(columns * 19, Buffer.concat([Buffer.alloc(9), int32(25), Buffer.alloc(6)])),
  );
const row = message('D', int16(0));
const repeated = (piece: Buffer, bytes: number) =>
  Buffer.alloc(piece.length * Math.floor(bytes / piece.length), piece);
const many = (piece: Buffer) => repeated(piece, 64 * 1024);

/** Accepts every login and gives the hostile answer to the first query. */
const bomb = (kind: Bomb['kind'], answer: (socket: Socket) => void, outcome: Outcome): Bomb =>
  packetBomb(
    kind,
    { connector: 'postgresql', config: { database: 'shop' }, only: 'test' },
    (socket) => {
      let answered = false;
      socket.on('data', (said) => {
        if (said[0] === 0) socket.write(letIn);
        else if (said[0] === 0x51 && !answered) {
          answered = true;
          answer(socket);
        }
      });
    },
    outcome,
  );

export const format: Format = {
  mostMb: 350,
  bombs: {
    'rows without a column of sixty thousand that were described': bomb(
      'claim',
      (socket) => {
        socket.write(described(60_000));
        writeToSocketRepeatedly(socket, many(row), 100);
      },
      { code: 'protocol-mismatch' },
    ),
    'rows without a column of as many as a table may have': bomb(
      'work',
      (socket) => {
        socket.write(described(1600));
        writeToSocketRepeatedly(socket, many(row), 100);
      },
      { code: 'protocol-mismatch' },
    ),
    'descriptions of nothing without end': bomb(
      'work',
      (socket) => writeToSocketRepeatedly(socket, many(described(0))),
      {
        code: 'protocol-mismatch',
      },
    ),
    'ends of statements without end': bomb(
      'work',
      (socket) => writeToSocketRepeatedly(socket, many(message('C', 'X\0'))),
      {
        code: 'protocol-mismatch',
      },
    ),
    'rows of nothing without end': bomb(
      'work',
      (socket) => {
        socket.write(described(0));
        writeToSocketRepeatedly(socket, many(row));
      },
      { code: 'protocol-mismatch' },
    ),
    'notices without end': bomb(
      'work',
      (socket) => writeToSocketRepeatedly(socket, many(message('N', 'SNOTICE\0Mx\0\0'))),
      {
        code: 'protocol-mismatch',
      },
    ),
    'a row that claims two gigabytes': bomb(
      'claim',
      (socket) => {
        socket.write(Buffer.concat([described(1), Buffer.from('D'), int32(2 ** 31 - 1), int16(1)]));
        writeToSocketRepeatedly(socket, Buffer.alloc(MB));
      },
      { code: 'protocol-mismatch' },
    ),
    'fields of an error in fields of an error': bomb(
      'depth',
      (socket) => socket.write(message('E', Buffer.alloc(4 * MB, 'E'))),
      { code: 'protocol-mismatch' },
    ),
  },
};
