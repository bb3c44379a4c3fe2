import type { Socket } from 'node:net';
import type { Dialer, HostPort } from '../../network/dialer.ts';
import { Problem } from '../../problem.ts';
import { withTimeout } from '../reading/with-timeout.ts';
import { kafkaTimeoutRemediation } from './failures.ts';
import { guardKafkaSocket } from './guard.ts';
import { kafkaLogins, scramMechanisms } from './logins.ts';
import {
  apiVersionsRequest,
  checkSaslHandshake,
  createMetadataRequest,
  SASL_HANDSHAKE_KEY,
} from './requests.ts';
import type { KafkaMetadata, KafkaRequest, KafkaApiVersions } from './requests.ts';

export interface SaslCredentials {
  readonly mechanism: string;
  readonly username: string;
  readonly password: string;
}

/** An authenticated connection to one broker. */
export interface KafkaBroker extends HostPort {
  readonly versions: KafkaApiVersions;
  /** The cluster's members and the account's rights on the cluster, as read at login; without topics. */
  readonly cluster: KafkaMetadata;
  ask<T>(request: KafkaRequest<T>): Promise<T>;
  close(): void;
}

export interface KafkaLoginOptions {
  readonly dialer: Dialer;
  readonly sasl: SaslCredentials | null;
  /** The time limit of one answer, in milliseconds. */
  readonly limit: number;
  /** Whether `security_protocol` says that this listener has no TLS. */
  readonly inClear: boolean;
}

/** Logs in over a socket of the dialer, and closes that socket when the login fails. */
export const logInToBroker = (
  socket: Socket,
  address: HostPort,
  { dialer, sasl, limit, inClear }: KafkaLoginOptions,
): Promise<KafkaBroker> =>
  dialer.step('authenticate', async () => {
    const login = sasl ? (scramMechanisms.get(sasl.mechanism) ?? kafkaLogins.plain) : kafkaLogins.none;
    dialer.permitLogin(login, { encrypted: 'encrypted' in socket, inClear });
    const { default: Connection } = await import('kafkajs/src/network/connection.js');
    const { open, allow, fault } = guardKafkaSocket(socket);
    const connection = new Connection({
      ...address,
      clientId: 'mooring',
      logger: silentKafkaLogger,
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
    connection.send = (message) =>
      send(
        message.request.apiKey === SASL_HANDSHAKE_KEY
          ? {
              ...message,
              response: {
                ...message.response,
                decode: async (payload) => {
                  checkSaslHandshake(payload);
                  return message.response.decode(payload);
                },
              },
            }
          : message,
      );
    // No request ever waits in the driver's queue, and its timer would get a time in the past, about which Node warns.
    connection.requestQueue.scheduleCheckPendingRequests = () => {};
    socket.once('close', () => {
      connection.rejectRequests(fault() ?? createKafkaResetError());
      socket.destroy();
    });

    const ask = async <T>(request: KafkaRequest<T>): Promise<T> => {
      allow();
      try {
        return await withTimeout({ limit, remediation: kafkaTimeoutRemediation }, () =>
          connection.send({
            request: { ...request, encode: async () => toKafkajsBuffers(request.body) },
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

    let phase: KafkaLoginPhase = 'greeting';
    try {
      await connection.connect();
      const versions = await ask(apiVersionsRequest);
      connection.setVersions(versions);
      connection.setSupportAuthenticationProtocol(true);
      phase = 'login';
      await connection.authenticate();
      phase = 'first request';
      const cluster = await ask(createMetadataRequest([]));
      open();
      return { ...address, versions, cluster, ask, close: () => socket.destroy() };
    } catch (error) {
      const guardFault = fault();
      socket.destroy();
      throw guardFault ?? toKafkaLoginError(error, phase, sasl !== null);
    }
  });

type KafkaLoginPhase = 'greeting' | 'login' | 'first request';

/**
 * A listener that requires SASL answers ApiVersions, and closes the connection on any other request before a login. It has no other
 * way to report this.
 */
const toKafkaLoginError = (error: unknown, phase: KafkaLoginPhase, withSasl: boolean): unknown => {
  if (phase !== 'first request' || withSasl || !(error instanceof Error)) return error;
  if (!/^KafkaJSConnection(Closed)?Error$/.test(error.name)) return error;
  if ('code' in error && error.code !== undefined && error.code !== 'ECONNRESET') return error;
  return new Problem('authentication-failed', undefined, {
    cause: error,
    remediation:
      'The listener probably requires SASL. Send sasl_username and sasl_password, with a sasl_mechanism that the listener supports.',
  });
};

const toKafkajsBuffers = (body: Buffer) => ({ buf: body, buffer: body });

const createKafkaResetError = () =>
  Object.assign(new Error('closed by the broker'), { name: 'KafkaJSConnectionError', code: 'ECONNRESET' });

const discardKafkaLog = () => {};
const silentKafkaLogger = {
  namespace: () => silentKafkaLogger,
  debug: discardKafkaLog,
  info: discardKafkaLog,
  warn: discardKafkaLog,
  error: discardKafkaLog,
};
