import type { Socket } from 'node:net';
import { createMeter } from '../meter.ts';
import { tap } from '../tap.ts';
import { foreign, RESPONSE } from './prelogin.ts';

/**
 * Stands between a socket and the driver: follows the framing of what the server sends, and turns what is no TDS, what is endless and
 * whatever the driver's parser throws into the socket's error. `allow` says how many bytes more may come.
 */
export const guard = (socket: Socket): { readonly allow: (bytes: number) => void } => {
  const { count, allow } = createMeter();
  let header: number[] = [];
  let left = 0;

  const see = (chunk: Buffer) => {
    count(chunk);
    for (let at = 0; at < chunk.length;) {
      if (left > 0) {
        const some = Math.min(left, chunk.length - at);
        left -= some;
        at += some;
        continue;
      }
      header.push(chunk.readUInt8(at++));
      if (header[0] !== RESPONSE) throw foreign();
      if (header.length < 8) continue;
      const [, , high = 0, low = 0] = header;
      left = high * 256 + low - 8;
      header = [];
      if (left < 0) throw foreign();
    }
  };

  tap(socket, see, { patience });
  return { allow };
};

/** Milliseconds. A server says why it refuses and hangs up; the driver would hear the second before it has read the first. */
const patience = 20;
