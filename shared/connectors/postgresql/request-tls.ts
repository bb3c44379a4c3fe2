import type { Socket } from 'node:net';
import { readFirstBytes } from '../../network/read-first-bytes.ts';
import { Problem } from '../../problem.ts';

/** Sends SSLRequest and reads the response of 1 byte: https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-SSL */
export const requestPostgresqlTls = async (socket: Socket): Promise<boolean> => {
  const answer = readFirstBytes(socket, (bytes) => bytes);
  socket.write(Buffer.from([0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f]));
  const bytes = await answer;
  // More bytes would be read as part of the encrypted session (CVE-2021-23222).
  if (bytes.length === 1 && bytes[0] === 0x53) return true; // S
  if (bytes.length === 1 && bytes[0] === 0x4e) return false; // N
  // E: the postmaster itself failed. Its text is not authenticated yet and must not be shown (CVE-2024-10977).
  if (bytes[0] === 0x45) {
    throw new Problem('server-error', undefined, {
      remediation:
        'The server answered the request for TLS with an error. Check the server log for the cause: for example, the server could not start another process.',
    });
  }
  throw new Problem('protocol-mismatch');
};
