import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { networkFailure } from './failure.ts';

/** One address to try, and the host or member that it belongs to. */
export interface End<To> {
  readonly address: string;
  readonly port: number;
  readonly to: To;
}

/** Connects to the address that answers first. Tries the next one after a failure or after 250 ms (RFC 8305). */
export const connectFirst = <To>(
  ends: readonly End<To>[],
  signal: AbortSignal,
): Promise<{ readonly socket: Socket; readonly to: To }> =>
  new Promise((resolve, reject) => {
    const waiting = ends.slice(0, mostAddresses);
    const attempts = new Set<Socket>();
    const errors: unknown[] = [];
    let timer: NodeJS.Timeout | undefined;
    let open = true;

    const settle = (winner?: Socket) => {
      open = false;
      clearTimeout(timer);
      signal.removeEventListener('abort', giveUp);
      for (const socket of attempts) if (socket !== winner) socket.destroy();
    };
    const giveUp = () => {
      settle();
      reject(signal.reason);
    };
    const next = () => {
      clearTimeout(timer);
      const end = waiting.shift();
      if (end === undefined) return;
      // The address is an IP literal, so Node makes no DNS lookup.
      const socket = connect({ host: end.address, port: end.port, noDelay: true });
      attempts.add(socket);
      socket.once('connect', () => {
        if (!open) return;
        settle(socket);
        resolve({ socket, to: end.to });
      });
      // The listener stays on the connected socket: without it a later error would be uncaught.
      socket.on('error', (error) => {
        if (!open) return;
        errors.push(error);
        attempts.delete(socket);
        if (waiting.length > 0) return next();
        if (attempts.size > 0) return;
        settle();
        reject(mostTelling(errors));
      });
      if (waiting.length > 0) timer = setTimeout(next, stagger);
    };

    signal.addEventListener('abort', giveUp, { once: true });
    if (signal.aborted) giveUp();
    else next();
  });

export const mostAddresses = 8;
const stagger = 250;

/** Prefers any other error to `unreachable`: often one address family has no route, and the error of the other names the cause. */
const mostTelling = (errors: readonly unknown[]): unknown =>
  errors.find((error) => networkFailure(error)?.code !== 'unreachable') ?? errors[0];
