import type { Writable } from 'node:stream';

type Piece = string | Buffer;

/** Writes pieces until the other side closes the connection. Returns how many bytes were written. */
export const writeUntilClosed = (stream: Writable, piece: Piece | (() => Piece)) => {
  let bytes = 0;
  const writeMore = () => {
    let hasRoom = true;
    while (hasRoom && !stream.destroyed) {
      const next = typeof piece === 'function' ? piece() : piece;
      hasRoom = stream.write(next);
      bytes += Buffer.byteLength(next);
    }
  };
  stream.on('drain', writeMore);
  writeMore();
  return { bytes: () => bytes };
};

/**
 * Writes single bytes at intervals, and then nothing more. The peer's time limit must end this: no single byte
 * is late, only the message is.
 */
export const writeByteByByte = (stream: Writable, bytes: Buffer, intervalMs: number): void => {
  let at = 0;
  const timer = setInterval(() => stream.write(bytes.subarray(at, (at += 1))), intervalMs);
  stream.on('close', () => clearInterval(timer));
};
