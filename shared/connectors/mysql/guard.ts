import type { Socket } from 'node:net';
import { Problem } from '../../problem.ts';
import { createMeter, tooMuch } from '../meter.ts';
import { tap } from '../tap.ts';

/**
 * Stands between a socket and the driver: follows the framing of what the server sends, and turns what is endless and whatever the
 * driver throws in an event into the socket's error. Without it such a throw would end the process.
 */
export const guard = (socket: Socket) => {
  const { count, allow } = createMeter();
  let header: number[] = [];
  let left = 0;

  const see = (chunk: Buffer) => {
    count(chunk);
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
  return { allow };
};

/** No row of a catalogue comes near it; a full packet would have the driver gather the ones after it, without end. */
const longestPacket = 2 ** 24 - 2;

const foreign = () => new Problem('protocol-mismatch', 'Expected MySQL; the server speaks something else');
