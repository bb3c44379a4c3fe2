import type { ClientRequest, IncomingMessage } from 'node:http';
import { Problem } from '../../problem.ts';
import { readNativeCode } from '../classify-network-error.ts';

/**
 * Sends a request and returns its response. A server may close an idle socket just as it is reused: the request, which it has most
 * likely not read, is then sent again. Use it only for requests that may be repeated. Throws the problem that aborted the signal, if one did.
 */
export const sendOverLiveSocket = async (
  send: () => ClientRequest,
  signal: AbortSignal,
): Promise<IncomingMessage> => {
  for (;;) {
    const sent = send();
    try {
      return await new Promise<IncomingMessage>((resolve, reject) => {
        sent.once('response', resolve);
        sent.on('error', reject); // stays, so that a late error is not an uncaught one
        // An answer that switches to another protocol ends without either event.
        sent.once('close', () => reject(Object.assign(new Error('closed'), { code: 'ECONNRESET' })));
      });
    } catch (error) {
      if (signal.aborted && signal.reason instanceof Problem) throw signal.reason;
      if (!sent.reusedSocket || readNativeCode(error) !== 'ECONNRESET') throw error;
    }
  }
};
