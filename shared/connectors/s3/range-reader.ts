import { Problem } from '../../problem.ts';
import type { BucketClient } from './bucket-client.ts';
import type { ListedObject } from './list-object-page.ts';

/** Reads the bytes of an object from `from` to before `to`, and never more. */
export type ReadRange = (from: number, to: number) => Promise<Buffer<ArrayBuffer>>;

export const createRangeReader =
  (bucket: BucketClient, { key, size }: Pick<ListedObject, 'key' | 'size'>): ReadRange =>
  (from, to) =>
    bucket.runRequest(async (abortSignal) => {
      const last = Math.min(to, size) - 1;
      const { GetObjectCommand } = await import('@aws-sdk/client-s3');
      const { Body: body, ContentRange: range } = await bucket.client.send(
        new GetObjectCommand({ Bucket: bucket.name, Key: key, Range: `bytes=${from}-${last}` }),
        { abortSignal },
      );
      if (!body || !(Symbol.asyncIterator in body)) return Buffer.alloc(0);
      // A server that ignores ranges sends the whole object, of which only the beginning can be used.
      if (from > 0 && !range?.startsWith(`bytes ${from}-`)) {
        for await (const _ of body) break; // closes the stream
        throw new Problem('protocol-mismatch', 'Expected a server that supports range requests');
      }
      return readUpTo(body, last + 1 - from);
    });

const readUpTo = async (body: AsyncIterable<unknown>, maxBytes: number): Promise<Buffer<ArrayBuffer>> => {
  const whole = Buffer.alloc(maxBytes);
  let size = 0;
  for await (const piece of body) {
    if (!(piece instanceof Uint8Array)) break;
    const room = maxBytes - size;
    whole.set(piece.length > room ? piece.subarray(0, room) : piece, size);
    size += Math.min(piece.length, room);
    if (piece.length > room) break;
  }
  return whole.subarray(0, size);
};
