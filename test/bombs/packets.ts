import type { Socket } from 'node:net';
import { plainServer, type Running } from '../network/servers.ts';
import type { ReadRequest, Bomb, Outcome } from './bomb.ts';

/** A server that runs `speak` on every connection. */
export const packetBomb = (
  kind: Bomb['kind'],
  target: Target,
  speak: (socket: Socket) => void,
  outcome: Outcome,
): Bomb => serverBomb(kind, target, () => plainServer(speak), outcome);

export const serverBomb = (
  kind: Bomb['kind'],
  { connector, config, seconds = 30, ...more }: Target,
  serve: () => Promise<Pick<Running, 'port'> & AsyncDisposable>,
  outcome: Outcome,
): Bomb => ({
  kind,
  serve: async () => {
    const server = await serve();
    return {
      asked: {
        connector,
        target: {
          config: { host: 'localhost', port: server.port, username: 'me', ...config },
          credentials: { auth_method: 'password', password: 'obviously-fake' },
          options: { ssl_mode: 'disable', query_timeout_seconds: seconds },
          role: 'source',
        },
        tlsSettings: { mode: 'disable' },
        ...more,
      },
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  },
  outcome,
});

interface Target extends Pick<ReadRequest, 'connector' | 'only'> {
  readonly config: object;
  readonly seconds?: number;
}

/** Writes the piece `times` times, or until the other side closes the connection. */
export const writeToSocketRepeatedly = (socket: Socket, piece: Buffer, times = Infinity): void => {
  let left = times;
  const more = () => {
    while (left > 0 && !socket.destroyed) {
      left -= 1;
      if (!socket.write(piece)) break;
    }
    if (left > 0 && !socket.destroyed) socket.once('drain', more);
  };
  more();
};
