import type { Socket } from 'node:net';

interface InterceptOptions {
  /** Converts a thrown value into the error of the socket. */
  readonly errorFor?: (thrown: unknown) => Error;
  /** Milliseconds by which the `end` event reaches the driver later. */
  readonly endDelayMs?: number;
}

/**
 * Passes data to `inspect` before the driver receives it, and destroys the socket with the error if either of them throws. Without this, such
 * an error would crash the process, because it is thrown in an event handler.
 */
export const interceptSocketData = (
  socket: Socket,
  inspect: (chunk: Buffer) => void,
  { errorFor = toSocketError, endDelayMs }: InterceptOptions = {},
): void => {
  const emit = socket.emit.bind(socket);
  socket.emit = (event: string | symbol, ...values: unknown[]) => {
    if (event === 'end' && endDelayMs !== undefined) {
      setTimeout(() => emit(event), endDelayMs);
      return true;
    }
    if (event !== 'data' || !Buffer.isBuffer(values[0])) return emit(event, ...values);
    try {
      inspect(values[0]);
      return emit(event, ...values);
    } catch (error) {
      socket.destroy(errorFor(error));
      return true;
    }
  };
};

const toSocketError = (thrown: unknown): Error =>
  thrown instanceof Error ? thrown : new Error('the driver threw a value that is not an error');
