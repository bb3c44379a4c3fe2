import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { mostAddresses } from './connect.ts';
import type { End } from './connect.ts';

/**
 * Sends one datagram to every address, repeats it each second, and returns the first reply. Returns `undefined` after three seconds, or as
 * soon as every address has reported a closed port.
 */
export const askFirst = (
  ends: readonly End<unknown>[],
  question: Buffer,
  signal: AbortSignal,
): Promise<Buffer | undefined> =>
  new Promise((resolve, reject) => {
    const open = new Set<Socket>();
    const ready = new Set<Socket>();
    let turn = 1;

    const settle = () => {
      clearInterval(timer);
      signal.removeEventListener('abort', giveUp);
      for (const socket of open) socket.close();
      open.clear();
    };
    const answer = (bytes: Buffer | undefined) => {
      settle();
      resolve(bytes);
    };
    const giveUp = () => {
      settle();
      reject(signal.reason);
    };
    const drop = (socket: Socket) => {
      if (!open.delete(socket)) return;
      ready.delete(socket);
      socket.close();
      if (open.size === 0) answer(undefined);
    };
    const send = (socket: Socket) => socket.send(question, (error) => error && drop(socket));
    const again = () => {
      if (turn++ === turns) return answer(undefined);
      for (const socket of ready) send(socket);
    };
    const ask = ({ address, port }: End<unknown>) => {
      const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
      open.add(socket);
      socket.on('error', () => drop(socket));
      socket.on('message', (bytes) => open.has(socket) && answer(bytes));
      socket.on('connect', () => {
        if (!open.has(socket)) return;
        ready.add(socket);
        send(socket);
      });
      // A connected UDP socket receives datagrams of this address only, and gets an error when the port is closed.
      socket.connect(port, address);
    };

    const timer = setInterval(again, pause);
    signal.addEventListener('abort', giveUp, { once: true });
    if (signal.aborted) giveUp();
    else for (const end of ends.slice(0, mostAddresses)) ask(end);
  });

const pause = 1000;
const turns = 3;
