import type { Socket } from 'node:net';
import { Problem } from '../../problem.ts';
import { createByteMeter } from '../reading/byte-meter.ts';
import { interceptSocketData } from '../reading/intercept-socket-data.ts';
import { checkBsonDocument } from './check-bson-document.ts';

/**
 * Checks the bytes of a socket before the driver sees them, and passes only uncompressed answers of one document. By itself, the driver
 * decompresses any message that is marked as compressed, buffers up to 2 GB, and never returns from a document of length −1.
 */
export const guardMongodbSocket = (socket: Socket) => {
  const { see, allow, leaveRaw } = createMessageChecker();
  interceptSocketData(socket, see);
  return { allow, leaveRaw };
};

/** A document has at most 16 MB, an answer slightly more: https://www.mongodb.com/docs/manual/reference/limits/ */
const MAX_MONGODB_MESSAGE_BYTES = 17 * 2 ** 20;

/** Bytes that are harmless, whatever the driver decodes them to. */
const MAX_UNCHECKED_BYTES = 2 ** 17;

/** By opcode. The length of the one document follows the header: https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/ */
const messageHeaders: Readonly<
  Record<number, { readonly bytes: number; readonly fits: (header: Buffer) => boolean }>
> = {
  // OP_MSG: no flags (checksum, moreToCome), and a section of kind 0.
  2013: { bytes: 21, fits: (header) => header.readUInt32LE(16) === 0 && header[20] === 0 },
  // OP_REPLY, only to the first hello: one document.
  1: { bytes: 36, fits: (header) => header.readInt32LE(32) === 1 },
};

const createMessageChecker = () => {
  const { count, allow } = createByteMeter();
  let header = Buffer.alloc(0);
  let remaining = 0;
  let body: Buffer[] | undefined;
  let rawBatch: string | undefined;

  /** Returns the number of bytes of the message that the next check needs. */
  const countWantedBytes = (): number => {
    if (header.length < 4) return 4;
    if (header.length < 16) return 16;
    const bytes = messageHeaders[header.readInt32LE(12)]?.bytes;
    return bytes === undefined ? 16 : bytes + 4;
  };

  const checkHeader = () => {
    const length = header.readInt32LE(0);
    if (length < 26 || length > MAX_MONGODB_MESSAGE_BYTES) throw createNotMongodbProblem();
    if (header.length < 16) return;
    const kind = messageHeaders[header.readInt32LE(12)];
    if (!kind) throw createNotMongodbProblem();
    if (header.length < kind.bytes + 4) return;
    const document = header.readInt32LE(kind.bytes);
    if (!kind.fits(header) || document < 5 || document !== length - kind.bytes)
      throw createNotMongodbProblem();
    remaining = length - header.length;
    body = remaining > MAX_UNCHECKED_BYTES ? [header.subarray(kind.bytes)] : undefined;
    header = Buffer.alloc(0);
  };

  const checkChunk = (chunk: Buffer) => {
    count(chunk);
    for (let at = 0; at < chunk.length;) {
      if (remaining > 0) {
        const piece = chunk.subarray(at, at + remaining);
        body?.push(piece);
        remaining -= piece.length;
        at += piece.length;
        if (remaining === 0 && body) checkBsonDocument(Buffer.concat(body), rawBatch);
        if (remaining === 0) body = undefined;
        continue;
      }
      const piece = chunk.subarray(at, at + countWantedBytes() - header.length);
      header = Buffer.concat([header, piece]);
      at += piece.length;
      if (header.length >= 4) checkHeader();
    }
  };

  return {
    see: checkChunk,
    allow,
    /** Names the array whose documents the driver leaves undecoded. */
    leaveRaw: (batch: string | undefined) => void (rawBatch = batch),
  };
};

const createNotMongodbProblem = () =>
  new Problem('protocol-mismatch', 'Expected the wire protocol of MongoDB');
