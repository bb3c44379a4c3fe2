import type { Socket } from 'node:net';
import { isIP } from 'node:net';
import { checkServerIdentity, connect } from 'node:tls';
import type { TLSSocket } from 'node:tls';
import { Problem } from '../../problem.ts';
import type { TlsSettings } from '../dialer.ts';
import { readNativeCode } from '../classify-network-error.ts';
import { createTlsContext } from './create-tls-context.ts';
import { toCanonicalHost } from '../to-canonical-host.ts';

export interface SecuredSocket {
  readonly socket: Socket | TLSSocket;
  readonly warning?: 'tls-off' | 'tls-unverified';
  readonly facts: { readonly protocol?: string; readonly expires_at?: string };
}

/** Upgrades the socket as `ask.mode` demands. `track` receives the new socket before any data is sent on it. */
export const secureSocket = async (
  socket: Socket,
  {
    host,
    ask,
    negotiate,
    track,
  }: {
    host: string;
    ask: TlsSettings;
    negotiate?: ((socket: Socket) => Promise<boolean | string>) | undefined;
    track: (socket: Socket) => void;
  },
): Promise<SecuredSocket> => {
  if (ask.mode === 'disable') return { socket, warning: 'tls-off', facts: {} };
  // Certificates are parsed while the server answers the negotiation.
  const negotiated = negotiate?.(socket);
  negotiated?.catch(() => {}); // an unreadable certificate is reported first
  const secureContext = await createTlsContext(ask);
  const agreed = await negotiated;
  if (negotiated && !agreed) {
    if (ask.mode === 'prefer') return { socket, warning: 'tls-off', facts: {} };
    throw new Problem('tls-unsupported');
  }
  // A TLS server sends nothing before the ClientHello. Bytes received before it are injected plaintext (CVE-2021-23222).
  if (socket.readableLength > 0) throw new Problem('protocol-mismatch');

  const name = toCanonicalHost(host) ?? host;
  const secured = connect({
    socket,
    secureContext,
    rejectUnauthorized: ask.mode === 'verify-ca' || ask.mode === 'verify-full',
    // Checks the dialed name: Node.js would check `servername`, which must not be an IP address.
    checkServerIdentity: (_, certificate) =>
      ask.mode === 'verify-full' ? checkServerIdentity(name, certificate) : undefined,
    ...(isIP(name) === 0 && { servername: name }),
    ...(typeof agreed === 'string' && { ALPNProtocols: [agreed] }),
  });
  track(secured);
  await waitForHandshake(secured);

  const protocol = secured.getProtocol();
  const expires = secured.getPeerX509Certificate()?.validToDate;
  const facts = { ...(protocol && { protocol }), ...(expires && { expires_at: expires.toISOString() }) };
  return ask.mode === 'verify-full'
    ? { socket: secured, facts }
    : { socket: secured, warning: 'tls-unverified', facts };
};

const waitForHandshake = (socket: TLSSocket): Promise<void> =>
  new Promise((resolve, reject) => {
    // Node.js emits this event inside OpenSSL: destroying the socket synchronously would crash the process.
    socket.once('secureConnect', () => setImmediate(resolve));
    socket.once('close', () => reject(Object.assign(new Error('closed'), { code: 'ECONNRESET' })));
    // The listener stays: without it a later error would be uncaught.
    socket.on('error', (error) => reject(explainHandshakeError(error, socket)));
  });

/** In TLS 1.2, alert 40 means "no common cipher" or "no client certificate". It is the latter if the server has already sent its own. */
const explainHandshakeError = (error: unknown, socket: TLSSocket): unknown => {
  const native = readNativeCode(error);
  if (!native?.endsWith('ALERT_HANDSHAKE_FAILURE') || !socket.getPeerX509Certificate()) return error;
  return new Problem('client-certificate-required', undefined, { cause: error, native_code: native });
};
