import type { ClientRequest, IncomingMessage } from 'node:http';

/**
 * Has the pieces of every answer's body joined before anybody is handed them. HTTP clients keep each piece as it came, and one of a byte
 * takes a hundred of memory: what bounds the bytes of an answer would bound nothing.
 */
export const joinPieces = (request: ClientRequest): void => {
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
      if (piece.length >= pieceSize) {
        flush();
        return push(piece);
      }
      if (waiting.length === 0) waiting = Buffer.alloc(2 * pieceSize);
      waiting.set(piece, size);
      size += piece.length;
      return size < pieceSize || flush();
    };
  });
};

const pieceSize = 2 ** 13;
