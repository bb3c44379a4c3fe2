import { Agent as HttpAgent } from 'node:http';
import type { ClientRequest, ClientRequestArgs } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Problem } from '../../problem.ts';
import type { Dialer } from '../dialer.ts';
import { joinBodyChunks } from './join-body-chunks.ts';
import type { LoginMethod } from '../login-methods.ts';

/**
 * Creates an agent that gets every socket from the dialer, for any host that a driver requests. Its users must not follow redirects, which
 * would forward credentials. Destroy it with the session, because it keeps idle sockets open.
 */
export const createHttpAgent = (
  dialer: Dialer,
  { keepAlive = false, ...agentOptions }: HttpAgentOptions & { readonly keepAlive?: boolean },
): HttpAgent | HttpsAgent => {
  const { secure } = agentOptions;
  const createConnection = (options: ClientRequestArgs, callback?: ConnectCallback): undefined => {
    void passSocket(dialHttp(dialer, options, agentOptions), callback);
  };
  const agent: HttpAgent & Partial<AgentInternals> = secure
    ? new HttpsAgent({ keepAlive })
    : new HttpAgent({ keepAlive });
  const addRequest = agent.addRequest?.bind(agent);
  return Object.assign(agent, {
    createConnection,
    addRequest: (request: ClientRequest, ...rest: readonly unknown[]) => {
      joinBodyChunks(request);
      addRequest?.(request, ...rest);
    },
  });
};

interface HttpAgentOptions {
  readonly secure: boolean;
  /** The login that the requests carry. */
  readonly login: LoginMethod;
}

/** A method that Node.js calls for every request and that its types omit: https://github.com/nodejs/node/blob/main/lib/_http_agent.js */
interface AgentInternals {
  addRequest: (request: ClientRequest, ...rest: readonly unknown[]) => void;
}

type ConnectCallback = (error: Error | null, stream: Duplex) => void;

const passSocket = async (pending: Promise<Socket>, callback?: ConnectCallback): Promise<void> => {
  let socket: Socket;
  try {
    socket = await pending;
  } catch (error) {
    // The types of Node.js require a stream beside the error; Node.js itself reads only the error.
    (callback as ((error: unknown) => void) | undefined)?.(error);
    return;
  }
  callback?.(null, socket);
};

const dialHttp = async (
  dialer: Dialer,
  { host, port, socketPath }: ClientRequestArgs,
  { secure, login }: HttpAgentOptions,
): Promise<Socket> => {
  if (socketPath !== undefined || typeof host !== 'string') throw new Problem('host-forbidden');
  const socket = await dialer.tcp({ host, port: Number(port ?? (secure ? 443 : 80)) });
  try {
    const secured = secure
      ? await upgradeToTls(dialer, socket, host)
      : await dialer.tls(socket, { host }, declineTls);
    dialer.permitLogin(login, { encrypted: 'encrypted' in secured });
    return secured;
  } catch (error) {
    socket.destroy();
    throw error;
  }
};

/** Refuses `ssl_mode: disable`: a token must never be sent in plaintext to a port that uses TLS. */
const upgradeToTls = (dialer: Dialer, socket: Socket, host: string): Promise<Socket> =>
  dialer.tlsSettings.mode === 'disable'
    ? dialer.step('tls', async () => {
        throw new Problem('tls-required');
      })
    : dialer.tls(socket, { host });

/** Plain HTTP has no TLS negotiation; `ssl_mode` decides whether the connection continues without TLS. */
const declineTls = async (): Promise<boolean> => false;
