import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { foreign, packet, PRELOGIN, RESPONSE } from './prelogin.ts';

export interface Wrapped {
  readonly stream: Duplex;
  readonly unwrap: () => void;
  /** Continues on another, unused socket, without wrapping. */
  readonly moveTo: (other: Socket) => void;
}

/** A stream for a TLS handshake, which TDS 7 carries inside PRELOGIN packets. After `unwrap()`, bytes pass unchanged. */
export const wrap = (first: Socket): Wrapped => {
  let socket = first;
  let bare = false;
  let input = Buffer.alloc(0);
  const flight: Buffer[] = [];
  const flush = () => {
    if (flight.length > 0) socket.write(packet(PRELOGIN, Buffer.concat(flight.splice(0))));
  };

  const stream = new Duplex({
    read: () => listen(),
    write: (chunk: Buffer, _, next) => {
      if (bare) return void socket.write(chunk, next);
      flight.push(chunk);
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
  let records = false;
  const take = (chunk: Buffer) => {
    input = Buffer.concat([input, chunk]);
    while (!records && input.length >= 8) {
      const [type = 0, length] = [input[0], input.readUInt16BE(2)];
      records = type >= changeCipherSpec && type <= applicationData;
      if (records) break;
      if ((type !== PRELOGIN && type !== RESPONSE) || length < 8) return void stream.destroy(foreign());
      if (input.length < length) return;
      stream.push(input.subarray(8, length));
      input = input.subarray(length);
    }
    if (records) {
      const whole = input;
      input = Buffer.alloc(0);
      records = true;
      if (!stream.push(whole)) socket.pause();
    }
  };
  // A listener added earlier would consume the server's answer to PRELOGIN.
  let listening = false;
  const listen = () => {
    if (!listening) {
      listening = true;
      if (socket.destroyed) return void stream.destroy();
      socket.on('data', take);
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
      bare = true;
    },
    moveTo: (other) => {
      socket.destroy();
      socket = other;
      bare = true;
      records = true;
    },
  };
};

/** The first and the last type of a TLS record: https://www.rfc-editor.org/rfc/rfc8446#section-5.1 */
const [changeCipherSpec, applicationData] = [0x14, 0x17];
