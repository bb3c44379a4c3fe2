import type { Socket } from 'node:net';
import { Problem } from '../../problem.ts';
import { tap } from '../tap.ts';
import { foreign } from './wire.ts';

/**
 * Stands between a socket and the driver: follows the framing of what the server sends, and turns what is no Kafka, what is endless and
 * whatever the driver throws at an event into the socket's error. `fault` tells it, for the driver words errors anew.
 */
export const guard = (socket: Socket) => {
  let fault: Problem | undefined;
  const { see, open, allow } = follow('encrypted' in socket);
  tap(socket, see, {
    errorFor: (thrown) => (fault ??= thrown instanceof Problem ? thrown : foreign()),
  });
  return { open, allow, fault: () => fault };
};

/** A hundred thousand topics fit; more would be gathered before it is looked at. */
const longestAnswer = 32 * 2 ** 20;
/** All that a server may say before it has let us in. */
const mostBeforeLogin = 2 ** 20;

/** Lengths of four bytes, and so many bytes behind each: https://kafka.apache.org/protocol#protocol_common */
const follow = (encrypted: boolean) => {
  let opened = false;
  let allowed = mostBeforeLogin;
  let first = true;
  let header: number[] = [];
  let left = 0;
  let said: Buffer[] = [];

  const begin = () => {
    const [a = 0, b = 0, c = 0, d = 0] = header;
    // A TLS alert, RFC 8446 section 5.1: the port speaks TLS and was greeted in clear.
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
    /** From the login on. */
    open: () => {
      opened = true;
      said = [];
    },
    /** One answer more is waited for; what nobody asked for adds up. */
    allow: () => {
      if (opened) allowed = Math.min(allowed + longestAnswer, 4 * longestAnswer);
    },
  };
};

/** SCRAM (RFC 5802) lets the server say how often a password is hashed; a million times and more would only keep us busy. */
const spun = /(^|,)i=\s*\+?\d{7}/;
