import type { Socket } from 'node:net';

/** How a source differs. */
interface Ways {
  /** What the socket ends with, for what was thrown. */
  readonly errorFor?: (thrown: unknown) => Error;
  /** Milliseconds. By so much later does the driver hear that the server hung up. */
  readonly patience?: number;
}

/**
 * Shows data to `see` before the driver has it, and turns what either throws into the socket's error. Without it such a throw would end the
 * process: it happens in an event.
 */
export const tap = (
  socket: Socket,
  see: (chunk: Buffer) => void,
  { errorFor = errorOf, patience }: Ways = {},
): void => {
  const emit = socket.emit.bind(socket);
  socket.emit = (event: string | symbol, ...values: unknown[]) => {
    if (event === 'end' && patience !== undefined) {
      setTimeout(() => emit(event), patience);
      return true;
    }
    if (event !== 'data' || !Buffer.isBuffer(values[0])) return emit(event, ...values);
    try {
      see(values[0]);
      return emit(event, ...values);
    } catch (error) {
      socket.destroy(errorFor(error));
      return true;
    }
  };
};

const errorOf = (thrown: unknown): Error =>
  thrown instanceof Error ? thrown : new Error('a driver threw no error');
