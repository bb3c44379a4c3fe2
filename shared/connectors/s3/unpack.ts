import { constants, createGunzip, createZstdDecompress } from 'node:zlib';
import { tooLarge } from '../../network/budget.ts';

export interface Unpacked {
  readonly bytes: Buffer;
  /** Number of compressed bytes that they were made of. */
  readonly from: number;
  /** Whether the input holds nothing more. */
  readonly whole: boolean;
}

/**
 * Decompresses the beginning of a file to at most `maxBytes`: a kilobyte can hold a megabyte. Returns `undefined` for invalid data. Throws
 * `source-too-large` if the decompression needs too large a window.
 */
export const unpack = (
  packed: Buffer,
  content: 'gzip' | 'zstd',
  most: number,
): Promise<Unpacked | undefined> =>
  new Promise((resolve, reject) => {
    const stream = streams[content]();
    const bytes = Buffer.alloc(most);
    let size = 0;
    const settle = (whole: boolean) => {
      stream.destroy();
      resolve({ bytes: bytes.subarray(0, size), from: whole ? packed.length : stream.bytesWritten, whole });
    };
    stream.on('error', ({ code }: NodeJS.ErrnoException) => {
      if (code === 'ZSTD_error_frameParameter_windowTooLarge') reject(tooLarge());
      // Zstandard has no option to accept incomplete input.
      else if (code === 'Z_BUF_ERROR') settle(false);
      else resolve(undefined);
    });
    stream.on('data', (piece: Buffer) => {
      const some = piece.subarray(0, most - size);
      bytes.set(some, size);
      size += some.length;
      if (some.length < piece.length) settle(false);
    });
    stream.on('end', () => settle(true));
    stream.end(packed);
  });

const chunkSize = 2 ** 16;
/** Enough for every level of zstd except --ultra and --long: https://github.com/facebook/zstd/blob/dev/lib/compress/clevels.h */
const mostWindow = 23;

const streams = {
  gzip: () => createGunzip({ finishFlush: constants.Z_SYNC_FLUSH, chunkSize }),
  zstd: () => createZstdDecompress({ params: { [constants.ZSTD_d_windowLogMax]: mostWindow }, chunkSize }),
};
