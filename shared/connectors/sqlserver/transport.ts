import type { Socket } from 'node:net';
import type { Dialer, HostPort } from '../../network/dialer.ts';
import { classifyNetworkError } from '../../network/classify-network-error.ts';
import { detectTls } from '../../network/tls/detect-tls.ts';
import { Problem } from '../../problem.ts';
import { guardSqlserverSocket } from './guard.ts';
import { sqlserverLogins } from './logins.ts';
import { exchangePrelogin, TDS_PACKET_BYTES, type SqlserverPrelogin } from './prelogin.ts';
import type { SqlserverTarget } from './config.ts';
import { wrapTlsInPrelogin } from './prelogin-tls.ts';

export const resolveSqlserverAddress = async (
  { host, port = 1433, instance }: SqlserverTarget['config'],
  dialer: Dialer,
): Promise<HostPort> => {
  if (instance === undefined) return { host, port };
  const { resolveInstancePort } = await import('./instance-port.ts');
  return { host, port: await resolveInstancePort(host, instance, dialer) };
};

export interface SqlserverTransport {
  readonly socket: Socket;
  readonly prelogin: SqlserverPrelogin;
  readonly allow: (bytes: number) => void;
  /** Whether TLS started before PRELOGIN (TDS 8). */
  readonly strict: boolean;
}

/**
 * Opens a socket that is ready for the login: with PRELOGIN done, and TLS as the connection requires. The driver by itself would send the
 * login in clear if the server asked for that.
 */
export const openSqlserverTransport = async (
  to: HostPort,
  dialer: Dialer,
  fedAuth: boolean,
): Promise<SqlserverTransport> => {
  const raw = await dialer.tcp(to);
  let prelogin: SqlserverPrelogin | undefined;
  let strict = false;
  const { stream, unwrap, moveTo } = wrapTlsInPrelogin(raw);
  const secured = await dialer.tls(
    stream as Socket, // TLS needs nothing of a socket that the stream lacks
    to,
    async () => {
      try {
        prelogin = await exchangePrelogin(raw, { encrypt: true, fedAuth });
        return prelogin.encrypts;
      } catch (error) {
        if (!isConnectionReset(error)) throw error;
        moveTo(await dialer.tcp(to));
        strict = true;
        return TDS_8_ALPN;
      }
    },
  );
  unwrap();
  const socket = 'encrypted' in secured ? secured : raw;
  if (!prelogin) {
    prelogin = await dialer.step('authenticate', async () => {
      const answer = await exchangePrelogin(socket, { encrypt: false, fedAuth, strict }).catch(
        async (cause: unknown) => {
          if (strict || !isConnectionReset(cause) || !(await detectTls(await dialer.tcp(to), TDS_8_ALPN)))
            throw cause;
          throw new Problem('tls-required', undefined, { cause });
        },
      );
      if (answer.encrypts && !strict) throw new Problem('tls-required');
      return answer;
    });
  }
  await dialer.step('authenticate', async () =>
    dialer.permitLogin(fedAuth ? sqlserverLogins.entra : sqlserverLogins.password, {
      encrypted: 'encrypted' in socket,
    }),
  );
  // Azure SQL closes the connection if one TLS record contains several packets of a login: https://github.com/tediousjs/tedious/issues/1182
  if ('setMaxSendFragment' in socket) socket.setMaxSendFragment(TDS_PACKET_BYTES);
  return { socket, prelogin, allow: guardSqlserverSocket(socket).allow, strict };
};

/**
 * A server that requires TDS 8 resets a connection that does not start with TLS. Other servers may reset it for other reasons, so a second
 * socket that starts with TLS finds out.
 */
const isConnectionReset = (error: unknown) => classifyNetworkError(error)?.code === 'connection-reset';

const TDS_8_ALPN = 'tds/8.0';
