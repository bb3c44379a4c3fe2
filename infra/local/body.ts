import type { IncomingMessage } from 'node:http';

/** Reads a body up to `maxBytes` bytes; `whole` tells whether that is all of it. */
export const readBody = async (
  request: IncomingMessage,
  most: number,
): Promise<{ readonly body: Buffer; readonly whole: boolean }> => {
  if (request.headers['content-length'] === undefined && request.headers['transfer-encoding'] === undefined) {
    return { body: Buffer.alloc(0), whole: true };
  }
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  const chunks: Buffer[] = [];
  let bytes = 0;
  const take = (chunk: Buffer) => {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes >= most) resolve(false);
  };
  const cut = () => reject(new Error('The request ended before its body did'));
  request
    .on('data', take)
    .once('end', () => resolve(true))
    .once('error', reject)
    .once('close', cut);
  try {
    const whole = await promise;
    return { body: Buffer.concat(chunks).subarray(0, most), whole };
  } finally {
    request.pause().off('data', take).off('close', cut);
  }
};
