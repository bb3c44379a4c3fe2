import type { Socket } from 'node:net';
import type { Connection, ConnectionOptions } from 'mysql2';
import type { Dialer } from '../../network/dialer.ts';
import type { Login } from '../../network/login.ts';
import { Problem } from '../../problem.ts';
import type { Target } from '../connector.ts';
import type { Allowance } from '../meter.ts';
import { seenAtLogin } from './failures.ts';
import { counted, flagNames, readGreeting, sslRequest, type Greeting } from './greeting.ts';
import { guard } from './guard.ts';
import { logins, readLogin } from './logins.ts';
import { settle } from './session-state.ts';

/** What the connector's schemas say. */
export interface Settings {
  readonly host: string;
  readonly port: number;
  readonly database?: string | undefined;
  readonly username: string;
}
export type MysqlTarget = Target<Settings, { readonly password?: string }>;

/** A connection that is logged in. */
export interface Link extends AsyncDisposable {
  /** One statement; its rows come as arrays, as they arrive. No row of it is kept here. */
  readonly ask: (sql: string, row?: (values: readonly unknown[]) => void) => Promise<void>;
  /** How much more the server may send; of one allowance several connections may live. */
  readonly allow: (allowance: Allowance) => void;
}

/** Marks the steps of the first connection; those after it share its steps but no limit of theirs. */
export const openLink = async (
  { config, credentials, options }: MysqlTarget,
  dialer: Dialer,
  step: Dialer['step'] = dialer.step,
): Promise<Link> => {
  await import('mysql2'); // before any step: it takes long enough for a network to seem slow
  const raw = await dialer.tcp(config);
  const greeting = await step('connect', () => readGreeting(raw));
  const socket = await dialer.tls(raw, config, async () => {
    if (greeting.tls) raw.write(sslRequest());
    return greeting.tls;
  });
  const timeoutMs = Math.round(options.query_timeout_seconds * 1000);
  return step('authenticate', async () => {
    const seen = { encrypted: 'encrypted' in socket, certificate: dialer.tlsAsk.cert !== undefined };
    try {
      const link = await logIn(socket, greeting, {
        config,
        credentials,
        encrypted: seen.encrypted,
        timeoutMs,
        dialer,
      });
      await settle(link, greeting, timeoutMs);
      return link;
    } catch (error) {
      socket.destroy();
      throw seenAtLogin(error, seen);
    }
  });
};

interface LoginOptions extends Pick<MysqlTarget, 'config' | 'credentials'> {
  readonly encrypted: boolean;
  readonly timeoutMs: number;
  readonly dialer: Dialer;
}

const logIn = async (socket: Socket, greeting: Greeting, login: LoginOptions): Promise<Link> => {
  const { createConnection } = (await import('mysql2')).default;
  const { encrypted, credentials, dialer } = login;
  const permit = (asked: Login) => {
    if (credentials.password) dialer.permitLogin(asked, { encrypted });
  };
  permit(logins.scramble); // sent unasked, with the name
  const { allow, open, beginAnswer } = guard(socket, (head, length) => {
    const asked = readLogin(head, length);
    if (asked) permit(asked);
  });
  socket.unshift(encrypted ? counted(greeting) : greeting.packet);
  const connection = createConnection(optionsOf(socket, login));
  if (encrypted) connection.sequenceId = 1; // see `counted`
  const { lost, ask } = follow(connection, socket, login.timeoutMs);
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
    [Symbol.asyncDispose]: () => close(connection, socket),
  };
};

const optionsOf = (socket: Socket, { config, credentials, encrypted }: LoginOptions): ConnectionOptions => ({
  host: config.host,
  port: config.port,
  user: config.username,
  password: credentials.password ?? '',
  ...(config.database !== undefined && { database: config.database }),
  stream: socket,
  // The driver's only other word for a channel that nobody listens to; with a stream it is never dialled.
  ...(encrypted && { socketPath: 'TLS' }),
  enableCleartextPlugin: encrypted,
  flags: flagNames(encrypted),
  connectAttributes: { program_name: 'mooring' },
  connectTimeout: 0, // the steps have limits
});

/** Makes promises of what the driver tells partly on the command, partly on the connection. */
const follow = (connection: Connection, socket: Socket, timeoutMs: number) => {
  const { promise: lost, reject } = Promise.withResolvers<never>();
  lost.catch(() => {}); // said by whoever waits
  connection.on('error', (error: unknown) => reject(translated(error)));
  // The driver would write a line to the log for every such packet.
  connection.on('warn', () => {
    throw new Problem('protocol-mismatch', 'Expected packets in their order');
  });

  const ask: Link['ask'] = async (sql, row = () => {}) => {
    let timer: NodeJS.Timeout | undefined;
    const done = new Promise<void>((resolve, fail) => {
      // The server has the same limit, and a second to say so itself.
      timer = setTimeout(() => {
        fail(new Problem('timeout', 'The server did not answer within the query timeout'));
        socket.destroy();
      }, timeoutMs + 1_000);
      connection
        .query({ sql, rowsAsArray: true })
        .on('result', row)
        .on('error', (error: unknown) => fail(translated(error)))
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

/** An end without a reason may have one that the socket was told; and what has neither number nor code, the driver could not read. */
const translated = (error: unknown): unknown => {
  if (error instanceof Problem || typeof error !== 'object' || error === null) return error;
  const code = 'code' in error ? error.code : undefined;
  if (code === 'PROTOCOL_CONNECTION_LOST') {
    return Object.assign(new Error('closed by the server', { cause: error }), { code: 'ECONNRESET' });
  }
  if (code !== undefined || 'errno' in error) return error;
  return new Problem('protocol-mismatch', undefined, { cause: error });
};

/** A server that does not hang up when it is told goodbye is left. */
const close = async (connection: Connection, socket: Socket) => {
  if (socket.destroyed) return;
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  const patience = setTimeout(() => socket.destroy(), 200);
  connection.end();
  await closed;
  clearTimeout(patience);
};
