import type { Socket } from 'node:net';
import { Problem } from '../../problem.ts';

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

  const emit = socket.emit.bind(socket);
  socket.emit = (event: string | symbol, ...values: unknown[]) => {
    if (event !== 'data' || !Buffer.isBuffer(values[0])) return emit(event, ...values);
    try {
      see(values[0]);
      return emit(event, ...values);
    } catch (error) {
      const fault = error instanceof Problem ? error : new Problem('protocol-mismatch');
      faults.set(socket, fault);
      socket.destroy(fault);
      return true;
    }
  };
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
