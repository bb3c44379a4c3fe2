import type { Socket } from 'node:net';
import { Problem } from '../../problem.ts';
import { tap } from '../tap.ts';
import { foreign, RESPONSE } from './prelogin.ts';

/**
 * Stands between a socket and the driver: follows the framing of what the server sends, and turns what is no TDS, what is endless and
 * whatever the driver's parser throws into the socket's error. `allow` says how many bytes more may come.
 */
export const guard = (socket: Socket): { readonly allow: (bytes: number) => void } => {
  let allowed = mostBeforeLogin;
  let header: number[] = [];
  let left = 0;

  const see = (chunk: Buffer) => {
    if ((allowed -= chunk.length) < 0) throw tooMuch();
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
  return {
    allow: (bytes) => {
      allowed = bytes;
    },
  };
};

/** Milliseconds. A server says why it refuses and hangs up; the driver would hear the second before it has read the first. */
const patience = 20;

/** All that a server may say before it has let us in. */
const mostBeforeLogin = 2 ** 20;

const tooMuch = () =>
  new Problem('protocol-mismatch', 'Expected a short answer; the server sends without end');
