import type { Readable } from 'node:stream';
import { Problem } from '../../problem.ts';

/** Reads a whole response of at most `maxBytes` bytes. Throws the problem of `createProblem` if it is longer. */
export const readWholeText = async (
  answer: Readable,
  maxBytes: number,
  createProblem = createLongAnswerProblem,
): Promise<string> => (await readWholeBytes(answer, maxBytes, createProblem)).toString('utf8');

/**
 * The same as `readWholeText`, but returns bytes. Copies each chunk into one buffer on arrival: a response in chunks of 1 byte would otherwise
 * take 100 times its size.
 */
export const readWholeBytes = async (
  answer: Readable,
  maxBytes: number,
  createProblem = createLongAnswerProblem,
): Promise<Buffer> => {
  let whole = Buffer.alloc(Math.min(maxBytes, 2 ** 14));
  let size = 0;
  for await (const chunk of answer) {
    const bytes: Uint8Array = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    if (size + bytes.length > maxBytes) throw createProblem();
    if (size + bytes.length > whole.length) {
      const larger = Buffer.alloc(Math.min(maxBytes, Math.max(2 * whole.length, size + bytes.length)));
      larger.set(whole.subarray(0, size));
      whole = larger;
    }
    whole.set(bytes, size);
    size += bytes.length;
  }
  return whole.subarray(0, size);
};

const createLongAnswerProblem = () => new Problem('protocol-mismatch', 'Expected a short answer');
