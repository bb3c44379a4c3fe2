import type { Socket } from 'node:net';
import type { Connection, ConnectionOptions } from 'mysql2';
import type { Dialer } from '../../network/dialer.ts';
import type { LoginMethod } from '../../network/login-methods.ts';
import { Problem } from '../../problem.ts';
import { attachMysqlLoginState } from './failures.ts';
import {
  renumberMysqlGreeting,
  listMysqlDriverFlags,
  readMysqlGreeting,
  encodeMysqlSslRequest,
  type MysqlGreeting,
} from './greeting.ts';
import { guardMysqlSocket } from './guard.ts';
import { mysqlLogins, parseMysqlLogin } from './logins.ts';
import { applyMysqlSettings } from './session-state.ts';
import type { MysqlTarget } from './config.ts';
import type { MysqlClient } from './client.ts';

/** Records steps for the first connection. For further ones, pass a `step` that only runs its work: it records nothing and has no limit. */
export const openMysqlClient = async (
  { config, credentials, options }: MysqlTarget,
  dialer: Dialer,
  step: Dialer['step'] = dialer.step,
): Promise<MysqlClient> => {
  await import('mysql2'); // before the first step, whose duration must not include the load time
  const raw = await dialer.tcp(config);
  const greeting = await step('connect', () => readMysqlGreeting(raw));
  const socket = await dialer.tls(raw, config, async () => {
    if (greeting.tls) raw.write(encodeMysqlSslRequest());
    return greeting.tls;
  });
  const timeoutMs = Math.round(options.query_timeout_seconds * 1000);
  return step('authenticate', async () => {
    const loginState = {
      encrypted: 'encrypted' in socket,
      certificate: dialer.tlsSettings.cert !== undefined,
    };
    try {
      const client = await logInToMysql(socket, greeting, {
        config,
        credentials,
        encrypted: loginState.encrypted,
        timeoutMs,
        dialer,
      });
      await applyMysqlSettings(client, greeting, timeoutMs);
      return client;
    } catch (error) {
      socket.destroy();
      throw attachMysqlLoginState(error, loginState);
    }
  });
};

interface MysqlLoginOptions extends Pick<MysqlTarget, 'config' | 'credentials'> {
  readonly encrypted: boolean;
  readonly timeoutMs: number;
  readonly dialer: Dialer;
}

const logInToMysql = async (
  socket: Socket,
  greeting: MysqlGreeting,
  login: MysqlLoginOptions,
): Promise<MysqlClient> => {
  const { createConnection } = (await import('mysql2')).default;
  const { encrypted, credentials, dialer } = login;
  const permitLogin = (requestedLogin: LoginMethod) => {
    if (credentials.password) dialer.permitLogin(requestedLogin, { encrypted });
  };
  permitLogin(mysqlLogins.scramble); // sent with the user name, before the server asks for it
  const { allow, open, beginAnswer } = guardMysqlSocket(socket, (head, length) => {
    const requestedLogin = parseMysqlLogin(head, length);
    if (requestedLogin) permitLogin(requestedLogin);
  });
  socket.unshift(encrypted ? renumberMysqlGreeting(greeting) : greeting.packet);
  const connection = createConnection(toMysqlDriverOptions(socket, login));
  if (encrypted) connection.sequenceId = 1; // see `renumberMysqlGreeting`
  const { lost, ask } = promisifyMysqlConnection(connection, socket, login.timeoutMs);
  socket.resume();
  await new Promise<void>((resolve, reject) => {
    connection.once('connect', () => resolve());
    lost.catch(reject);
  });
  open();
  return {
    ask: (sql, row) => {
      beginAnswer();
      return ask(sql, row);
    },
    allow,
    [Symbol.asyncDispose]: () => closeMysqlConnection(connection, socket),
  };
};

const toMysqlDriverOptions = (
  socket: Socket,
  { config, credentials, encrypted }: MysqlLoginOptions,
): ConnectionOptions => ({
  host: config.host,
  port: config.port,
  user: config.username,
  password: credentials.password ?? '',
  ...(config.database !== undefined && { database: config.database }),
  stream: socket,
  // The only setting that makes the driver treat the stream as secure. It never dials this path when it has a stream.
  ...(encrypted && { socketPath: 'TLS' }),
  enableCleartextPlugin: encrypted,
  flags: listMysqlDriverFlags(encrypted),
  connectAttributes: { program_name: 'mooring' },
  connectTimeout: 0, // the steps have limits
});

/** Turns the driver's events into promises. It emits errors on the command and on the connection. */
const promisifyMysqlConnection = (connection: Connection, socket: Socket, timeoutMs: number) => {
  const { promise: lost, reject } = Promise.withResolvers<never>();
  lost.catch(() => {}); // reported by the query or login that awaits it
  connection.on('error', (error: unknown) => reject(normalizeMysqlDriverError(error)));
  // The driver would otherwise log a line for each packet out of order.
  connection.on('warn', () => {
    throw new Problem('protocol-mismatch', 'Expected packets in sequence');
  });

  const ask: MysqlClient['ask'] = async (sql, row = () => {}) => {
    let timer: NodeJS.Timeout | undefined;
    const done = new Promise<void>((resolve, rejectQuery) => {
      // The server has the same limit, and gets one more second to report it.
      timer = setTimeout(() => {
        rejectQuery(new Problem('timeout', 'The server did not answer within the query timeout'));
        socket.destroy();
      }, timeoutMs + 1_000);
      connection
        .query({ sql, rowsAsArray: true })
        .on('result', row)
        .on('error', (error: unknown) => rejectQuery(normalizeMysqlDriverError(error)))
        .on('end', () => resolve());
    });
    try {
      await Promise.race([done, lost]);
    } finally {
      clearTimeout(timer);
    }
  };
  return { lost, ask };
};

/**
 * Turns the driver's error for a closed connection into ECONNRESET and keeps it as the cause, which may hold the socket's own error. An error
 * with neither number nor code means that the driver could not parse a packet.
 */
const normalizeMysqlDriverError = (error: unknown): unknown => {
  if (error instanceof Problem || typeof error !== 'object' || error === null) return error;
  const code = 'code' in error ? error.code : undefined;
  if (code === 'PROTOCOL_CONNECTION_LOST') {
    return Object.assign(new Error('closed by the server', { cause: error }), { code: 'ECONNRESET' });
  }
  if (code !== undefined || 'errno' in error) return error;
  return new Problem('protocol-mismatch', undefined, { cause: error });
};

/** Destroys the socket if the server does not close it soon after COM_QUIT. */
const closeMysqlConnection = async (connection: Connection, socket: Socket) => {
  if (socket.destroyed) return;
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  const timer = setTimeout(() => socket.destroy(), 200);
  connection.end();
  await closed;
  clearTimeout(timer);
};
