import type { Socket } from 'node:net';
import { connect } from 'node:tls';

/**
 * Whether what listens there greets back in TLS, under that name of a protocol (ALPN); the socket is used up. Nothing is said but a
 * greeting, so nothing is to be verified.
 */
export const speaksTls = (socket: Socket, protocol?: string): Promise<boolean> =>
  new Promise((resolve) => {
    const secured = connect({
      socket,
      rejectUnauthorized: false,
      ...(protocol !== undefined && { ALPNProtocols: [protocol] }),
    });
    const settle = (speaks: boolean) => {
      resolve(speaks);
      secured.destroy();
      socket.destroy();
    };
    // Node says so from within OpenSSL: who destroyed the socket there and then would end the process.
    secured.once('secureConnect', () => setImmediate(settle, true));
    secured.once('close', () => settle(false));
    // Whoever refuses us by an alert speaks it.
    secured.on('error', (error: NodeJS.ErrnoException) => settle(error.code?.includes('ALERT') ?? false));
  });
