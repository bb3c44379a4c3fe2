import type { Socket } from 'node:net';

/**
 * Reads the first bytes of a peer until `parse` returns a value for all bytes received so far; an error that `parse` throws rejects. The
 * socket is then paused, so that the next reader gets the bytes that follow.
 */
export const hearFirst = <T>(socket: Socket, take: (heard: Buffer) => T | undefined): Promise<T> =>
  new Promise((resolve, reject) => {
    let heard = Buffer.alloc(0);
    const settle = () => {
      socket.pause();
      socket.off('data', onData).off('end', onEnd).off('close', onEnd).off('error', fail);
    };
    const fail = (error: unknown) => {
      settle();
      reject(error);
    };
    const onEnd = () => fail(Object.assign(new Error('closed before an answer'), { code: 'ECONNRESET' }));
    const onData = (bytes: Buffer) => {
      heard = Buffer.concat([heard, bytes]);
      try {
        const taken = take(heard);
        if (taken === undefined) return;
        settle();
        resolve(taken);
      } catch (error) {
        fail(error);
      }
    };
    socket.on('data', onData).on('end', onEnd).on('close', onEnd).on('error', fail);
    socket.resume();
  });
