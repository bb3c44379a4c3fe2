import { once } from 'node:events';
import { createServer, get, type IncomingMessage } from 'node:http';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { joinBodyChunks } from '../../shared/network/http/join-body-chunks.ts';

/** Starts a server that answers with pieces of these sizes and writes each piece separately. */
const serve = async (sizes: readonly number[]) => {
  const body = Buffer.alloc(sizes.reduce((sum, size) => sum + size, 0)).map((_, at) => at % 251);
  const server = createServer((_, answer) => {
    answer.on('error', () => undefined);
    let at = 0;
    // The next piece is written after the socket has sent this one, so that the server does not join them.
    const writeNext = (turn: number): void => {
      const size = sizes[turn];
      if (size === undefined) return void answer.end();
      answer.write(body.subarray(at, (at += size)), () => writeNext(turn + 1));
    };
    writeNext(0);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  return { server, body, port: typeof address === 'object' && address ? address.port : 0 };
};

const receive = async (sizes: readonly number[]) => {
  const { server, body, port } = await serve(sizes);
  try {
    const request = get({ host: '127.0.0.1', port, agent: false });
    joinBodyChunks(request);
    const [answer] = (await once(request, 'response')) as [IncomingMessage];
    const pieces: Buffer[] = [];
    for await (const piece of answer) pieces.push(piece as Buffer);
    return { body, pieces };
  } finally {
    server.closeAllConnections();
    server.close();
  }
};

const size = fc.oneof(
  fc.integer({ min: 1, max: 9 }),
  fc.constantFrom(8191, 8192, 8193, 16_383, 16_384, 16_385),
  fc.integer({ min: 1, max: 200_000 }),
);

test('a response has the bytes that were sent, in order, for any sizes of pieces', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(size, { maxLength: 12 }), async (sizes) => {
      const { body, pieces } = await receive(sizes);
      expect(Buffer.concat(pieces).equals(body)).toBe(true);
    }),
    { numRuns: 60 },
  );
});

test('many small pieces arrive as a few large ones', async () => {
  const { body, pieces } = await receive(Array<number>(3000).fill(7));
  expect(Buffer.concat(pieces).equals(body)).toBe(true);
  expect(pieces.length).toBeLessThan(10);
});
