import type { Socket } from 'node:net';
import { createMeter } from '../meter.ts';
import { tap } from '../tap.ts';
import { foreign, RESPONSE } from './prelogin.ts';

/**
 * Checks the framing of what the server sends before the driver reads it. Data that is not TDS, more data than allowed, and every error that
 * the driver's parser throws become the socket's error. `allow` sets how many bytes the server may still send.
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

/** A server that refuses a login sends the reason and closes the connection. The driver would handle the end before it has read the reason. */
const patience = 20;
