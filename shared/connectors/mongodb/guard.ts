import type { Socket } from 'node:net';
import { Problem } from '../../problem.ts';
import { createMeter } from '../meter.ts';
import { tap } from '../tap.ts';
import { checkDocument } from './check-document.ts';

/**
 * Checks the bytes of a socket before the driver sees them, and passes only uncompressed answers of one document. By itself, the driver
 * decompresses any message that is marked as compressed, buffers up to 2 GB, and never returns from a document of length −1.
 */
export const guard = (socket: Socket) => {
  const { see, allow, leaveRaw } = follow();
  tap(socket, see);
  return { allow, leaveRaw };
};

/** A document has at most 16 MB, an answer slightly more: https://www.mongodb.com/docs/manual/reference/limits/ */
const longestMessage = 17 * 2 ** 20;

/** Bytes that are harmless, whatever the driver decodes them to. */
const harmless = 2 ** 17;

/** By opcode. The length of the one document follows the header: https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/ */
const headers: Readonly<
  Record<number, { readonly bytes: number; readonly fits: (header: Buffer) => boolean }>
> = {
  // OP_MSG: no flags (checksum, moreToCome), and a section of kind 0.
  2013: { bytes: 21, fits: (header) => header.readUInt32LE(16) === 0 && header[20] === 0 },
  // OP_REPLY, only to the first hello: one document.
  1: { bytes: 36, fits: (header) => header.readInt32LE(32) === 1 },
};

const follow = () => {
  const { count, allow } = createMeter();
  let header = Buffer.alloc(0);
  let left = 0;
  let body: Buffer[] | undefined;
  let raw: string | undefined;

  /** Returns the number of bytes of the message that the next check needs. */
  const wanted = (): number => {
    if (header.length < 4) return 4;
    if (header.length < 16) return 16;
    const bytes = headers[header.readInt32LE(12)]?.bytes;
    return bytes === undefined ? 16 : bytes + 4;
  };

  const look = () => {
    const length = header.readInt32LE(0);
    if (length < 26 || length > longestMessage) throw foreign();
    if (header.length < 16) return;
    const kind = headers[header.readInt32LE(12)];
    if (!kind) throw foreign();
    if (header.length < kind.bytes + 4) return;
    const document = header.readInt32LE(kind.bytes);
    if (!kind.fits(header) || document < 5 || document !== length - kind.bytes) throw foreign();
    left = length - header.length;
    body = left > harmless ? [header.subarray(kind.bytes)] : undefined;
    header = Buffer.alloc(0);
  };

  const see = (chunk: Buffer) => {
    count(chunk);
    for (let at = 0; at < chunk.length;) {
      if (left > 0) {
        const piece = chunk.subarray(at, at + left);
        body?.push(piece);
        left -= piece.length;
        at += piece.length;
        if (left === 0 && body) checkDocument(Buffer.concat(body), raw);
        if (left === 0) body = undefined;
        continue;
      }
      const piece = chunk.subarray(at, at + wanted() - header.length);
      header = Buffer.concat([header, piece]);
      at += piece.length;
      if (header.length >= 4) look();
    }
  };

  return {
    see,
    allow,
    /** Names the array whose documents the driver leaves undecoded. */
    leaveRaw: (batch: string | undefined) => void (raw = batch),
  };
};

const foreign = () => new Problem('protocol-mismatch', 'Expected MongoDB; the server speaks something else');
