import type { Socket } from 'node:net';
import { createByteMeter } from '../reading/byte-meter.ts';
import { interceptSocketData } from '../reading/intercept-socket-data.ts';
import { createNotSqlserverProblem, TDS_RESPONSE } from './prelogin.ts';

/**
 * Checks the framing of what the server sends before the driver reads it. Data that is not TDS, more data than allowed, and every error that
 * the driver's parser throws become the socket's error. `allow` sets how many bytes the server may still send.
 */
export const guardSqlserverSocket = (socket: Socket): { readonly allow: (bytes: number) => void } => {
  const { count, allow } = createByteMeter();
  let header: number[] = [];
  let bytesLeft = 0;

  const inspectChunk = (chunk: Buffer) => {
    count(chunk);
    for (let at = 0; at < chunk.length;) {
      if (bytesLeft > 0) {
        const some = Math.min(bytesLeft, chunk.length - at);
        bytesLeft -= some;
        at += some;
        continue;
      }
      header.push(chunk.readUInt8(at++));
      if (header[0] !== TDS_RESPONSE) throw createNotSqlserverProblem();
      if (header.length < 8) continue;
      const [, , high = 0, low = 0] = header;
      bytesLeft = high * 256 + low - 8;
      header = [];
      if (bytesLeft < 0) throw createNotSqlserverProblem();
    }
  };

  interceptSocketData(socket, inspectChunk, { endDelayMs: SQLSERVER_END_DELAY_MS });
  return { allow };
};

/** A server that refuses a login sends the reason and closes the connection. The driver would handle the end before it has read the reason. */
const SQLSERVER_END_DELAY_MS = 20;
