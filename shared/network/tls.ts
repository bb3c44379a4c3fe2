import type { Socket } from 'node:net';
import { isIP } from 'node:net';
import { checkServerIdentity, connect } from 'node:tls';
import type { TLSSocket } from 'node:tls';
import { Problem } from '../problem.ts';
import type { TlsAsk } from './dialer.ts';
import { nativeCode } from './failure.ts';
import { readContext } from './pem.ts';
import { canonicalHost } from './canonical-host.ts';

export interface Secured {
  readonly socket: Socket | TLSSocket;
  readonly warning?: 'tls-off' | 'tls-unverified';
  readonly facts: { readonly protocol?: string; readonly expires_at?: string };
}

/** Encrypts as `ask.mode` says, the same on every connector; `track` is handed the new socket before it says a word. */
export const secure = async (
  socket: Socket,
  {
    host,
    ask,
    negotiate,
    track,
  }: {
    host: string;
    ask: TlsAsk;
    negotiate?: ((socket: Socket) => Promise<boolean | string>) | undefined;
    track: (socket: Socket) => void;
  },
): Promise<Secured> => {
  if (ask.mode === 'disable') return { socket, warning: 'tls-off', facts: {} };
  // While the server thinks about it, the certificates are read.
  const negotiated = negotiate?.(socket);
  negotiated?.catch(() => {}); // certificates that cannot be read are told first
  const secureContext = await readContext(ask);
  const agreed = await negotiated;
  if (negotiated && !agreed) {
    if (ask.mode === 'prefer') return { socket, warning: 'tls-off', facts: {} };
    throw new Problem('tls-unsupported');
  }
  // A TLS server is silent until it was greeted: anything here was sent in clear, to be taken for an answer (CVE-2021-23222).
  if (socket.readableLength > 0) throw new Problem('protocol-mismatch');

  const name = canonicalHost(host) ?? host;
  const secured = connect({
    socket,
    secureContext,
    rejectUnauthorized: ask.mode === 'verify-ca' || ask.mode === 'verify-full',
    // By the name that was dialled: Node would go by `servername`, which an IP address must not be.
    checkServerIdentity: (_, certificate) =>
      ask.mode === 'verify-full' ? checkServerIdentity(name, certificate) : undefined,
    ...(isIP(name) === 0 && { servername: name }),
    ...(typeof agreed === 'string' && { ALPNProtocols: [agreed] }),
  });
  track(secured);
  await handshake(secured);

  const protocol = secured.getProtocol();
  const expires = secured.getPeerX509Certificate()?.validToDate;
  const facts = { ...(protocol && { protocol }), ...(expires && { expires_at: expires.toISOString() }) };
  return ask.mode === 'verify-full'
    ? { socket: secured, facts }
    : { socket: secured, warning: 'tls-unverified', facts };
};

const handshake = (socket: TLSSocket): Promise<void> =>
  new Promise((resolve, reject) => {
    // Node says so from within OpenSSL: who destroyed the socket there and then would end the process.
    socket.once('secureConnect', () => setImmediate(resolve));
    socket.once('close', () => reject(Object.assign(new Error('closed'), { code: 'ECONNRESET' })));
    // Stays, so that no late error is an uncaught one.
    socket.on('error', (error) => reject(explained(error, socket)));
  });

/** In TLS 1.2 a server says 40 both for "no cipher in common" and for "no certificate"; the latter after it has shown its own. */
const explained = (error: unknown, socket: TLSSocket): unknown => {
  const native = nativeCode(error);
  if (!native?.endsWith('ALERT_HANDSHAKE_FAILURE') || !socket.getPeerX509Certificate()) return error;
  return new Problem('client-certificate-required', undefined, { cause: error, native_code: native });
};
