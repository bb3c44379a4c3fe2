import type { Socket } from 'node:net';

/**
 * Reads the first bytes of a peer until `parse` returns a value for all bytes received so far; an error that `parse` throws rejects. The
 * socket is then paused, so that the next reader gets the bytes that follow.
 */
export const readFirstBytes = <T>(socket: Socket, parse: (received: Buffer) => T | undefined): Promise<T> =>
  new Promise((resolve, reject) => {
    let received = Buffer.alloc(0);
    const cleanUp = () => {
      socket.pause();
      socket.off('data', onData).off('end', onEnd).off('close', onEnd).off('error', fail);
    };
    const fail = (error: unknown) => {
      cleanUp();
      reject(error);
    };
    const onEnd = () => fail(Object.assign(new Error('closed before an answer'), { code: 'ECONNRESET' }));
    const onData = (bytes: Buffer) => {
      received = Buffer.concat([received, bytes]);
      try {
        const parsed = parse(received);
        if (parsed === undefined) return;
        cleanUp();
        resolve(parsed);
      } catch (error) {
        fail(error);
      }
    };
    socket.on('data', onData).on('end', onEnd).on('close', onEnd).on('error', fail);
    socket.resume();
  });
