import type { Readable } from 'node:stream';
import { Problem } from '../problem.ts';

/** Reads a whole response of at most `maxBytes` bytes. Throws the problem of `createProblem` if it is longer. */
export const wholeText = async (answer: Readable, most: number, tooLong = endless): Promise<string> =>
  (await wholeBytes(answer, most, tooLong)).toString('utf8');

/**
 * The same as `readWholeText`, but returns bytes. Copies each chunk into one buffer on arrival: a response in chunks of 1 byte would otherwise
 * take 100 times its size.
 */
export const wholeBytes = async (answer: Readable, most: number, tooLong = endless): Promise<Buffer> => {
  let whole = Buffer.alloc(Math.min(most, 2 ** 14));
  let size = 0;
  for await (const chunk of answer) {
    const bytes: Uint8Array = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    if (size + bytes.length > most) throw tooLong();
    if (size + bytes.length > whole.length) {
      const larger = Buffer.alloc(Math.min(most, Math.max(2 * whole.length, size + bytes.length)));
      larger.set(whole.subarray(0, size));
      whole = larger;
    }
    whole.set(bytes, size);
    size += bytes.length;
  }
  return whole.subarray(0, size);
};

const endless = () => new Problem('protocol-mismatch', 'Expected a short answer');
