import { Agent as HttpAgent } from 'node:http';
import type { ClientRequest, ClientRequestArgs } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Problem } from '../../problem.ts';
import type { Dialer, HostPort } from '../dialer.ts';
import { joinBodyChunks } from './join-body-chunks.ts';
import type { LoginMethod } from '../login-methods.ts';
import { readFirstBytes } from '../read-first-bytes.ts';

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
  const agent: HttpAgent & Partial<AgentInternals> =
    secure === true ? new HttpsAgent({ keepAlive }) : new HttpAgent({ keepAlive });
  const addRequest = agent.addRequest?.bind(agent);
  return Object.assign(agent, {
    createConnection,
    addRequest: (request: ClientRequest, ...rest: readonly unknown[]) => {
      joinBodyChunks(request);
      addRequest?.(request, ...rest);
    },
  });
};

/** Whether requests use TLS: always, never, or as `ssl_mode` says, for sources whose port may be either. */
export type HttpSecurity = boolean | 'by-ssl-mode';

interface HttpAgentOptions {
  readonly secure: HttpSecurity;
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
  const to = { host, port: Number(port ?? (secure === true ? 443 : 80)) };
  const socket = await dialer.tcp(to);
  try {
    const secured = await secureHttpSocket(dialer, socket, to, secure);
    dialer.permitLogin(login, { encrypted: 'encrypted' in secured });
    return secured;
  } catch (error) {
    socket.destroy();
    throw error;
  }
};

const secureHttpSocket = (
  dialer: Dialer,
  socket: Socket,
  to: HostPort,
  secure: HttpSecurity,
): Promise<Socket> => {
  if (secure === 'by-ssl-mode') return dialer.tls(socket, to, undefined, () => detectPlainHttp(dialer, to));
  return secure ? upgradeToTls(dialer, socket, to) : dialer.tls(socket, to, declineTls);
};

/** Refuses `ssl_mode: disable`: a token must never be sent in plaintext to a port that uses TLS. */
const upgradeToTls = (dialer: Dialer, socket: Socket, to: HostPort): Promise<Socket> =>
  dialer.tlsSettings.mode === 'disable'
    ? dialer.step('tls', async () => {
        throw new Problem('tls-required');
      })
    : dialer.tls(socket, to);

/** Plain HTTP has no TLS negotiation; `ssl_mode` decides whether the connection continues without TLS. */
const declineTls = async (): Promise<boolean> => false;

/** Returns a new socket to a server that answers HTTP without TLS; throws if it does not. */
const detectPlainHttp = async (dialer: Dialer, to: HostPort): Promise<Socket> => {
  const socket = await dialer.tcp(to);
  try {
    socket.write('OPTIONS * HTTP/1.1\r\nhost: mooring\r\nconnection: close\r\n\r\n');
    const start = await readFirstBytes(socket, (bytes) => (bytes.length < 5 ? undefined : bytes));
    if (start.toString('latin1', 0, 5) !== 'HTTP/') throw new Problem('protocol-mismatch', 'Expected HTTP');
  } finally {
    socket.destroy();
  }
  return dialer.tcp(to);
};
