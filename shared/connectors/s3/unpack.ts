import { constants, createGunzip, createZstdDecompress } from 'node:zlib';
import { tooLarge } from '../../network/budget.ts';

export interface Unpacked {
  readonly bytes: Buffer;
  /** How many of the packed bytes they were made of. */
  readonly from: number;
  /** Whether there is nothing more in what was given. */
  readonly whole: boolean;
}

/**
 * The first bytes of what a beginning of a packed file holds, and no more of them than `most`: a kilobyte can hold a megabyte. Throws
 * `source-too-large` for what takes more memory than that to unpack.
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
      // Zstandard has no way to say that a beginning is enough.
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
/** What every level of zstd needs but --ultra and --long: https://github.com/facebook/zstd/blob/dev/lib/compress/clevels.h */
const mostWindow = 23;

const streams = {
  gzip: () => createGunzip({ finishFlush: constants.Z_SYNC_FLUSH, chunkSize }),
  zstd: () => createZstdDecompress({ params: { [constants.ZSTD_d_windowLogMax]: mostWindow }, chunkSize }),
};
