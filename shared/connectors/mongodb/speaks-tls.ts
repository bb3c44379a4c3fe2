import type { Socket } from 'node:net';
import { connect } from 'node:tls';

/** Whether what listens there greets back in TLS; the socket is used up. Nothing is said but a greeting, so nothing is to be verified. */
export const speaksTls = (socket: Socket): Promise<boolean> =>
  new Promise((resolve) => {
    const secured = connect({ socket, rejectUnauthorized: false });
    const settle = (speaks: boolean) => {
      resolve(speaks);
      secured.destroy();
      socket.destroy();
    };
    secured.once('secureConnect', () => settle(true));
    secured.once('close', () => settle(false));
    // Whoever refuses us by an alert speaks it.
    secured.on('error', (error: NodeJS.ErrnoException) => settle(error.code?.includes('ALERT') ?? false));
  });
