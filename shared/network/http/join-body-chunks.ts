import type { ClientRequest, IncomingMessage } from 'node:http';

/**
 * Joins the chunks of every response body before a reader receives them. HTTP clients keep each chunk as it arrives, and a chunk of 1 byte
 * takes 100 bytes of memory: without joining, a limit on the bytes of a response would not limit memory.
 */
export const joinBodyChunks = (request: ClientRequest): void => {
  request.prependListener('response', (answer: IncomingMessage) => {
    const push = answer.push.bind(answer);
    let waiting = Buffer.alloc(0);
    let size = 0;
    const flush = (): boolean => {
      if (size === 0) return true;
      const joined = waiting.subarray(0, size);
      waiting = Buffer.alloc(0);
      size = 0;
      return push(joined);
    };
    answer.push = (piece: Buffer | null) => {
      if (piece === null) {
        flush();
        return push(null);
      }
      if (piece.length >= JOINED_CHUNK_BYTES) {
        flush();
        return push(piece);
      }
      if (waiting.length === 0) waiting = Buffer.alloc(2 * JOINED_CHUNK_BYTES);
      waiting.set(piece, size);
      size += piece.length;
      return size < JOINED_CHUNK_BYTES || flush();
    };
  });
};

const JOINED_CHUNK_BYTES = 2 ** 13;
