import type { Socket } from 'node:net';
import { Problem } from '../../problem.ts';
import { tap } from '../tap.ts';

/**
 * Stands between a socket and the driver, which keeps every packet that it has not asked for yet: what begins as no packet does and what is
 * endless ends the socket.
 */
export const guard = (socket: Socket): { readonly allow: (bytes: number) => void } => {
  let allowed = mostBeforeLogin;
  let first = Buffer.alloc(0);
  const see = (chunk: Buffer) => {
    if ((allowed -= chunk.length) < 0)
      throw new Problem('protocol-mismatch', 'Expected a short answer; the server sends without end');
    if (first.length >= 5) return;
    first = Buffer.concat([first, chunk.subarray(0, 5)]);
    const type = first[4];
    if (type !== undefined && (type < 1 || type > mostType))
      throw new Problem('protocol-mismatch', 'Expected an Oracle listener; the server speaks something else');
  };

  tap(socket, see, {
    errorFor: (thrown) => {
      const fault = thrown instanceof Problem ? thrown : new Problem('protocol-mismatch');
      faults.set(socket, fault);
      return fault;
    },
  });
  return {
    allow: (bytes) => {
      allowed = bytes;
    },
  };
};

/** All that a server may say before it has let us in. */
const mostBeforeLogin = 2 ** 20;

/** Types of packets run from 1 to 19. */
const mostType = 19;

/** What we ourselves ended a socket for: the driver tells of its end alone. */
const faults = new WeakMap<Socket, Problem>();
export const faultOf = (socket: Socket): Problem | undefined => faults.get(socket);
