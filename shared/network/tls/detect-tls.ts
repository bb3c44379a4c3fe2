import type { Socket } from 'node:net';
import { connect } from 'node:tls';

/**
 * Detects whether the peer answers a TLS handshake, optionally with an ALPN protocol name. Destroys the socket. Sends nothing but the
 * handshake, so there is no need to verify the certificate.
 */
export const detectTls = (socket: Socket, protocol?: string): Promise<boolean> =>
  new Promise((resolve) => {
    const secured = connect({
      socket,
      rejectUnauthorized: false,
      ...(protocol !== undefined && { ALPNProtocols: [protocol] }),
    });
    const finish = (speaks: boolean) => {
      resolve(speaks);
      secured.destroy();
      socket.destroy();
    };
    // Node.js emits this event inside OpenSSL: destroying the socket synchronously would crash the process.
    secured.once('secureConnect', () => setImmediate(finish, true));
    secured.once('close', () => finish(false));
    // A peer that answers with an alert supports TLS.
    secured.on('error', (error: NodeJS.ErrnoException) => finish(error.code?.includes('ALERT') ?? false));
  });
