import type { Socket } from 'node:net';
import { Problem } from '../../problem.ts';
import { createByteMeter, createEndlessAnswerProblem } from '../reading/byte-meter.ts';
import { interceptSocketData } from '../reading/intercept-socket-data.ts';
import { createMysqlResultChecker } from './result-checker.ts';

/**
 * Checks the framing of what the server sends before the driver reads it. A packet that is too large, and every error that the driver throws
 * in an event handler, becomes the socket's error; such a throw would otherwise end the process. During the login, `onLoginPacket` gets the
 * first bytes and the length of each packet before the driver does, and may throw. `open` ends the login phase.
 */
export const guardMysqlSocket = (socket: Socket, onLoginPacket: (head: Buffer, length: number) => void) => {
  const { count, allow } = createByteMeter();
  let header: number[] = [];
  let length = 0;
  let bytesLeft = 0;
  let head = Buffer.alloc(0);
  let loggingIn = true;

  let wanted = 0;
  const resultChecker = createMysqlResultChecker();

  const collectHead = (piece: Buffer) => {
    const missing = wanted - head.length;
    head = Buffer.concat([head, piece.subarray(0, missing)]);
    if (piece.length < missing) return;
    if (loggingIn) onLoginPacket(head, length);
    else resultChecker.see(head);
    wanted = 0;
  };

  const inspectChunk = (chunk: Buffer) => {
    count(chunk);
    for (let at = 0; at < chunk.length;) {
      if (bytesLeft > 0) {
        const piece = chunk.subarray(at, at + bytesLeft);
        bytesLeft -= piece.length;
        at += piece.length;
        if (wanted > 0) collectHead(piece);
        continue;
      }
      header.push(chunk.readUInt8(at++));
      if (header.length < 4) continue;
      const [a = 0, b = 0, c = 0] = header;
      header = [];
      length = bytesLeft = a + b * 256 + c * 65_536;
      head = Buffer.alloc(0);
      if (bytesLeft === 0) throw createNotMysqlProblem(); // an empty packet only follows a full one
      if (bytesLeft > MAX_MYSQL_PACKET_BYTES) throw createEndlessAnswerProblem();
      wanted = loggingIn ? Math.min(length, MAX_MYSQL_HEAD_BYTES) : resultChecker.wanted(length);
    }
  };

  interceptSocketData(socket, inspectChunk);
  return {
    allow,
    open: () => {
      loggingIn = false;
    },
    /** To be called when a statement is sent: the next packets are its answer. */
    beginAnswer: resultChecker.begin,
  };
};

/** No row of a catalog is nearly as long. After a full packet, the driver would collect continuation packets without limit. */
const MAX_MYSQL_PACKET_BYTES = 2 ** 24 - 2;

/** Long enough to contain the name of an authentication plugin. */
const MAX_MYSQL_HEAD_BYTES = 80;

const createNotMysqlProblem = () => new Problem('protocol-mismatch', 'Expected the wire protocol of MySQL');
