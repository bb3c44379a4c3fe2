import type { IncomingMessage } from 'node:http';

/** Reads a body up to `maxBytes` bytes; `whole` tells whether that is all of it. */
export const readRequestBody = async (
  request: IncomingMessage,
  maxBytes: number,
): Promise<{ readonly body: Buffer; readonly whole: boolean }> => {
  if (request.headers['content-length'] === undefined && request.headers['transfer-encoding'] === undefined) {
    return { body: Buffer.alloc(0), whole: true };
  }
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  const chunks: Buffer[] = [];
  let bytes = 0;
  const collectChunk = (chunk: Buffer) => {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes >= maxBytes) resolve(false);
  };
  const rejectCut = () => reject(new Error('The request ended before its body did'));
  request
    .on('data', collectChunk)
    .once('end', () => resolve(true))
    .once('error', reject)
    .once('close', rejectCut);
  try {
    const whole = await promise;
    return { body: Buffer.concat(chunks).subarray(0, maxBytes), whole };
  } finally {
    request.pause().off('data', collectChunk).off('close', rejectCut);
  }
};
