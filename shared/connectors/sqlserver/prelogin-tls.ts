import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { createNotSqlserverProblem, encodeTdsMessage, TDS_PRELOGIN, TDS_RESPONSE } from './prelogin.ts';

export interface PreloginTlsStream {
  readonly stream: Duplex;
  readonly unwrap: () => void;
  /** Continues on another, unused socket, without wrapping. */
  readonly moveTo: (other: Socket) => void;
}

/** A stream for a TLS handshake, which TDS 7 carries inside PRELOGIN packets. After `unwrap()`, bytes pass unchanged. */
export const wrapTlsInPrelogin = (first: Socket): PreloginTlsStream => {
  let socket = first;
  let isBare = false;
  let input = Buffer.alloc(0);
  const pending: Buffer[] = [];
  const flush = () => {
    if (pending.length > 0) socket.write(encodeTdsMessage(TDS_PRELOGIN, Buffer.concat(pending.splice(0))));
  };

  const stream = new Duplex({
    read: () => listen(),
    write: (chunk: Buffer, _, next) => {
      if (isBare) return void socket.write(chunk, next);
      pending.push(chunk);
      setImmediate(flush); // all chunks of a handshake flight form one message
      next();
    },
    final: (next) => {
      flush();
      socket.end(next);
    },
    destroy: (error, next) => {
      socket.destroy();
      next(error);
    },
  });

  // The server decides when it stops wrapping: from the first bare TLS record on, all data is unwrapped.
  let hasRecords = false;
  const readChunk = (chunk: Buffer) => {
    input = Buffer.concat([input, chunk]);
    while (!hasRecords && input.length >= 8) {
      const [type = 0, length] = [input[0], input.readUInt16BE(2)];
      hasRecords = type >= TLS_CHANGE_CIPHER_SPEC && type <= TLS_APPLICATION_DATA;
      if (hasRecords) break;
      if ((type !== TDS_PRELOGIN && type !== TDS_RESPONSE) || length < 8)
        return void stream.destroy(createNotSqlserverProblem());
      if (input.length < length) return;
      stream.push(input.subarray(8, length));
      input = input.subarray(length);
    }
    if (hasRecords) {
      const whole = input;
      input = Buffer.alloc(0);
      hasRecords = true;
      if (!stream.push(whole)) socket.pause();
    }
  };
  // A listener added earlier would consume the server's answer to PRELOGIN.
  let listening = false;
  const listen = () => {
    if (!listening) {
      listening = true;
      if (socket.destroyed) return void stream.destroy();
      socket.on('data', readChunk);
      socket.on('end', () => stream.push(null));
      socket.on('close', () => stream.destroy());
      socket.on('error', (error) => stream.destroy(error));
    }
    socket.resume();
  };
  stream.on('error', () => {}); // reported by the reader of the stream

  return {
    stream,
    unwrap: () => {
      flush();
      isBare = true;
    },
    moveTo: (other) => {
      socket.destroy();
      socket = other;
      isBare = true;
      hasRecords = true;
    },
  };
};

/** The first and the last type of a TLS record: https://www.rfc-editor.org/rfc/rfc8446#section-5.1 */
const [TLS_CHANGE_CIPHER_SPEC, TLS_APPLICATION_DATA] = [0x14, 0x17];
