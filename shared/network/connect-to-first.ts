import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { classifyNetworkError } from './classify-network-error.ts';

/** One address to try, and the host or member that it belongs to. */
export interface DialAddress<To> {
  readonly address: string;
  readonly port: number;
  readonly to: To;
}

/** Connects to the address that answers first. Tries the next one after a failure or after 250 ms (RFC 8305). */
export const connectToFirst = <To>(
  addresses: readonly DialAddress<To>[],
  signal: AbortSignal,
): Promise<{ readonly socket: Socket; readonly to: To }> =>
  new Promise((resolve, reject) => {
    const waiting = addresses.slice(0, MAX_DIAL_ADDRESSES);
    const attempts = new Set<Socket>();
    const errors: unknown[] = [];
    let timer: NodeJS.Timeout | undefined;
    let open = true;

    const cleanUp = (winner?: Socket) => {
      open = false;
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      for (const socket of attempts) if (socket !== winner) socket.destroy();
    };
    const abort = () => {
      cleanUp();
      reject(signal.reason);
    };
    const tryNext = () => {
      clearTimeout(timer);
      const end = waiting.shift();
      if (end === undefined) return;
      // The address is an IP literal, so Node makes no DNS lookup.
      const socket = connect({ host: end.address, port: end.port, noDelay: true });
      attempts.add(socket);
      socket.once('connect', () => {
        if (!open) return;
        cleanUp(socket);
        resolve({ socket, to: end.to });
      });
      // The listener stays on the connected socket: without it a later error would be uncaught.
      socket.on('error', (error) => {
        if (!open) return;
        errors.push(error);
        attempts.delete(socket);
        if (waiting.length > 0) return tryNext();
        if (attempts.size > 0) return;
        cleanUp();
        reject(findMostSpecificError(errors));
      });
      if (waiting.length > 0) timer = setTimeout(tryNext, CONNECT_STAGGER_MS);
    };

    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    else tryNext();
  });

export const MAX_DIAL_ADDRESSES = 8;
const CONNECT_STAGGER_MS = 250;

/** Prefers any other error to `unreachable`: often one address family has no route, and the error of the other names the cause. */
const findMostSpecificError = (errors: readonly unknown[]): unknown =>
  errors.find((error) => classifyNetworkError(error)?.code !== 'unreachable') ?? errors[0];
