import type { Socket } from 'node:net';
import { Problem } from '../../problem.ts';
import { createByteMeter } from '../reading/byte-meter.ts';
import { interceptSocketData } from '../reading/intercept-socket-data.ts';

/**
 * Checks what the server sends before the driver reads it. The driver keeps every packet that it does not expect yet, so data that does not
 * start with a packet header, or exceeds the allowance, ends the socket.
 */
export const guardOracleSocket = (socket: Socket): { readonly allow: (bytes: number) => void } => {
  const { count, allow } = createByteMeter();
  let first = Buffer.alloc(0);
  const inspectChunk = (chunk: Buffer) => {
    count(chunk);
    if (first.length >= 5) return;
    first = Buffer.concat([first, chunk.subarray(0, 5)]);
    const type = first[4];
    if (type !== undefined && (type < 1 || type > MAX_ORACLE_PACKET_TYPE))
      throw new Problem('protocol-mismatch', 'Expected the protocol of an Oracle listener (TNS)');
  };

  interceptSocketData(socket, inspectChunk, {
    errorFor: (thrown) => {
      const problem = thrown instanceof Problem ? thrown : new Problem('protocol-mismatch');
      oracleSocketProblems.set(socket, problem);
      return problem;
    },
  });
  return { allow };
};

/** Packet types are 1 to 19. */
const MAX_ORACLE_PACKET_TYPE = 19;

/** Why Mooring ended a socket: the driver only reports that it ended. */
const oracleSocketProblems = new WeakMap<Socket, Problem>();
export const findOracleSocketProblem = (socket: Socket): Problem | undefined =>
  oracleSocketProblems.get(socket);
