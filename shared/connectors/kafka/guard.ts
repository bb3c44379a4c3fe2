import type { Socket } from 'node:net';
import { Problem } from '../../problem.ts';
import { tap } from '../tap.ts';
import { foreign } from './wire.ts';

/**
 * Checks the bytes of a socket before the driver sees them. Data that is not Kafka, frames over the limits and anything that the driver
 * throws in an event handler become the socket's error. `fault` returns that error, because the driver wraps errors in its own.
 */
export const guard = (socket: Socket) => {
  let fault: Problem | undefined;
  const { see, open, allow } = follow('encrypted' in socket);
  tap(socket, see, {
    errorFor: (thrown) => (fault ??= thrown instanceof Problem ? thrown : foreign()),
  });
  return { open, allow, fault: () => fault };
};

/** Enough for 100,000 topics. The driver buffers a whole answer before it parses it. */
const longestAnswer = 32 * 2 ** 20;
/** Bytes that a server may send before the login succeeds. */
const mostBeforeLogin = 2 ** 20;

/** A frame is a length of four bytes, and that many bytes: https://kafka.apache.org/protocol#protocol_common */
const follow = (encrypted: boolean) => {
  let opened = false;
  let allowed = mostBeforeLogin;
  let first = true;
  let header: number[] = [];
  let left = 0;
  let said: Buffer[] = [];

  const begin = () => {
    const [a = 0, b = 0, c = 0, d = 0] = header;
    // A TLS alert (RFC 8446, section 5.1): the port expects TLS and received plaintext.
    if (first && !encrypted && a === 0x15 && b === 3) throw new Problem('tls-required');
    const length = ((a * 256 + b) * 256 + c) * 256 + d;
    if (length < 4 || length > allowed) throw foreign();
    header = [];
    left = length;
    first = false;
  };

  const see = (chunk: Buffer) => {
    if ((allowed -= chunk.length) < 0) throw foreign();
    for (let at = 0; at < chunk.length;) {
      if (left === 0) {
        header.push(chunk.readUInt8(at++));
        if (header.length === 4) begin();
        continue;
      }
      const piece = chunk.subarray(at, at + left);
      if (!opened) said.push(piece);
      left -= piece.length;
      at += piece.length;
      if (left > 0 || opened) continue;
      if (spun.test(Buffer.concat(said).toString('latin1'))) throw foreign();
      said = [];
    }
  };

  return {
    see,
    /** Call after the login. */
    open: () => {
      opened = true;
      said = [];
    },
    /** Raises the limit by one answer: call before each request. Bytes that no request asked for count against the limit. */
    allow: () => {
      if (opened) allowed = Math.min(allowed + longestAnswer, 4 * longestAnswer);
    },
  };
};

/** In SCRAM (RFC 5802) the server sets the iteration count; a million or more would only waste CPU time. */
const spun = /(^|,)i=\s*\+?\d{7}/;
