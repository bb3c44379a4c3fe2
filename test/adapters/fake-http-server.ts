import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';

/** Starts a local server that returns given answers, for cases that the real server cannot be made to produce. */
export const startFakeHttpServer = async (listener: RequestListener) => {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('A server on a port was expected');
  return {
    url: `http://127.0.0.1:${address.port}`,
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
};
