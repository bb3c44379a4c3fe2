import type { Socket } from 'node:net';
import type { Dialer, Place } from '../../network/dialer.ts';
import { Problem } from '../../problem.ts';
import { within } from '../within.ts';
import { tooSlow } from './failures.ts';
import { guard } from './guard.ts';
import { logins, mechanisms } from './logins.ts';
import { apiVersions, checkHandshake, metadata, saslHandshake } from './requests.ts';
import type { Metadata, Request, Versions } from './requests.ts';

export interface Login {
  readonly mechanism: string;
  readonly username: string;
  readonly password: string;
}

/** An authenticated connection to one broker. */
export interface Broker extends Place {
  readonly versions: Versions;
  /** The cluster's members and the account's rights on the cluster, as read at login; without topics. */
  readonly cluster: Metadata;
  ask<T>(request: Request<T>): Promise<T>;
  close(): void;
}

export interface LoginOptions {
  readonly dialer: Dialer;
  readonly sasl: Login | null;
  /** The time limit of one answer, in milliseconds. */
  readonly limit: number;
  /** Whether `security_protocol` says that this listener has no TLS. */
  readonly inClear: boolean;
}

/** Logs in over a socket of the dialer, and closes that socket when the login fails. */
export const logIn = (
  socket: Socket,
  at: Place,
  { dialer, sasl, limit, inClear }: LoginOptions,
): Promise<Broker> =>
  dialer.step('authenticate', async () => {
    const login = sasl ? (mechanisms.get(sasl.mechanism) ?? logins.plain) : logins.none;
    dialer.permitLogin(login, { encrypted: 'encrypted' in socket, inClear });
    const { default: Connection } = await import('kafkajs/src/network/connection.js');
    const { open, allow, fault } = guard(socket);
    const connection = new Connection({
      ...at,
      clientId: 'mooring',
      logger: silent,
      sasl,
      // The steps have their own time limits.
      connectionTimeout: 2 ** 30,
      requestTimeout: 2 ** 30,
      enforceRequestTimeout: false,
      socketFactory: ({ onConnect }) => {
        process.nextTick(onConnect);
        return socket;
      },
    });
    const send = connection.send.bind(connection);
    connection.send = (asked) =>
      send(
        asked.request.apiKey === saslHandshake
          ? {
              ...asked,
              response: {
                ...asked.response,
                decode: async (payload) => {
                  checkHandshake(payload);
                  return asked.response.decode(payload);
                },
              },
            }
          : asked,
      );
    // No request ever waits in the driver's queue, and its timer would get a time in the past, about which Node warns.
    connection.requestQueue.scheduleCheckPendingRequests = () => {};
    socket.once('close', () => {
      connection.rejectRequests(fault() ?? ended());
      socket.destroy();
    });

    const ask = async <T>(request: Request<T>): Promise<T> => {
      allow();
      try {
        return await within({ limit, remediation: tooSlow }, () =>
          connection.send({
            request: { ...request, encode: async () => encoded(request.body) },
            response: {
              decode: async (payload) => request.read(payload),
              parse: async (answer) => answer,
            },
          }),
        );
      } catch (error) {
        throw fault() ?? error;
      }
    };

    let stage: Stage = 'greeting';
    try {
      await connection.connect();
      const versions = await ask(apiVersions);
      connection.setVersions(versions);
      connection.setSupportAuthenticationProtocol(true);
      stage = 'login';
      await connection.authenticate();
      stage = 'first question';
      const cluster = await ask(metadata([]));
      open();
      return { ...at, versions, cluster, ask, close: () => socket.destroy() };
    } catch (error) {
      const told = fault();
      socket.destroy();
      throw told ?? seenAt(error, stage, sasl !== null);
    }
  });

type Stage = 'greeting' | 'login' | 'first question';

/**
 * A listener that requires SASL answers ApiVersions, and closes the connection on any other request before a login. It has no other
 * way to report this.
 */
const seenAt = (error: unknown, stage: Stage, withSasl: boolean): unknown => {
  if (stage !== 'first question' || withSasl || !(error instanceof Error)) return error;
  if (!/^KafkaJSConnection(Closed)?Error$/.test(error.name)) return error;
  if ('code' in error && error.code !== undefined && error.code !== 'ECONNRESET') return error;
  return new Problem('authentication-failed', undefined, {
    cause: error,
    remediation:
      'This listener seems to want SASL: send sasl_username and sasl_password, with the sasl_mechanism that it takes.',
  });
};

const encoded = (body: Buffer) => ({ buf: body, buffer: body });

const ended = () =>
  Object.assign(new Error('ended by the other side'), { name: 'KafkaJSConnectionError', code: 'ECONNRESET' });

const quiet = () => {};
const silent = { namespace: () => silent, debug: quiet, info: quiet, warn: quiet, error: quiet };
