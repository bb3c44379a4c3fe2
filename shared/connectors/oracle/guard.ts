import type { Socket } from 'node:net';
import { Problem } from '../../problem.ts';
import { createMeter } from '../meter.ts';
import { tap } from '../tap.ts';

/**
 * Checks what the server sends before the driver reads it. The driver keeps every packet that it does not expect yet, so data that does not
 * start with a packet header, or exceeds the allowance, ends the socket.
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

/** Packet types are 1 to 19. */
const mostType = 19;

/** Why Mooring ended a socket: the driver only reports that it ended. */
const faults = new WeakMap<Socket, Problem>();
export const faultOf = (socket: Socket): Problem | undefined => faults.get(socket);
