import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { expect, test } from '@jest/globals';
import { readFirstBytes } from '../../shared/network/read-first-bytes.ts';
import { plainServer } from './servers.ts';

/**
 * Connects to a server that runs `say` for each client, and counts the listeners that the socket had before.
 */
const socketTo = async (say: (socket: Socket) => void) => {
  const stack = new AsyncDisposableStack();
  const { port } = stack.use(await plainServer(say));
  const socket = connect({ host: '127.0.0.1', port });
  stack.defer(() => void socket.destroy());
  await once(socket, 'connect');
  const listening = () => ['data', 'end', 'close', 'error'].map((event) => socket.listenerCount(event));
  return { socket, listening, before: listening(), [Symbol.asyncDispose]: () => stack.disposeAsync() };
};

const four = (heard: Buffer) => (heard.length < 4 ? undefined : heard.toString());

test('resolves once the answer is complete, in any number of pieces, and leaves later bytes to the next reader', async () => {
  await using server = await socketTo((socket) => {
    socket.write('ab');
    socket.on('data', (piece) => socket.write(piece));
  });
  const { socket } = server;
  const pieces: string[] = [];
  const heard = readFirstBytes(socket, (bytes) => {
    pieces.push(bytes.toString());
    if (bytes.length === 2) socket.write('cd');
    return four(bytes);
  });
  expect(await heard).toBe('abcd');
  expect(pieces).toEqual(['ab', 'abcd']);
  expect(socket.isPaused()).toBe(true);
  expect(server.listening()).toEqual(server.before);
  const next = once(socket, 'data');
  socket.write('ef');
  socket.resume();
  expect(String(await next)).toBe('ef');
});

test('rejects with the error of the parser and removes its listeners', async () => {
  const foreign = new Error('foreign');
  await using server = await socketTo((socket) => socket.write('ab'));
  const refuse = () => {
    throw foreign;
  };
  await expect(readFirstBytes(server.socket, refuse)).rejects.toBe(foreign);
  expect(server.listening()).toEqual(server.before);
});

test.each([
  ['ends', (socket: Socket) => socket.end('ab')],
  ['is reset', (socket: Socket) => socket.resetAndDestroy()],
] as const)('rejects with ECONNRESET when the socket %s before the answer is complete', async (_, say) => {
  await using server = await socketTo((socket) => socket.once('data', () => say(socket)));
  const heard = readFirstBytes(server.socket, four);
  server.socket.write('hello');
  await expect(heard).rejects.toMatchObject({ code: 'ECONNRESET' });
  expect(server.listening()).toEqual(server.before);
});
