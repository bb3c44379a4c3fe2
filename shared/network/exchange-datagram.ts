import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { MAX_DIAL_ADDRESSES } from './connect-to-first.ts';
import type { DialAddress } from './connect-to-first.ts';

/**
 * Sends one datagram to every address, repeats it each second, and returns the first reply. Returns `undefined` after three seconds, or as
 * soon as every address has reported a closed port.
 */
export const exchangeDatagram = (
  addresses: readonly DialAddress<unknown>[],
  question: Buffer,
  signal: AbortSignal,
): Promise<Buffer | undefined> =>
  new Promise((resolve, reject) => {
    const open = new Set<Socket>();
    const ready = new Set<Socket>();
    let sends = 1;

    const cleanUp = () => {
      clearInterval(timer);
      signal.removeEventListener('abort', abort);
      for (const socket of open) socket.close();
      open.clear();
    };
    const finish = (bytes: Buffer | undefined) => {
      cleanUp();
      resolve(bytes);
    };
    const abort = () => {
      cleanUp();
      reject(signal.reason);
    };
    const drop = (socket: Socket) => {
      if (!open.delete(socket)) return;
      ready.delete(socket);
      socket.close();
      if (open.size === 0) finish(undefined);
    };
    const send = (socket: Socket) => socket.send(question, (error) => error && drop(socket));
    const resend = () => {
      if (sends++ === MAX_UDP_SENDS) return finish(undefined);
      for (const socket of ready) send(socket);
    };
    const openSocket = ({ address, port }: DialAddress<unknown>) => {
      const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
      open.add(socket);
      socket.on('error', () => drop(socket));
      socket.on('message', (bytes) => open.has(socket) && finish(bytes));
      socket.on('connect', () => {
        if (!open.has(socket)) return;
        ready.add(socket);
        send(socket);
      });
      // A connected UDP socket receives datagrams of this address only, and gets an error when the port is closed.
      socket.connect(port, address);
    };

    const timer = setInterval(resend, UDP_RESEND_MS);
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    else for (const end of addresses.slice(0, MAX_DIAL_ADDRESSES)) openSocket(end);
  });

const UDP_RESEND_MS = 1000;
const MAX_UDP_SENDS = 3;
