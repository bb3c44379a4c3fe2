import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { networkFailure } from './failure.ts';

/** One address to try, and what it is an address of. */
export interface End<To> {
  readonly address: string;
  readonly port: number;
  readonly to: To;
}

/** Connects to whichever address answers first; the next is tried on a failure or after a quarter of a second (RFC 8305). */
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
      // A literal: Node looks nothing up.
      const socket = connect({ host: end.address, port: end.port, noDelay: true });
      attempts.add(socket);
      socket.once('connect', () => {
        if (!open) return;
        settle(socket);
        resolve({ socket, to: end.to });
      });
      // Stays on the winner, so that no late error is an uncaught one.
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

/** That there is no route for one family of addresses says little when the other was refused. */
const mostTelling = (errors: readonly unknown[]): unknown =>
  errors.find((error) => networkFailure(error)?.code !== 'unreachable') ?? errors[0];
