import type { Socket } from 'node:net';
import { Problem } from '../../problem.ts';
import { createMeter } from '../meter.ts';
import { tap } from '../tap.ts';

/**
 * Stands between a socket and the driver, which keeps every packet that it has not asked for yet: what begins as no packet does and what is
 * endless ends the socket.
 */
export const guard = (socket: Socket): { readonly allow: (bytes: number) => void } => {
  const { count, allow } = createMeter();
  let first = Buffer.alloc(0);
  const see = (chunk: Buffer) => {
    count(chunk);
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
  return { allow };
};

/** Types of packets run from 1 to 19. */
const mostType = 19;

/** What we ourselves ended a socket for: the driver tells of its end alone. */
const faults = new WeakMap<Socket, Problem>();
export const faultOf = (socket: Socket): Problem | undefined => faults.get(socket);
