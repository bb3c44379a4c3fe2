import type { Readable } from 'node:stream';
import { Problem } from '../problem.ts';

/** All of an answer, of so many bytes at the most; a longer one is left, and is that problem. */
export const wholeText = async (answer: Readable, most: number, tooLong = endless): Promise<string> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer) {
    const bytes = Buffer.from(chunk); // without an encoding chunks are buffers
    if ((size += bytes.length) > most) throw tooLong();
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
};

const endless = () => new Problem('protocol-mismatch', 'Expected a short answer');
