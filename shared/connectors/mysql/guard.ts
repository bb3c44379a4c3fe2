import type { Socket } from 'node:net';
import { Problem } from '../../problem.ts';
import { createMeter, tooMuch } from '../meter.ts';
import { tap } from '../tap.ts';
import { followAnswer } from './follow-answer.ts';

/**
 * Checks the framing of what the server sends before the driver reads it. A packet that is too large, and every error that the driver throws
 * in an event handler, becomes the socket's error; such a throw would otherwise end the process. During the login, `onLoginPacket` gets the
 * first bytes and the length of each packet before the driver does, and may throw. `open` ends the login phase.
 */
export const guard = (socket: Socket, hear: (head: Buffer, length: number) => void) => {
  const { count, allow } = createMeter();
  let header: number[] = [];
  let length = 0;
  let left = 0;
  let head = Buffer.alloc(0);
  let loggingIn = true;

  let wanted = 0;
  const answer = followAnswer();

  const note = (piece: Buffer) => {
    const missing = wanted - head.length;
    head = Buffer.concat([head, piece.subarray(0, missing)]);
    if (piece.length < missing) return;
    if (loggingIn) hear(head, length);
    else answer.see(head);
    wanted = 0;
  };

  const see = (chunk: Buffer) => {
    count(chunk);
    for (let at = 0; at < chunk.length;) {
      if (left > 0) {
        const piece = chunk.subarray(at, at + left);
        left -= piece.length;
        at += piece.length;
        if (wanted > 0) note(piece);
        continue;
      }
      header.push(chunk.readUInt8(at++));
      if (header.length < 4) continue;
      const [a = 0, b = 0, c = 0] = header;
      header = [];
      length = left = a + b * 256 + c * 65_536;
      head = Buffer.alloc(0);
      if (left === 0) throw foreign(); // an empty packet only follows a full one
      if (left > longestPacket) throw tooMuch();
      wanted = loggingIn ? Math.min(length, longestHead) : answer.wanted(length);
    }
  };

  tap(socket, see);
  return {
    allow,
    open: () => {
      loggingIn = false;
    },
    /** To be called when a statement is sent: the next packets are its answer. */
    beginAnswer: answer.begin,
  };
};

/** No row of a catalog is nearly as long. After a full packet, the driver would collect continuation packets without limit. */
const longestPacket = 2 ** 24 - 2;

/** Long enough to contain the name of an authentication plugin. */
const longestHead = 80;

const foreign = () => new Problem('protocol-mismatch', 'Expected MySQL; the server speaks something else');
