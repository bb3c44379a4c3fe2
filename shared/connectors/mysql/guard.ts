import type { Socket } from 'node:net';
import { Problem } from '../../problem.ts';
import { createMeter, tooMuch } from '../meter.ts';
import { tap } from '../tap.ts';
import { followAnswer } from './follow-answer.ts';

/**
 * Stands between a socket and the driver: follows the framing of what the server sends, and turns what is endless and whatever the
 * driver throws in an event into the socket's error. Without it such a throw would end the process. `hear` gets the first bytes of each
 * packet of the login, and its length, before the driver does, and may throw; `open` ends the login.
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
      if (left === 0) throw foreign(); // only ever sent after a packet that is full
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
    /** A statement was sent: what comes next is its answer. */
    beginAnswer: answer.begin,
  };
};

/** No row of a catalogue comes near it; a full packet would have the driver gather the ones after it, without end. */
const longestPacket = 2 ** 24 - 2;

/** The name of a plugin is within. */
const longestHead = 80;

const foreign = () => new Problem('protocol-mismatch', 'Expected MySQL; the server speaks something else');
