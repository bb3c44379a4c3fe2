import type { Duplex } from 'node:stream';

/**
 * Reads frames from a stream one after another. `bytes` waits for this many bytes, and throws when the stream
 * ends earlier.
 */
export interface Frames {
  readonly bytes: (count: number) => Promise<Buffer>;
  /** Stops reading and returns unused bytes to the stream. */
  readonly release: () => void;
}

export const framesOf = (stream: Duplex): Frames => {
  let pending = Buffer.alloc(0);
  let ended = false;
  let wake = () => {};
  const take = (chunk: Buffer) => {
    pending = Buffer.concat([pending, chunk]);
    wake();
  };
  const end = () => {
    ended = true;
    wake();
  };
  stream.on('data', take).on('close', end).on('end', end);
  stream.resume();
  return {
    bytes: async (count) => {
      while (pending.length < count) {
        if (ended || stream.destroyed) throw new Error('closed');
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      const whole = pending.subarray(0, count);
      pending = pending.subarray(count);
      return whole;
    },
    release: () => {
      stream.pause();
      stream.off('data', take).off('close', end).off('end', end);
      if (pending.length > 0) stream.unshift(pending);
    },
  };
};

export const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};

export const int16 = (value: number): Buffer => {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
};
