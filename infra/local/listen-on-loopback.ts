import { once } from 'node:events';
import type { Server } from 'node:http';

/** Listens on 127.0.0.1 and, if IPv6 is available, on the same port of ::1, because `localhost` may resolve to either. */
export const listenOnLoopback = async (create: () => Server, wanted: number): Promise<readonly Server[]> => {
  const first = await listenOn(create(), '127.0.0.1', wanted);
  const address = first.address();
  const port = typeof address === 'object' && address ? address.port : wanted;
  try {
    return [first, await listenOn(create(), '::1', port)];
  } catch (error) {
    if (noIpv6Codes.has(readErrorCode(error))) return [first];
    first.close();
    throw error;
  }
};

const listenOn = async (server: Server, host: string, port: number) => {
  try {
    server.listen({ host, port, exclusive: true });
    await once(server, 'listening');
    return server;
  } catch (error) {
    throw listenErrorsByCode[readErrorCode(error)]?.(port) ?? error;
  }
};

const listenErrorsByCode: Readonly<Record<string, (port: number) => Error>> = {
  EADDRINUSE: (port) =>
    new Error(
      `The port ${port} is taken: stop the process that listens there, or choose another port with PORT=…`,
    ),
  EACCES: (port) => new Error(`The port ${port} is not for this account: choose one above 1023 with PORT=…`),
};

/** A machine without IPv6. */
const noIpv6Codes = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EINVAL']);

const readErrorCode = (error: unknown) =>
  typeof error === 'object' && error && 'code' in error ? String(error.code) : '';
