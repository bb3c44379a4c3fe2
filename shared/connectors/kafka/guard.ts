import type { Socket } from 'node:net';
import { Problem } from '../../problem.ts';
import { interceptSocketData } from '../reading/intercept-socket-data.ts';
import { createNotKafkaProblem } from './protocol-types.ts';

/**
 * Checks the bytes of a socket before the driver sees them. Data that is not Kafka, frames over the limits and anything that the driver
 * throws in an event handler become the socket's error. `fault` returns that error, because the driver wraps errors in its own.
 */
export const guardKafkaSocket = (socket: Socket) => {
  let fault: Problem | undefined;
  const { see, open, allow } = createKafkaFrameChecker('encrypted' in socket);
  interceptSocketData(socket, see, {
    errorFor: (thrown) => (fault ??= thrown instanceof Problem ? thrown : createNotKafkaProblem()),
  });
  return { open, allow, fault: () => fault };
};

/** Enough for 100,000 topics. The driver buffers a whole answer before it parses it. */
const MAX_KAFKA_ANSWER_BYTES = 32 * 2 ** 20;
/** Bytes that a server may send before the login succeeds. */
const MAX_BYTES_BEFORE_LOGIN = 2 ** 20;

/** A frame is a length of four bytes, and that many bytes: https://kafka.apache.org/protocol#protocol_common */
const createKafkaFrameChecker = (encrypted: boolean) => {
  let isLoggedIn = false;
  let allowed = MAX_BYTES_BEFORE_LOGIN;
  let first = true;
  let header: number[] = [];
  let remaining = 0;
  let pieces: Buffer[] = [];

  const beginFrame = () => {
    const [a = 0, b = 0, c = 0, d = 0] = header;
    // A TLS alert (RFC 8446, section 5.1): the port expects TLS and received plaintext.
    if (first && !encrypted && a === 0x15 && b === 3) throw new Problem('tls-required');
    const length = ((a * 256 + b) * 256 + c) * 256 + d;
    if (length < 4 || length > allowed) throw createNotKafkaProblem();
    header = [];
    remaining = length;
    first = false;
  };

  const checkChunk = (chunk: Buffer) => {
    if ((allowed -= chunk.length) < 0) throw createNotKafkaProblem();
    for (let at = 0; at < chunk.length;) {
      if (remaining === 0) {
        header.push(chunk.readUInt8(at++));
        if (header.length === 4) beginFrame();
        continue;
      }
      const piece = chunk.subarray(at, at + remaining);
      if (!isLoggedIn) pieces.push(piece);
      remaining -= piece.length;
      at += piece.length;
      if (remaining > 0 || isLoggedIn) continue;
      if (excessiveIterations.test(Buffer.concat(pieces).toString('latin1'))) throw createNotKafkaProblem();
      pieces = [];
    }
  };

  return {
    see: checkChunk,
    /** Call after the login. */
    open: () => {
      isLoggedIn = true;
      pieces = [];
    },
    /** Raises the limit by one answer: call before each request. Bytes that no request asked for count against the limit. */
    allow: () => {
      if (isLoggedIn) allowed = Math.min(allowed + MAX_KAFKA_ANSWER_BYTES, 4 * MAX_KAFKA_ANSWER_BYTES);
    },
  };
};

/** In SCRAM (RFC 5802) the server sets the iteration count; a million or more would only waste CPU time. */
const excessiveIterations = /(^|,)i=\s*\+?\d{7}/;
