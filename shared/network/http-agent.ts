import { Agent as HttpAgent } from 'node:http';
import type { ClientRequest, ClientRequestArgs } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Problem } from '../problem.ts';
import type { Dialer } from './dialer.ts';
import { joinPieces } from './join-pieces.ts';
import type { Login } from './login.ts';

/**
 * Creates an agent that gets every socket from the dialer, for any host that a driver requests. Its users must not follow redirects, which
 * would forward credentials. Destroy it with the session, because it keeps idle sockets open.
 */
export const httpAgent = (
  dialer: Dialer,
  { keepAlive = false, ...way }: Way & { readonly keepAlive?: boolean },
): HttpAgent | HttpsAgent => {
  const { secure } = way;
  const createConnection = (options: ClientRequestArgs, callback?: Connected): undefined => {
    void handOver(dial(dialer, options, way), callback);
  };
  const agent: HttpAgent & Partial<Insides> = secure
    ? new HttpsAgent({ keepAlive })
    : new HttpAgent({ keepAlive });
  const addRequest = agent.addRequest?.bind(agent);
  return Object.assign(agent, {
    createConnection,
    addRequest: (request: ClientRequest, ...rest: readonly unknown[]) => {
      joinPieces(request);
      addRequest?.(request, ...rest);
    },
  });
};

interface Way {
  readonly secure: boolean;
  /** The login that the requests carry. */
  readonly login: Login;
}

/** A method that Node.js calls for every request and that its types omit: https://github.com/nodejs/node/blob/main/lib/_http_agent.js */
interface Insides {
  addRequest: (request: ClientRequest, ...rest: readonly unknown[]) => void;
}

type Connected = (error: Error | null, stream: Duplex) => void;

const handOver = async (dialled: Promise<Socket>, callback?: Connected): Promise<void> => {
  let socket: Socket;
  try {
    socket = await dialled;
  } catch (error) {
    // The types of Node.js require a stream beside the error; Node.js itself reads only the error.
    (callback as ((error: unknown) => void) | undefined)?.(error);
    return;
  }
  callback?.(null, socket);
};

const dial = async (
  dialer: Dialer,
  { host, port, socketPath }: ClientRequestArgs,
  { secure, login }: Way,
): Promise<Socket> => {
  if (socketPath !== undefined || typeof host !== 'string') throw new Problem('host-forbidden');
  const socket = await dialer.tcp({ host, port: Number(port ?? (secure ? 443 : 80)) });
  try {
    const secured = secure ? await encrypt(dialer, socket, host) : await dialer.tls(socket, { host }, noTls);
    dialer.permitLogin(login, { encrypted: 'encrypted' in secured });
    return secured;
  } catch (error) {
    socket.destroy();
    throw error;
  }
};

/** Refuses `ssl_mode: disable`: a token must never be sent in plaintext to a port that uses TLS. */
const encrypt = (dialer: Dialer, socket: Socket, host: string): Promise<Socket> =>
  dialer.tlsAsk.mode === 'disable'
    ? dialer.step('tls', async () => {
        throw new Problem('tls-required');
      })
    : dialer.tls(socket, { host });

/** Plain HTTP has no TLS negotiation; `ssl_mode` decides whether the connection continues without TLS. */
const noTls = async (): Promise<boolean> => false;
