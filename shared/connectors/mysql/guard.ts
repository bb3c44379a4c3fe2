import type { Socket } from 'node:net';
import { Problem } from '../../problem.ts';
import { tap } from '../tap.ts';

/** Bytes, counted down as they come; `spent` is what to say when there are none left. */
export interface Allowance {
  left: number;
  readonly spent?: () => Problem;
}

/**
 * Stands between a socket and the driver: follows the framing of what the server sends, and turns what is endless and whatever the
 * driver throws in an event into the socket's error. Without it such a throw would end the process.
 */
export const guard = (socket: Socket) => {
  let allowance: Allowance = { left: mostBeforeLogin };
  let header: number[] = [];
  let left = 0;

  const see = (chunk: Buffer) => {
    if ((allowance.left -= chunk.length) < 0) throw (allowance.spent ?? tooMuch)();
    for (let at = 0; at < chunk.length;) {
      if (left > 0) {
        const step = Math.min(left, chunk.length - at);
        left -= step;
        at += step;
        continue;
      }
      header.push(chunk.readUInt8(at++));
      if (header.length < 4) continue;
      const [a = 0, b = 0, c = 0] = header;
      header = [];
      left = a + b * 256 + c * 65_536;
      if (left === 0) throw foreign(); // only ever sent after a packet that is full
      if (left > longestPacket) throw tooMuch();
    }
  };

  tap(socket, see);

  return {
    /** From the login on. */
    allow: (given: Allowance) => {
      allowance = given;
    },
  };
};

/** No row of a catalogue comes near it; a full packet would have the driver gather the ones after it, without end. */
const longestPacket = 2 ** 24 - 2;
/** All that a server may say before it has let us in. */
const mostBeforeLogin = 2 ** 20;

const foreign = () => new Problem('protocol-mismatch', 'Expected MySQL; the server speaks something else');
const tooMuch = () =>
  new Problem('protocol-mismatch', 'Expected a short answer; the server sends without end');
